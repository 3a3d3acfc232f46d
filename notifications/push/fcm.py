"""Firebase Cloud Messaging, HTTP v1: firebase-admin's messages and credentials, our transport.

The only module that imports firebase_admin and google.auth, and late, since that takes a second
which a web process need not pay. Why the library does not send by itself: ADR 0004.
"""

import functools
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from hub.lib import logging
from notifications.push import bearer, encoding, projects, rate, replies, shapes, transport
from notifications.push.gateway import Fate, Gateway, Outcome, Push, Wording

log = logging.get(__name__)

# This many malformed addresses in one call, and more than half of it: the fault is on our side.
SUSPICIOUS_BAD_TOKENS = 20
# A worker waits this long for the bucket; for longer it gives the errands back.
PATIENCE = timedelta(seconds=2)
_UNREACHED = replies.later("timeout")


@dataclass(frozen=True, slots=True)
class Config:
    """Where and as whom to send. An empty `ca_file` means the system's authorities."""

    credentials_file: str
    endpoint: str  # https://host[:port]
    ca_file: str
    connections: int
    total_timeout: timedelta  # of one call of `send`
    messages_a_minute: int
    redis_url: str


def gateway_from_settings() -> Gateway:
    """The gateway of this process, as the FCM_… settings describe it."""
    configs = {
        name: _config(credentials_file=path) for name, path in settings.FCM_PROJECTS.items()
    } or {"": _config(credentials_file="")}
    if len(configs) == 1:
        return _gateway(*configs.values(), os.getpid())
    return _projects(tuple(configs.items()), os.getpid())


def _config(*, credentials_file: str) -> Config:
    return Config(
        credentials_file=credentials_file,
        endpoint=settings.FCM_ENDPOINT,
        ca_file=settings.FCM_CA_FILE,
        connections=settings.FCM_CONNECTIONS,
        total_timeout=settings.FCM_TOTAL_TIMEOUT,
        messages_a_minute=settings.FCM_MESSAGES_A_MINUTE,
        redis_url=settings.REDIS_URL,
    )


@functools.lru_cache(maxsize=4)
def _projects(configs: tuple[tuple[str, Config], ...], process: int) -> Gateway:
    return projects.Projects({name: _gateway(config, process) for name, config in configs})


@functools.lru_cache(maxsize=32)
def _gateway(config: Config, _process: int) -> "FcmGateway":
    return FcmGateway(config)


