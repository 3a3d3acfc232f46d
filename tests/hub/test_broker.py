"""One address of the broker, two dialects."""

from types import SimpleNamespace

import pytest
from kombu.transport.redis import Channel

from hub.celery import app
from hub.lib import broker


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://cache.example:6379/3", "redis://cache.example:6379/3"),
        ("rediss://u:p@cache.example/0?x=1", "rediss://u:p@cache.example/0?x=1"),
        ("unix:///run/v.sock?db=0", "redis+socket:///run/v.sock?virtual_host=0"),
        ("unix:///run/v.sock?db=7", "redis+socket:///run/v.sock?virtual_host=7"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
    ],
)
def test_only_the_address_of_a_unix_socket_is_spelt_differently(
    redis_url: str, expected: str
) -> None:
    assert broker.celery_url(redis_url) == expected


@pytest.mark.parametrize("gone", ["channel", "client"])
def test_a_channel_whose_connection_is_forgotten_fails_like_a_lost_connection(gone):
    """By any other error the whole worker would end: see hub.celery."""
    connection = app.connection_for_read()
    channel = object.__new__(Channel)
    channel.connection = None if gone == "channel" else SimpleNamespace(client=None)
    with pytest.raises(connection.connection_errors):
        channel._connparams()
