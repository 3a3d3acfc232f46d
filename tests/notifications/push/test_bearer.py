"""The access token: fetched once, renewed in time, and never waited for again and again."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from notifications.push import bearer, replies

HOUR = timedelta(hours=1)


class Endpoint:
    """A token endpoint that hands out t1, t2, … of a given life, or fails while told to."""

    def __init__(self, life: timedelta = HOUR) -> None:
        self.life = life
        self.asked = 0
        self.failure: bearer.CredentialsError | None = None

    def fetch(self, deadline: float) -> bearer.Grant:
        self.asked += 1
        assert deadline <= time.monotonic() + bearer.FETCH_TIMEOUT.total_seconds()
        if self.failure:
            raise self.failure
        return bearer.Grant(f"t{self.asked}", self.life)


def soon() -> float:
    return time.monotonic() + 20


def failing() -> bearer.CredentialsError:
    return bearer.CredentialsError(replies.later("credentials_unavailable"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the monotonic clock forward."""
    real, ahead = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead[0])

    def move(by: timedelta) -> None:
        ahead[0] += by.total_seconds()

    return move


def test_one_token_serves_until_five_minutes_before_its_end(
    later: Callable[[timedelta], None],
) -> None:
    endpoint = Endpoint()
    kept = bearer.Bearer(endpoint.fetch)
    assert [kept.token(deadline=soon()) for _ in range(3)] == ["t1"] * 3
    later(timedelta(minutes=54))
    assert kept.token(deadline=soon()) == "t1"
    later(timedelta(minutes=2))
    assert kept.token(deadline=soon()) == "t2"
    assert endpoint.asked == 2


def test_a_short_lived_token_is_still_kept_for_most_of_its_life(
    later: Callable[[timedelta], None],
) -> None:
    endpoint = Endpoint(timedelta(seconds=60))
    kept = bearer.Bearer(endpoint.fetch)
    kept.token(deadline=soon())
    later(timedelta(seconds=40))
    assert kept.token(deadline=soon()) == "t1"


def test_a_spurned_token_is_replaced_at_once() -> None:
    kept = bearer.Bearer(Endpoint().fetch)
    assert kept.token(deadline=soon()) == "t1"
    assert kept.token(deadline=soon(), spurned="t1") == "t2"
    # Another thread that was refused with the old one finds the new one, and asks nobody.
    assert kept.token(deadline=soon(), spurned="t1") == "t2"


def test_a_token_in_its_last_minutes_is_used_while_the_endpoint_is_down(
    later: Callable[[timedelta], None],
) -> None:
    endpoint = Endpoint()
    kept = bearer.Bearer(endpoint.fetch)
    kept.token(deadline=soon())
    endpoint.failure = failing()
    later(timedelta(minutes=57))
    assert kept.token(deadline=soon()) == "t1"
    later(timedelta(minutes=4))
    with pytest.raises(bearer.CredentialsError):
        kept.token(deadline=soon())


def test_a_dead_endpoint_is_asked_once_in_five_seconds(
    later: Callable[[timedelta], None],
) -> None:
    endpoint = Endpoint()
    endpoint.failure = failing()
    kept = bearer.Bearer(endpoint.fetch)
    for _ in range(10):
        with pytest.raises(bearer.CredentialsError):
            kept.token(deadline=soon())
    assert endpoint.asked == 1
    endpoint.failure = None
    later(timedelta(seconds=6))
    assert kept.token(deadline=soon()) == "t2"


def test_the_token_does_not_show_in_a_repr() -> None:
    assert "ya29" not in repr(bearer.Grant("ya29.secret", HOUR))
