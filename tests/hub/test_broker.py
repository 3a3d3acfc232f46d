"""One address of the broker, two dialects."""

import pytest

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
