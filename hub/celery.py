"""Celery is only a bell: its messages carry ids, and all of them may be lost."""

import os
from typing import Any

from celery import Celery
from kombu.transport.redis import Channel
from redis.exceptions import ConnectionError as Gone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hub", "accounts", "notifications", "selfserve"])

_channel: Any = Channel
_parameters = _channel._connparams


def _parameters_of_what_is_there(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What a channel connects with. Raises Gone where its connection was forgotten meanwhile.

    Redis lost while a message is unacknowledged, kombu acknowledges or restores it over a channel
    that has no connection any more. Its AttributeError ends the whole worker; an error of the
    connection is waited out, and what it was about is only a bell.
    """
    if self.connection is None or self.connection.client is None:
        raise Gone("The channel is closed.")
    found: dict[str, Any] = _parameters(self, *args, **kwargs)
    return found


_channel._connparams = _parameters_of_what_is_there
