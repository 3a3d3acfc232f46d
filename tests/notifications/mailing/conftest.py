"""The hub with a mail server."""

import pytest

from notifications.mailing import send as mailing
from notifications.models import Category
from tests.notifications.mailing.server import Server


@pytest.fixture
def mail_server(settings):
    """A real one, and the settings that lead to it."""
    server = Server()
    server.start()
    settings.MAIL_HOST = "127.0.0.1"
    settings.MAIL_FROM = "Hub <hub@corp.example>"
    settings.HUB_PUBLIC_URL = "https://hub.corp.example"
    settings.MAIL_PER_MINUTE = 1_000_000
    settings.MAILERS = {"default": {"OPTIONS": {
        "host": "127.0.0.1", "port": server.port, "timeout": 5,
    }}}  # fmt: skip
    mailing.gateway.cache_clear()
    yield server
    server.stop()
    mailing.gateway.cache_clear()


@pytest.fixture
def box(mail_server):
    return mail_server.box


@pytest.fixture
def optional(approval):
    Category.objects.filter(pk=approval.pk).update(essential=False)
    return approval
