"""What a receiver must do with good and bad callbacks, and whether an endpoint does it.

Pure but for the `post` it is given: the same guarded, bounded road as in production. Everything
sent is of mode `test`, about a notification that does not exist.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.lib import clock, http, ids, signing
from notifications.callbacks import verdicts
from notifications.callbacks.verdicts import Meaning

Post = Callable[[bytes, Mapping[str, str]], http.Reply]

TOO_OLD = timedelta(minutes=10)  # the tolerance of the specification's libraries is five
ACCEPTED = {Meaning.CONFIRMED, Meaning.REFUSED, Meaning.PENDING}
OTHER_SECRET = "whsec_" + "A" * 44  # nobody's: what a forger might guess


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was sent, and what the receiver does wrong; empty if it does right."""

    check: str
    wrong: str = ""


@dataclass
class Examiner:
    """Sends one endpoint what it must take and what it must refuse."""

    post: Post
    secrets: Sequence[str] = field(repr=False)
    now: Callable[[], datetime] = clock.now
    strict: bool = False
    notification_id: uuid.UUID = field(default_factory=ids.uuid7)
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> list[Finding]:
        """All checks, in their order; the last ones need an endpoint that takes a good one."""
        good = self.event("decision.made", sequence=1, verb="approve", effect="approve")
        if not self.must_accept("a good callback", good):
            return self.findings
        self.must_accept("the same callback again", good, why="A repeat of what was handled")
        self.must_refuse("a callback without a signature", headers=_without)
        self.must_refuse("a callback signed with another secret", secrets=[OTHER_SECRET])
        self.must_refuse("a callback whose body was changed", body=lambda b: b + b" ")
        self.must_refuse(
            "a callback whose webhook-id was changed",
            headers=lambda h: {**h, "webhook-id": str(ids.uuid7())},
        )
        self.must_refuse("a callback that is ten minutes old", at=self.now() - TOO_OLD)
        self.must_refuse("a callback from ten minutes ahead", at=self.now() + TOO_OLD)
        self.must_accept(
            "a callback that carries a second signature, as during a rotation",
            self.event("response.recorded", sequence=3, verb="approve", effect="approve"),
            secrets=[OTHER_SECRET, *self.secrets],
        )
        for secret in self.secrets if len(self.secrets) > 1 else ():
            self.must_accept(
                "a callback signed with either of the two live secrets",
                self.event("response.recorded", sequence=4, verb="approve", effect="approve"),
                secrets=[secret],
            )
        self.must_accept(
            "a callback that comes after a later one of its notification",
            self.event("response.recorded", sequence=2, verb="approve", effect="approve"),
            why="A replay brings an earlier sequence late",
        )
        self.must_accept(
            "a callback of a type that is not known yet",
            self.event("something.new", sequence=5, unheard_of={"of": [1, None]}),
            why="New types and members may be added",
        )
        return self.findings

    def event(self, type_: str, *, sequence: int, **facts: Any) -> dict[str, Any]:
        """The body of an event as the hub would write it, about nothing real."""
        return {
            "id": str(ids.uuid7()),
            "type": type_,
            "timestamp": clock.text(self.now()),
            "data": {
                "notification_id": str(self.notification_id),
                "reference": "CONFORMANCE",
                "mode": "test",
                "state": "decided" if type_ == "decision.made" else "open",
                "sequence": sequence,
                "metadata": {},
                "version": 1,
                "comment": None,
                "inputs": None,
                "actor": None,
                **facts,
            },
        }

    def must_accept(
        self,
        check: str,
        event: dict[str, Any],
        *,
        secrets: Sequence[str] | None = None,
        why: str = "It is what the hub sends",
    ) -> bool:
        """Whether the endpoint takes this one, as it must."""
        status, meaning, failure = self.send(event, secrets=secrets or self.secrets)
        wrong = ""
        if failure:
            wrong = f"No answer that counts: {failure}."
        elif meaning not in ACCEPTED:
            wrong = f"It was answered with {status}. {why}: answer 2xx."
            if status is not None and 200 <= status < 300:
                wrong = f"The {status} does not repeat the event's id, which the category demands."
        self.findings.append(Finding(check, wrong))
        return not wrong

    def must_refuse(
        self,
        check: str,
        *,
        headers: Callable[[dict[str, str]], dict[str, str]] = dict,
        body: Callable[[bytes], bytes] = bytes,
        secrets: Sequence[str] | None = None,
        at: datetime | None = None,
    ) -> None:
        """The endpoint must answer 4xx: whoever can send this one is not the hub."""
        event = self.event("decision.made", sequence=1, verb="approve", effect="approve")
        status, _, failure = self.send(
            event, secrets=secrets or self.secrets, at=at, headers=headers, body=body
        )
        wrong = ""
        if failure:
            wrong = f"No answer that counts: {failure}. Refuse it with 401."
        elif status is not None and status < 400:
            wrong = f"It was taken with {status}. Anybody could book in the hub's name: answer 401."
        elif status is not None and (status in {409, 410} or status >= 500):
            wrong = f"It was answered with {status}, which means something else: answer 401."
        self.findings.append(Finding(check, wrong))

    def send(
        self,
        event: dict[str, Any],
        *,
        secrets: Sequence[str],
        at: datetime | None = None,
        headers: Callable[[dict[str, str]], dict[str, str]] = dict,
        body: Callable[[bytes], bytes] = bytes,
    ) -> tuple[int | None, Meaning, str]:
        """One POST: the status, what it means, and why no answer came."""
        written = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        signed = signing.sign(
            secrets=secrets, event_id=event["id"], timestamp=at or self.now(), body=written
        )
        sent = {"Content-Type": "application/json", **headers(signed)}
        try:
            reply = self.post(body(written), sent)
        except http.OutboundFailure as failure:
            return failure.status, Meaning.LATER, failure.reason
        verdict = verdicts.of(
            status=reply.status,
            body=reply.body,
            headers=reply.headers,
            strict_id=event["id"] if self.strict else None,
        )
        return reply.status, verdict.meaning, ""


def _without(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "webhook-signature"}
