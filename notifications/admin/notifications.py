"""Notifications: what was sent, its life, and on further pages everybody who was told."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from accounts import ceilings
from accounts.admin import acts, base, reading, tables
from accounts.models import Subsystem
from hub.lib import clock, errors
from notifications import blast_radius, lifecycle, withdrawal
from notifications.admin import answers, content, copies
from notifications.approvals import reassign
from notifications.models import Delivery, Notification, Recipient


class Reason(forms.Form):
    """Why it is taken back."""

    reason = forms.CharField(max_length=500, help_text="Those who received it read this.")


def withdraw(deed: acts.Deed) -> None:
    """Take it back from everybody."""
    withdrawal.withdraw(
        among=Notification.objects.all(),
        notification_id=deed.subject.pk,
        reason=deed.data["reason"],
        actor=deed.actor,
        now=deed.now,
    )


def release(deed: acts.Deed) -> None:
    """Be the second person."""
    blast_radius.release(
        among=Notification.objects.all(),
        notification_id=deed.subject.pk,
        key_id=None,
        actor=deed.actor,
        now=deed.now,
        ceiling=ceilings.of_staff(staff=deed.staff, subsystem_id=deed.subject.subsystem_id),
    )


class Reassignment(forms.Form):
    """Whose seat, and who gets it."""

    holder = forms.CharField(max_length=64, help_text="Employee id of who should answer now.")
    to = forms.CharField(max_length=64, label="Give it to", help_text="Employee id.")
    reason = forms.CharField(max_length=500, help_text="It is kept with the seat.")


def give_seat(deed: acts.Deed) -> None:
    """Let somebody else answer."""
    reassign.reassign(notification_id=deed.subject.pk, **deed.data, actor=deed.actor, now=deed.now)


def is_asked(notification: Notification) -> bool:
    """Whether it is a request that still asks somebody."""
    is_request = notification.kind == Notification.Kind.REQUEST
    return is_request and notification.state not in Notification.CLOSED


def is_held(notification: Notification) -> bool:
    """Whether it waits for a second person."""
    return notification.state == Notification.State.HELD


def is_live(notification: Notification) -> bool:
    """Whether there is something to take back."""
    return lifecycle.may(notification, become=Notification.State.WITHDRAWN)


WAITING_FOR: dict[str, tuple[str, str]] = {
    Notification.Kind.ACKNOWLEDGEMENT: ("Who has not confirmed", "unconfirmed"),
    Notification.Kind.REQUEST: ("Who has not answered", "unanswered"),
}


@admin.register(Notification)
class NotificationAdmin(base.ReadOnlyAdmin):
    """Notifications, found by id or by the sender's reference."""

    list_display = (
        "id", "subsystem", "category", "kind", "state", "reference", "mode", "created_at",
    )  # fmt: skip
    list_filter = ("state", "kind", "mode", "subsystem")
    list_select_related = ("subsystem", "category")
    list_per_page = 50
    search_fields = ("reference",)
    search_help_text = "Id of the notification, or the sender's reference as a whole"
    personal_kind = "notification"
    row_acts = (
        acts.Act(
            "release",
            "Release",
            "It goes to everybody in its audience: now, or at the time it is scheduled for.",
            release,
            applies=is_held,
            grave=True,
        ),
        acts.Act(
            "reassign",
            "Reassign a seat",
            "Somebody else answers instead of one of the approvers, who goes on seeing it.",
            give_seat,
            form=Reassignment,
            applies=is_asked,
        ),
        acts.Act(
            "withdraw",
            "Withdraw",
            "Nobody can answer it any more, phones that show it clear it, and those who received it"
            " read the reason. The sub-system is told. It can't be undone.",
            withdraw,
            form=Reason,
            applies=is_live,
            grave=True,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Notification | None = None) -> Any:
        readable = obj is not None and content.may_read(request, obj)
        words = ("title", "summary", "body") if readable else ("hidden",)
        private = ("audience_shown", "metadata_shown") if readable else ("audience_shown",)
        return [
            (None, {"fields": ("subsystem", "category", "kind", "reference", "mode", "state")}),
            ("What it says", {"fields": ("sensitivity", "version", *words)}),
            ("Whom it concerns", {"fields": ("requester_shown", *private, "policy_shown")}),
            (
                "Times",
                {
                    "fields": (
                        "created_at", "send_at", "due_at", "expires_at", "on_expiry", "closed_at",
                        "held_over", "released_at",
                    )
                },
            ),
            ("Sending", {"fields": ("priority", "fanned_out_at", "recipient_count")}),
        ]  # fmt: skip

    @admin.display(description="Content")
    def hidden(self, _: Notification) -> str:
        return content.HIDDEN

    @admin.display(description="Title")
    def title(self, notification: Notification) -> str:
        return notification.card["title"]

    @admin.display(description="Summary")
    def summary(self, notification: Notification) -> str:
        return notification.card["summary"] or tables.NOTHING

    @admin.display(description="Body")
    def body(self, notification: Notification) -> str:
        text = notification.card["body"]
        return tables.verbatim(text) if text else tables.NOTHING

    @admin.display(description="Audience")
    def audience_shown(self, notification: Notification) -> SafeString:
        return tables.json_text(notification.audience)

    @admin.display(description="Metadata")
    def metadata_shown(self, notification: Notification) -> SafeString:
        return tables.json_text(notification.metadata)

    @admin.display(description="Policy")
    def policy_shown(self, notification: Notification) -> SafeString:
        return tables.json_text(notification.policy)

    @admin.display(description="Requester")
    def requester_shown(self, notification: Notification) -> str:
        person = notification.requester
        return tables.NOTHING if person is None else answers.name(person)

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        try:
            return queryset.filter(pk=uuid.UUID(term))
        except ValueError:
            # All sub-systems and modes, by name: the index of references begins with them.
            return queryset.filter(
                subsystem__in=Subsystem.objects.all(),
                mode__in=Notification.Mode.values,
                reference=term,
            )

    def links(self, request: HttpRequest, row: Notification) -> Iterable[tuple[str, str]]:
        for model, page in ((Recipient, "recipients"), (Delivery, "deliveries")):
            if base.may_view(request, model):
                yield page.capitalize(), self._address(page, row.pk)
        if base.may_view(request, Recipient) and row.kind in WAITING_FOR:
            label, only = WAITING_FOR[row.kind]
            yield label, f"{self._address('recipients', row.pk)}?only={only}"
        yield from super().links(request, row)

    def tables_below(self, request: HttpRequest, row: Notification) -> Iterable[tables.Table]:
        readable = content.may_read(request, row)
        if readable:
            yield from content.tables_of(row)
        yield from answers.tables_of(request, row, readable=readable)

    def get_urls(self) -> list[URLPattern]:
        def view(
            name: str, model: type[Model], read: Callable[..., copies.Page]
        ) -> Callable[[HttpRequest, str], HttpResponse]:
            def answer(request: HttpRequest, object_id: str) -> HttpResponse:
                row = self._row(request, object_id)
                if not base.may_view(request, model):
                    raise PermissionDenied
                return self._copies(request, row, name=name, read=read)

            return self._guarded(answer)

        return [
            path(
                "<path:object_id>/recipients/",
                view("recipients", Recipient, copies.recipients),
                name=self._name("recipients"),
            ),
            path(
                "<path:object_id>/deliveries/",
                view("deliveries", Delivery, copies.deliveries),
                name=self._name("deliveries"),
            ),
            *super().get_urls(),
        ]

    def _copies(
        self,
        request: HttpRequest,
        notification: Notification,
        *,
        name: str,
        read: Callable[..., copies.Page],
    ) -> HttpResponse:
        asked = copies.asked(request)
        try:
            found = read(notification, staff=request.user, **asked)
        except errors.Invalid as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(self._address(name, notification.pk))
        reading.note(
            request,
            kind="notification",
            subject_id=notification.pk,
            now=clock.now(),
            people=found.people,
            page=name,
        )
        return self.page(
            request,
            notification,
            title=name.capitalize(),
            table=found.table,
            next=found.following,
            page_size=copies.PAGE_ROWS,
            **asked,
        )
