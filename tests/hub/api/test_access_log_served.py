"""The access log as the real server writes it: whose address it is, and what an end leaves."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.models import Access
from tests.hub.api.server import serving, talk
from tests.hub.api.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def ask(port: int, token: str, *forwarded: bytes) -> bytes:
    headers = b"".join(b"X-Forwarded-For: " + one + b"\r\n" for one in forwarded)
    return talk(
        port,
        b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers
        + b"Authorization: Bearer " + token.encode() + b"\r\n\r\n",
    )  # fmt: skip


def test_a_served_hub_writes_what_it_counted_as_it_stops_and_believes_its_proxy_only(
    world: World, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LOG_FLUSH_SECONDS", "300")
    monkeypatch.setenv("HUB_TRUSTED_PROXIES", "127.0.0.1")
    token = world.tokens["owner"]
    assert token is not None
    with serving(tmp_path) as port:
        for _ in range(3):
            assert b" 200 " in ask(port, token)[:20]
        # A client's own header stands before what the proxy adds, as a line of its own or in one.
        ask(port, token, b"203.0.113.66", b"198.51.100.1")
        ask(port, token, b"203.0.113.66, 198.51.100.1")
    rows = Access.objects.filter(device_id=world.device_id)
    assert {row.address: row.requests for row in rows} == {"127.0.0.1": 3, "198.51.100.1": 2}
