"""The access token under which pushes are sent: fetched by deadline, kept, renewed in time."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hub.lib import logging
from notifications.push import replies, transport
from notifications.push.gateway import Outcome

log = logging.get(__name__)

FETCH_TIMEOUT = timedelta(seconds=5)
RENEW_BEFORE = timedelta(minutes=5)
FAILURE_KEPT = timedelta(seconds=5)  # so that not every batch waits for a dead token endpoint


class CredentialsError(Exception):
    """There is no access token; `outcome` is what that means for every push."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token and how long it will be honoured from now on."""

    token: str = field(repr=False)
    life: timedelta


class Bearer:
    """The token of one account. `fetch(deadline)` gets a Grant or raises CredentialsError."""

    def __init__(self, fetch: Callable[[float], Grant]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = self._ends_at = 0.0  # time.monotonic, which no clock change moves
        self._failure: CredentialsError | None = None
        self._failure_until = 0.0

    def token(self, *, deadline: float, spurned: str = "") -> str:
        """A token that is not `spurned`, by `deadline` (of `time.monotonic`).

        Raises CredentialsError: `later` where the endpoint cannot be reached or makes no sense,
        `ours` with `stop_lane` where it refuses the credentials.
        """
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise CredentialsError(replies.later("credentials_unavailable"))
        try:
            now = time.monotonic()
            usable = self._token != spurned
            if usable and now < self._renew_at:
                return self._token
            try:
                self._renew(now, deadline)
            except CredentialsError:
                if not usable or now >= self._ends_at:
                    raise  # otherwise we are in the margin: the next call tries again
            return self._token
        finally:
            self._lock.release()

    def _renew(self, now: float, deadline: float) -> None:
        if self._failure and now < self._failure_until:
            raise self._failure
        try:
            grant = self._fetch(min(deadline, now + FETCH_TIMEOUT.total_seconds()))
        except CredentialsError as error:
            self._failure = error
            self._failure_until = time.monotonic() + FAILURE_KEPT.total_seconds()
            log.error("no access token for pushes", reason=error.outcome.reason)
            raise
        self._failure = None
        self._token = grant.token
        self._ends_at = time.monotonic() + grant.life.total_seconds()
        self._renew_at = self._ends_at - min(RENEW_BEFORE, grant.life / 5).total_seconds()


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What `google.auth.transport.Response` asks for."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class TokenRequest:
    """What `google.auth.transport.Request` asks for, with our deadline and authorities."""

    def __init__(self, sender: transport.Transport, deadline: float) -> None:
        self._transport, self._deadline = sender, deadline

    def __call__(
        self,
        url: str,
        method: str = "POST",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **_ignored: Any,
    ) -> TokenResponse:
        """The endpoint's answer. Raises CredentialsError unless it is OAuth's own (RFC 6749, 5).

        Raising on all else also keeps google-auth from its own retries: it sleeps between them.
        """
        lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
        answers = self._transport.exchange(
            url,
            [*lines, "Expect:"],
            iter([(0, body)]),
            deadline=self._deadline,
            message_seconds=FETCH_TIMEOUT.total_seconds(),
        )
        for _key, reply in answers:
            said = replies.parsed(reply.body)
            if (reply.status == 200 and "access_token" in said) or (
                reply.status in {400, 401, 403} and "error" in said
            ):
                return TokenResponse(reply.status, reply.body)
        raise CredentialsError(replies.later("credentials_unavailable"))
