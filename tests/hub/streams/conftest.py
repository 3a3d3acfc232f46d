"""The story's cast, for the streams."""

from tests.notifications.conftest import accept, approval, caller, make_request

__all__ = ["accept", "approval", "caller", "make_request"]
