"""The queue of the privacy officer: what people ask, disclosures, and legal holds."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from accounts.admin import acts, base, reading, tables
from accounts.models import Employee, LegalHold, PrivacyRequest
from accounts.privacy import archives, holds, requests
from hub.lib import clock, errors


class AnswerForm(forms.Form):
    """What the person is told."""

    words = forms.CharField(
        widget=forms.Textarea, max_length=requests.WORDS_AT_MOST, label="What the person is told"
    )


class DisclosureForm(forms.Form):
    """Whose data go to whom, and why."""

    employee = forms.CharField(max_length=64, label="Employee id")
    words = forms.CharField(
        widget=forms.Textarea,
        max_length=requests.WORDS_AT_MOST,
        label="To whom, and by which law",
    )


class HoldForm(forms.Form):
    """What is held, and why."""

    employee = forms.CharField(max_length=64, required=False, label="Employee id")
    notification = forms.UUIDField(required=False, label="… or the id of a notification")
    reason = forms.CharField(widget=forms.Textarea, max_length=requests.WORDS_AT_MOST)


def employee_called(employee_id: str) -> uuid.UUID:
    """The employee of that id. Raises Invalid if nobody has it."""
    found = Employee.objects.filter(employee_id=employee_id).values_list("pk", flat=True).first()
    if found is None:
        flaw = errors.FieldError("/employee", "unknown_employee", "No employee has this id.")
        raise errors.Invalid(flaw.message, errors=[flaw])
    return found


def approve(deed: acts.Deed) -> None:
    """Let the hub do it."""
    requests.approve(request_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def answer(deed: acts.Deed) -> None:
    """It is done."""
    requests.answer(
        request_id=deed.subject.pk, refused=False, actor=deed.actor, now=deed.now, **deed.data
    )


def refuse(deed: acts.Deed) -> None:
    """It is not done, for a reason."""
    requests.answer(
        request_id=deed.subject.pk, refused=True, actor=deed.actor, now=deed.now, **deed.data
    )


def disclose(deed: acts.Deed) -> None:
    """A copy for somebody else; a second person has to agree."""
    requests.disclose(
        employee_id=employee_called(deed.data["employee"]),
        words=deed.data["words"],
        actor=deed.actor,
        now=deed.now,
    )


def place(deed: acts.Deed) -> None:
    """Nothing of it is deleted from now on."""
    employee, notification = deed.data["employee"], deed.data["notification"]
    if bool(employee) == (notification is not None):
        sentence = "Give either an employee or a notification."
        flaw = errors.FieldError("/employee", "either_employee_or_notification", sentence)
        raise errors.Invalid(sentence, errors=[flaw])
    holds.place(
        employee_id=employee_called(employee) if employee else None,
        notification_id=notification,
        reason=deed.data["reason"],
        actor=deed.actor,
        now=deed.now,
    )


def lift(deed: acts.Deed) -> None:
    """It may be deleted again."""
    holds.lift(hold_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def is_received(asked: PrivacyRequest) -> bool:
    """Whether it waits for staff."""
    return asked.state == PrivacyRequest.State.RECEIVED


def is_carried_out(asked: PrivacyRequest) -> bool:
    """Whether the hub does it once staff agree."""
    return is_received(asked) and asked.kind in requests.CARRIED_OUT


class Queue(admin.SimpleListFilter):
    """Whether it waits for an answer."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("over", "Answered")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in {"open", "over"}:
            is_open = queryset.filter(state__in=PrivacyRequest.OPEN)
            return is_open if self.value() == "open" else queryset.exclude(pk__in=is_open)
        return queryset


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(base.ReadOnlyAdmin):
    """What people ask; `due_at` is the last day."""

    list_display = ("__str__", "kind", "state", "received_at", "due_at", "overdue")
    list_filter = (Queue,)
    fields = (
        "kind", "state", "employee_shown", "words_shown", "answer_shown", "received_at", "due_at",
        "asked_by", "answered_by", "answered_at", "receipt",
    )  # fmt: skip
    personal_kind = "privacy_request"
    founding_acts = (
        acts.Act(
            "disclose",
            "Disclose somebody's data",
            "A copy of everything the hub holds of this person, for somebody who may have it by"
            " law. Another member of the staff has to approve it.",
            disclose,
            form=DisclosureForm,
            permission="add",
            grave=True,
        ),
    )
    row_acts = (
        acts.Act(
            "approve",
            "Approve",
            "The hub carries it out within a minute: an erasure can't be undone, and ends every"
            " session of the person; a disclosure makes a copy that can be fetched once.",
            approve,
            applies=is_carried_out,
            grave=True,
        ),
        acts.Act(
            "answer",
            "Answer",
            "It is done. The person is told these words.",
            answer,
            form=AnswerForm,
            applies=lambda asked: is_received(asked) and not is_carried_out(asked),
        ),
        acts.Act(
            "refuse",
            "Refuse",
            "It is not done. The person is told the reason, and may complain.",
            refuse,
            form=AnswerForm,
            applies=is_received,
        ),
    )

    @admin.display(description="Overdue", boolean=True)
    def overdue(self, asked: PrivacyRequest) -> bool:
        return asked.state in PrivacyRequest.OPEN and asked.due_at < clock.now()

    @admin.display(description="Employee")
    def employee_shown(self, asked: PrivacyRequest) -> str:
        return tables.link(asked.employee)

    @admin.display(description="What they say")
    def words_shown(self, asked: PrivacyRequest) -> str:
        return tables.verbatim(str(asked.words or tables.NOTHING))

    @admin.display(description="What they are told")
    def answer_shown(self, asked: PrivacyRequest) -> str:
        return tables.verbatim(str(asked.answer or tables.NOTHING))

    def links(self, request: HttpRequest, row: PrivacyRequest) -> Iterable[tuple[str, str]]:
        yield from super().links(request, row)
        archive = getattr(row, "privacyarchive", None)
        if row.kind == PrivacyRequest.Kind.DISCLOSURE and archive and archive.content:
            yield "Fetch the copy, once", self._address("archive", row.pk)

    def get_urls(self) -> list[URLPattern]:
        def archive(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self._row(request, object_id)
            if not self.row_acts[0].allowed(request, self, row):
                raise PermissionDenied
            try:
                content = archives.fetch_disclosure(
                    request_id=row.pk, actor=reading.actor(request), now=clock.now()
                )
            except errors.HubError as refusal:
                messages.warning(request, refusal.detail)
                return HttpResponseRedirect(self._address("change", row.pk))
            return HttpResponse(
                content,
                content_type="application/zip",
                headers={
                    "Content-Disposition": 'attachment; filename="disclosure.zip"',
                    "Cache-Control": "no-store, private",
                },
            )

        return [
            path("<path:object_id>/archive/", self._guarded(archive), name=self._name("archive")),
            *super().get_urls(),
        ]


@admin.register(LegalHold)
class LegalHoldAdmin(base.ReadOnlyAdmin):
    """What must not be deleted."""

    list_display = ("__str__", "placed_at", "lifted_at")
    fields = (
        "employee", "notification", "reason_shown", "placed_by", "placed_at", "lifted_by",
        "lifted_at",
    )  # fmt: skip
    personal_kind = "legal_hold"
    founding_acts = (
        acts.Act(
            "place",
            "Place a hold",
            "Nothing of this person, or of this notification, is purged or erased until the hold is"
            " lifted.",
            place,
            form=HoldForm,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "lift",
            "Lift",
            "What is over is deleted with the next purge, and an erasure that waited is done.",
            lift,
            applies=lambda hold: hold.lifted_at is None,
            grave=True,
        ),
    )

    @admin.display(description="Reason")
    def reason_shown(self, hold: LegalHold) -> str:
        return tables.verbatim(str(hold.reason))
