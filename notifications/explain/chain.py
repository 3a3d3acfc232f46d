"""From the facts about one person and one notification to a chain of links. Pure.

Each link has a code, a sentence, and whether the road ends there. The first that ends it is the
answer; what follows is told all the same. The codes: docs/operations.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

SILENCED = {
    "opted_out": "The person has opted out of this category",
    "channel_off": "The person has switched pushes of optional notices off",
    "digest": "The person gets optional notices together, at the end of an hour or a day",
    "quiet_hours": "It is within the person's quiet hours",
    "right_to_disconnect": "It is outside working time where the person has a right to disconnect",
}
# Of a push, the best first.
FARING = ("delivered", "sent", "queued", "suppressed", "failed", "expired", "cancelled")
ENDED = {
    "decided": "It has been decided",
    "settled": "The matter was completed elsewhere",
    "withdrawn": "Its sender has taken it back",
    "expired": "It has expired",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A session of the person on a phone or in a browser."""

    name: str
    signed_in_at: datetime
    closed_at: datetime | None = None
    closed_reason: str = ""
    reachable: bool = True
    lost_at: datetime | None = None
    lost_reason: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """What became of a push, or of an e-mail."""

    to: str
    purpose: str
    state: str
    reason: str
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """An errand that is still to be done for this person."""

    kind: str
    standing: str  # due | leased | waiting | dead
    due_at: datetime
    attempts: int
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the hub knows about one person and one notification. Personal data: all of it."""

    now: datetime
    disabled_at: datetime | None
    disabled_reason: str
    kind: str
    mode: str
    state: str
    version: int
    send_at: datetime | None
    closed_at: datetime | None
    fanned_out_at: datetime | None
    # Whether the audience has the person now; of a request, whether they have or had a seat.
    is_meant: bool
    is_inside: bool  # the ceilings it was accepted under
    is_asked_later: bool = False  # their step of a sequence has not opened
    arrived_at: datetime | None = None
    by_delegation: bool = False
    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None
    silence: str = ""  # why the person would not be rung at this moment
    silent_until: datetime | None = None
    paused_at: datetime | None = None  # the sub-system
    pushes_paused_at: datetime | None = None
    phones: Sequence[Phone] = ()
    work: Sequence[Work] = ()
    pushes: Sequence[Push] = ()
    mails: Sequence[Push] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One link; `ends` where the road ends, or waits, there."""

    code: str
    sentence: str
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole chain, and its answer."""

    links: Sequence[Link] = field(default_factory=tuple)

    @property
    def answer(self) -> Link:
        """The first link where the road ends; without one, the last."""
        return next((link for link in self.links if link.ends), self.links[-1])


def explain(facts: Facts) -> Explanation:
    """The chain: account, notification, audience, copy, preferences, phones, work, pushes, look."""
    steps = (
        _account,
        _life,
        _audience,
        _copy,
        _preferences,
        _phones,
        _work,
        _pushes,
        _mails,
        _look,
    )
    return Explanation(tuple(link for step in steps for link in step(facts)))


def _account(facts: Facts) -> Iterator[Link]:
    if facts.disabled_at is None:
        yield Link("account_stands", "The person's account is enabled.")
        return
    why = f" ({facts.disabled_reason})" if facts.disabled_reason else ""
    sentence = f"The person's account is disabled since {_at(facts.disabled_at)}{why}."
    # Whoever left after the copy came had it until then.
    late = facts.arrived_at is not None and facts.arrived_at < facts.disabled_at
    yield Link("account_disabled", sentence, ends=not late)


def _life(facts: Facts) -> Iterator[Link]:
    if facts.mode == "test":
        yield Link("test_mode", "It was sent with a test key: no person sees it.", ends=True)
    if facts.state == "held":
        yield Link("held", "It waits for a second person's release.", ends=True)
    elif facts.state == "scheduled" and facts.send_at is not None:
        yield Link("scheduled", f"It is to be sent at {_at(facts.send_at)}.", ends=True)
    elif facts.closed_at is not None and facts.state in ENDED:
        never = facts.arrived_at is None or facts.arrived_at >= facts.closed_at
        sentence = f"{ENDED[facts.state]}, at {_at(facts.closed_at)}."
        yield Link(f"closed_{facts.state}", sentence, ends=never)
    else:
        yield Link("open", "It is open.")
    if facts.paused_at is not None:
        sentence = f"Its sub-system is paused since {_at(facts.paused_at)}: nothing is pushed."
        yield Link("subsystem_paused", sentence, ends=not facts.pushes)


def _audience(facts: Facts) -> Iterator[Link]:
    request = facts.kind == "request"
    if not facts.is_inside:
        sentence = "The person is outside of whom its sender may reach."
        yield Link("beyond_ceiling", sentence, ends=facts.arrived_at is None)
    if facts.is_meant:
        yield Link("meant", "The person is asked." if request else "The person is in its audience.")
    elif facts.arrived_at is not None:
        yield Link("not_meant_now", "The person is not in its audience now, but was.")
    elif request:
        yield Link("not_meant", "The person is not among those who are asked.", ends=True)
    else:
        sentence = "The person is not in its audience: see group, department, geo and title."
        yield Link("not_meant", sentence, ends=True)


def _copy(facts: Facts) -> Iterator[Link]:
    if facts.arrived_at is not None:
        if facts.arrived_at > facts.now:
            sentence = f"The copy is to arrive at {_at(facts.arrived_at)}."
            yield Link("copy_later", sentence, ends=True)
            return
        why = ", since they stand in for somebody" if facts.by_delegation else ""
        yield Link("copy", f"It came into the inbox at {_at(facts.arrived_at)}{why}.")
    elif facts.is_asked_later:
        yield Link("step_later", "The person's step has not been opened yet.", ends=True)
    elif facts.fanned_out_at is None:
        yield Link("fan_out_runs", "The copies are still being made.", ends=True)
    else:
        sentence = f"It got no copy: copies were made until {_at(facts.fanned_out_at)}."
        yield Link("no_copy", sentence, ends=True)


def _preferences(facts: Facts) -> Iterator[Link]:
    if facts.silence:
        until = f" until {_at(facts.silent_until)}" if facts.silent_until else ""
        said = SILENCED.get(facts.silence, "The person is left in peace")
        tried = any(push.state in {"sent", "delivered"} for push in facts.pushes)
        yield Link(facts.silence, f"{said}{until}: no phone rings.", ends=not tried)
    else:
        yield Link("may_ring", "Nothing that the person chose keeps a phone from ringing now.")


def _phones(facts: Facts) -> Iterator[Link]:
    open_ones = [phone for phone in facts.phones if phone.closed_at is None]
    if not facts.phones:
        yield Link("no_phone", "The person has never signed in on a phone.", ends=True)
    elif not open_ones:
        last = max(facts.phones, key=lambda phone: phone.signed_in_at)
        sentence = f"No session is open; {last.name} ended: {last.closed_reason}."
        yield Link("signed_out", sentence, ends=not facts.pushes)
    for phone in open_ones:
        if not phone.reachable:
            lost = f", lost at {_at(phone.lost_at)} ({phone.lost_reason})" if phone.lost_at else ""
            sentence = f"{phone.name} is signed in and has no push address{lost}."
            none = not any(other.reachable for other in open_ones)
            yield Link("phone_unreachable", sentence, ends=none and not facts.pushes)
        elif facts.arrived_at is not None and phone.signed_in_at > facts.arrived_at:
            sentence = f"{phone.name} was signed in later, at {_at(phone.signed_in_at)}."
            yield Link("phone_newer", sentence)
        else:
            yield Link("phone_reachable", f"{phone.name} is signed in and can be reached.")


def _work(facts: Facts) -> Iterator[Link]:
    if facts.pushes_paused_at is not None:
        sentence = f"All pushes are paused since {_at(facts.pushes_paused_at)}."
        yield Link("pushes_paused", sentence, ends=not facts.pushes)
    for one in facts.work:
        said = f"The errand {one.kind}"
        if one.standing == "dead":
            sentence = f"{said} was given up after {one.attempts} tries: {one.last_error}."
        elif one.standing == "leased":
            sentence = f"{said} is being done now."
        else:
            error = f", after {one.attempts} tries: {one.last_error}" if one.last_error else ""
            sentence = f"{said} is due at {_at(one.due_at)}{error}."
        yield Link(f"errand_{one.standing}", sentence, ends=True)


def _pushes(facts: Facts) -> Iterator[Link]:
    shown = [push for push in facts.pushes if push.purpose != "clear"]
    for push in facts.pushes:
        ends = push in shown and _is_why(push, shown) and facts.seen_at is None
        yield Link(f"push_{push.state}", f"Push ({push.purpose}) to {_told(push)}", ends=ends)
    if not facts.pushes:
        yield Link("not_pushed", "Nothing has been pushed.", ends=True)


def _mails(facts: Facts) -> Iterator[Link]:
    for mail in facts.mails:
        yield Link(f"mail_{mail.state}", f"E-mail ({mail.purpose}): {_told(mail)}")


def _look(facts: Facts) -> Iterator[Link]:
    if facts.read_at is not None:
        yield Link("read", f"The person opened it at {_at(facts.read_at)}.")
    elif facts.seen_at is not None:
        yield Link("seen", f"The person saw it in the list at {_at(facts.seen_at)}.")
    elif facts.arrived_at is not None:
        yield Link("unseen", "It is in the inbox, and the person has not looked at it.")
    if facts.archived_at is not None:
        yield Link("archived", f"The person archived it at {_at(facts.archived_at)}.")


def _told(push: Push) -> str:
    why = f" ({push.reason})" if push.reason else ""
    what = {
        "delivered": f"the app says that it arrived, at {_at(push.at)}",
        "sent": f"the provider took it at {_at(push.at)}, and the app has not confirmed it",
        "queued": "it waits for another try",
        "failed": "it failed",
        "expired": "its time was over before it could be sent",
        "cancelled": "it was cancelled before it was sent",
        "suppressed": "it was kept back",
    }.get(push.state, push.state)
    return f"{push.to}: {what}{why}."


def _is_why(push: Push, shown: Sequence[Push]) -> bool:
    """Whether this push may be why nothing rang: no other one fared better."""
    best = min(FARING.index(one.state) for one in shown)
    return push.state != "delivered" and FARING.index(push.state) == best


def _at(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
