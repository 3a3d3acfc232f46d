"""The endpoint's fixtures of the callbacks, for receivers in JavaScript."""

from tests.notifications.callbacks.conftest import emit, tell
from tests.notifications.conftest import approval, make_request

__all__ = ["approval", "emit", "make_request", "tell"]