class FcmGateway:
    """`gateway.Gateway` on FCM. Safe to share between threads; reads its credentials when used."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._account = _ServiceAccount(config)
        self._bearer = bearer.Bearer(self._account.fetch)
        self._transport = transport.Transport(
            transport.Config(ca_file=config.ca_file, connections=config.connections)
        )

    def admit(self, count: int, *, project: str = "") -> timedelta:
        """Wait for the one project's bucket, up to PATIENCE; see `gateway.Gateway.admit`."""
        wait = rate.reserve(self._limit(), count=count, longest=PATIENCE)
        if wait > PATIENCE:
            return wait
        time.sleep(wait.total_seconds())
        return timedelta(0)

    def _limit(self) -> rate.Limit:
        # One bucket a service account: its file names the project, which is read when first used.
        return rate.Limit(
            project=hashlib.sha256(self._config.credentials_file.encode()).hexdigest()[:16],
            messages_a_minute=self._config.messages_a_minute,
            redis_url=self._config.redis_url,
        )

    def send(self, pushes: Sequence[Push]) -> list[Outcome]:
        """One outcome a push, in their order; see `gateway.Gateway.send`."""
        outcomes = [_UNREACHED] * len(pushes)  # until something better is known
        denied = list(range(len(pushes)))
        deadline = time.monotonic() + self._config.total_timeout.total_seconds()
        token = ""
        try:
            for _try in range(2):  # a token may have been revoked: once more with a new one
                if denied:
                    token = self._bearer.token(deadline=deadline, spurned=token)
                    denied = self._round(pushes, denied, outcomes, token, deadline)
            refusal = replies.ours("unauthenticated", stop_lane=True)
        except bearer.CredentialsError as error:
            refusal = error.outcome
        for index in denied:
            outcomes[index] = refusal
        _doubt_bad_tokens(outcomes)
        over = [outcome for outcome in outcomes if outcome.reason == "quota_exceeded"]
        # A few may be of one device's own limit; many are the project's.
        if len(over) > max(1, len(outcomes) // 100):
            spans = [outcome.retry_after for outcome in over if outcome.retry_after]
            rate.hold(self._limit(), span=max(spans, default=timedelta(seconds=10)))
        _report(outcomes)
        return outcomes

    def _round(
        self,
        pushes: Sequence[Push],
        indexes: Iterable[int],
        outcomes: list[Outcome],
        token: str,
        deadline: float,
    ) -> list[int]:
        """Send those pushes. The result is what is left where the token was refused."""
        encoder, todo, denied = encoding.Encoder(template), iter(indexes), list[int]()

        def bodies() -> Iterator[tuple[int, bytes]]:
            # The first refusal ends it: each of the rest would be refused too, and count.
            while not denied and (index := next(todo, None)) is not None:
                body = encoder.body(pushes[index])
                if isinstance(body, bytes):
                    yield index, body
                else:
                    outcomes[index] = body

        headers = [
            f"Authorization: Bearer {token}",
            "Content-Type: application/json; charset=UTF-8",
            "X-GOOG-API-FORMAT-VERSION: 2",  # as firebase-admin: errors come with their details
            "Expect:",
        ]
        url = f"{self._config.endpoint}/v1/projects/{self._account.project_id}/messages:send"
        # Half of the total for each message: a hung stream leaves time to those behind it.
        patience = self._config.total_timeout.total_seconds() / 2
        for index, reply in self._transport.exchange(
            url, headers, bodies(), deadline=deadline, message_seconds=patience
        ):
            outcome = outcomes[index] = replies.read(reply)
            if outcome.reason == "unauthenticated":
                denied.append(index)
                outcomes[index] = _UNREACHED  # should the time be over before the second try
        return [*denied, *todo] if denied else []


class _ServiceAccount:
    """Google's credentials, read from their file when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._credentials: Any = None
        self._transport = transport.Transport(
            transport.Config(ca_file=config.ca_file, connections=1)
        )
        self.project_id = ""  # known once a token was fetched

    def fetch(self, deadline: float) -> bearer.Grant:
        """A new access token, as `bearer.Bearer` wants it."""
        import google.auth.exceptions  # late: see the module's docstring
        from firebase_admin import credentials

        try:
            if self._credentials is None:
                certificate = credentials.Certificate(self._config.credentials_file)
                self.project_id = certificate.project_id
                self._credentials = certificate.get_credential()
        except (OSError, ValueError) as error:
            raise bearer.CredentialsError(
                replies.ours("credentials_invalid", stop_lane=True)
            ) from error
        try:
            self._credentials.refresh(bearer.TokenRequest(self._transport, deadline))
            life = self._credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
            return bearer.Grant(token=str(self._credentials.token), life=life)
        except google.auth.exceptions.RefreshError as error:
            outcome = replies.ours("credentials_rejected", stop_lane=True)
            raise bearer.CredentialsError(outcome) from error
        except (google.auth.exceptions.GoogleAuthError, ValueError, AttributeError) as error:
            outcome = replies.later("credentials_unavailable")
            raise bearer.CredentialsError(outcome) from error


def template(said: Wording) -> encoding.Template | Outcome:
    """The message but for its address, or the outcome where it cannot be sent at all."""
    seconds = said.ttl.days * 86_400 + said.ttl.seconds
    expiration = str(int(time.time()) + seconds) if seconds else "0"  # 0 means: now or never
    try:
        return _shapes.template(said, expiration=expiration)
    except shapes.TooLarge:
        return replies.ours("too_large")
    except (ValueError, TypeError) as error:
        log.error("a wording cannot be encoded", notification=said.tag, error=type(error).__name__)
        return replies.ours("invalid_argument")


def message_json(said: Wording, address: str, expiration: str) -> str:
    """The request as firebase-admin would send it, which validates it. ValueError if refused."""
    from firebase_admin import messaging

    # The text form of a message is its JSON.
    message = json.loads(str(_message(messaging, said, address, expiration)))
    return json.dumps({"message": message}, ensure_ascii=False, separators=(",", ":"))


_shapes = shapes.Shapes(message_json)


def _message(messaging: Any, said: Wording, address: str, expiration: str) -> Any:
    """The message in firebase-admin's types, which validate it. ValueError for no such platform."""
    android = apns = webpush = None
    seconds = int(said.ttl.total_seconds())
    match said.platform:
        case "android":
            # Data only: Firebase keeps just the last *notification* message for a phone that
            # is off. The app draws it, with the id as tag.
            android = messaging.AndroidConfig(
                priority="high" if said.urgent else "normal",
                ttl=said.ttl,
                collapse_key=said.collapse_key,
            )
        case "ios":
            apns = _apns(messaging, said, expiration)
        case "web":
            notification = said.alert and messaging.WebpushNotification(
                title=said.alert[0], body=said.alert[1], tag=said.tag
            )
            webpush = messaging.WebpushConfig(
                headers={"TTL": str(seconds), "Urgency": "high" if said.urgent else "normal"},
                notification=notification,
            )
        case _:
            raise ValueError("no such platform")
    return messaging.Message(
        data=dict(said.data), fid=address, android=android, apns=apns, webpush=webpush
    )


def _apns(messaging: Any, said: Wording, expiration: str) -> Any:
    """https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns"""
    headers = {
        "apns-collapse-id": said.tag,
        "apns-expiration": expiration,
    }
    if said.alert is None:
        headers |= {"apns-push-type": "background", "apns-priority": "5"}  # 10 would be refused
        aps = messaging.Aps(content_available=True)
    else:
        headers |= {"apns-push-type": "alert", "apns-priority": "10" if said.urgent else "5"}
        aps = messaging.Aps(
            alert=messaging.ApsAlert(title=said.alert[0], body=said.alert[1]),
            sound="default",
            category=said.category,
            thread_id=said.data.get("category"),  # of one kind, shown together
            mutable_content=True,  # the app may fetch the words itself, past Google and Apple
        )
    return messaging.APNSConfig(headers=headers, payload=messaging.APNSPayload(aps))


def _doubt_bad_tokens(outcomes: list[Outcome]) -> None:
    """No address is forgotten where FCM finds most of many malformed: that would be our doing."""
    bad = [index for index, outcome in enumerate(outcomes) if outcome.reason == "bad_token"]
    if len(bad) >= SUSPICIOUS_BAD_TOKENS and 2 * len(bad) > len(outcomes):
        for index in bad:
            outcomes[index] = replies.ours("bad_token", stop_lane=True)


def _report(outcomes: Sequence[Outcome]) -> None:
    counts = dict(Counter(f"{o.fate}/{o.reason}" if o.reason else str(o.fate) for o in outcomes))
    stopped = sorted({o.reason for o in outcomes if o.stop_lane})
    if stopped:
        log.error("pushes must stop: credentials or project", reasons=stopped, outcomes=counts)
    elif any(o.fate is Fate.OURS for o in outcomes):
        log.warning("pushed, with messages refused", outcomes=counts)
    else:
        log.info("pushed", outcomes=counts)
