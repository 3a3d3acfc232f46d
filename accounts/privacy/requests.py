"""What people ask about their data: a request each, answered within CLOCK by staff or the hub."""

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import PrivacyRequest
from accounts.privacy import holds
from hub.lib import errors

CLOCK = timedelta(days=30)
Kind, State = PrivacyRequest.Kind, PrivacyRequest.State
OF_PEOPLE = (Kind.EXPORT, Kind.CORRECTION, Kind.RESTRICTION, Kind.ERASURE, Kind.COMPLAINT)
# What the hub carries out once it is approved; anything else staff answer themselves.
CARRIED_OUT = (Kind.EXPORT, Kind.ERASURE, Kind.DISCLOSURE)
WORDS_AT_MOST = 2000  # characters


class AlreadyRequested(errors.HubError):
    """The same is being worked on. Brings `request`, the id of the first one."""

    code, status, title = "already_requested", 409, "That was asked already"


class RequestAnswered(errors.HubError):
    """The privacy request has its answer."""

    code, status, title = "request_answered", 409, "It is answered already"


class AnotherPersonNeeded(errors.HubError):
    """Who asks for a disclosure can't approve it."""

    code, status, title = "another_person_needed", 403, "A second person is needed"


class Held(errors.HubError):
    """A legal hold stands in the way."""

    code, status, title = "legal_hold", 409, "A legal hold stands in the way"


def ask(*, employee_id: uuid.UUID, kind: str, words: str, now: datetime) -> PrivacyRequest:
    """A request of the person; an export needs nobody's approval.

    Raises AlreadyRequested while one of that kind is open.
    """
    actor = audit.Actor("employee", str(employee_id))
    state = State.APPROVED if kind == Kind.EXPORT else State.RECEIVED
    try:
        with transaction.atomic():
            made = PrivacyRequest(
                employee_id=employee_id,
                kind=kind,
                state=state,
                words=words or None,
                received_at=now,
                due_at=now + CLOCK,
            )
            made.save(force_insert=True)
            _note(actor, "privacy_requested", made, now=now)
    except IntegrityError:
        earlier = PrivacyRequest.objects.filter(
            employee_id=employee_id, kind=kind, state__in=PrivacyRequest.OPEN
        ).first()
        raise AlreadyRequested(
            "Wait for the answer to the first one.",
            data={"request": None if earlier is None else str(earlier.pk)},
        ) from None
    return made


def disclose(
    *, employee_id: uuid.UUID, words: str, actor: audit.Actor, now: datetime
) -> PrivacyRequest:
    """Staff ask for a copy of somebody's data for somebody else; `words` say whom, and the law."""
    with transaction.atomic():
        made = PrivacyRequest(
            employee_id=employee_id,
            kind=Kind.DISCLOSURE,
            words=words,
            received_at=now,
            due_at=now + CLOCK,
            asked_by=actor.id,
        )
        made.save(force_insert=True)
        _note(actor, "disclosure_requested", made, now=now)
    return made


def of(employee_id: uuid.UUID) -> list[PrivacyRequest]:
    """What somebody has asked, the latest first; what others ask about them is not shown."""
    asked = PrivacyRequest.objects.filter(employee_id=employee_id).exclude(kind=Kind.DISCLOSURE)
    return list(asked.select_related("privacyarchive").order_by("-received_at", "-pk"))


def approve(*, request_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Let the hub carry it out. Raises RequestAnswered, AnotherPersonNeeded or Held."""
    with transaction.atomic():
        asked = _locked(request_id)
        if asked.kind == Kind.DISCLOSURE and asked.asked_by == actor.id:
            raise AnotherPersonNeeded("Somebody else than who asked for it has to approve it.")
        if asked.kind == Kind.ERASURE and holds.on_employee(asked.employee_id):
            raise Held("The data of this person are under a legal hold: lift it first, or refuse.")
        asked.state, asked.answered_by = State.APPROVED, actor.id
        asked.save(update_fields=["state", "answered_by"])
        _note(actor, "privacy_request_approved", asked, now=now)


def answer(
    *, request_id: uuid.UUID, words: str, refused: bool, actor: audit.Actor, now: datetime
) -> None:
    """End it with a sentence for the person; of a refusal that is the reason.

    Raises RequestAnswered.
    """
    with transaction.atomic():
        asked = _locked(request_id)
        asked.state = State.REFUSED if refused else State.DONE
        asked.answer, asked.answered_by, asked.answered_at = words, actor.id, now
        asked.save(update_fields=["state", "answer", "answered_by", "answered_at"])
        action = "privacy_request_refused" if refused else "privacy_request_answered"
        _note(actor, action, asked, now=now)


def done(asked: PrivacyRequest, *, receipt: dict[str, object], now: datetime) -> None:
    """Note, in the caller's transaction, that the hub has carried it out."""
    asked.state, asked.receipt, asked.answered_at = State.DONE, receipt, now
    asked.save(update_fields=["state", "receipt", "answered_at"])
    _note(audit.HUB, "privacy_request_done", asked, now=now, receipt=receipt)


def _locked(request_id: uuid.UUID) -> PrivacyRequest:
    asked = PrivacyRequest.objects.select_for_update().get(pk=request_id)
    if asked.state != State.RECEIVED:
        raise RequestAnswered(f"It is {asked.state} already.")
    return asked


def _note(
    actor: audit.Actor, action: str, asked: PrivacyRequest, *, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="privacy_request",
        subject_id=asked.pk,
        data={"kind": asked.kind, "employee": str(asked.employee_id), **data},
    )
