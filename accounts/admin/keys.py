"""Keys and callback secrets of sub-systems: when they were made, used and ended; never the text."""

import uuid
from datetime import UTC, datetime, time

from django import forms
from django.contrib import admin
from django.db.models import QuerySet

from accounts import subsystems
from accounts.admin import acts, base, bounds
from accounts.models import ApiKey, CallbackSecret, Subsystem
from hub.lib import clock

ADVICE = (
    "Give it to the sub-system's developers by a safe road. It is not kept here and cannot be"
    " shown again."
)


class Issue(forms.Form):
    """What a new key is for, and for how long."""

    mode = forms.ChoiceField(choices=ApiKey.Mode.choices)
    name = forms.CharField(max_length=128, required=False, help_text="Where it is used.")
    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day it is good for (UTC). Empty: until it is revoked.",
    )

    def clean_last_day(self) -> object:
        day = self.cleaned_data["last_day"]
        if day is not None and day < clock.now().date():
            raise forms.ValidationError("That day has passed.")
        return day


def issue(deed: acts.Deed) -> acts.Secret:
    """A new key, shown once."""
    day = deed.data["last_day"]
    issued = subsystems.issue_key(
        subsystem=deed.subject,
        mode=deed.data["mode"],
        name=deed.data["name"],
        expires_at=None if day is None else datetime.combine(day, time.max, tzinfo=UTC),
        actor=deed.actor,
        now=deed.now,
    )
    return acts.Secret(f"The new {issued.key.mode} key", issued.text, ADVICE)


def revoke(deed: acts.Deed) -> None:
    """End a key."""
    subsystems.revoke_key(key_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def retire(deed: acts.Deed) -> None:
    """End a callback secret."""
    subsystems.retire_callback_secret(secret_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def is_unrevoked(key: ApiKey) -> bool:
    """Whether there is something to revoke."""
    return key.revoked_at is None


def is_live(secret: CallbackSecret) -> bool:
    """Whether callbacks are signed with it."""
    return secret.retired_at is None


def state_of(key: ApiKey) -> str:
    """Usable, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= clock.now() else "usable"


class OfSubsystem(base.ReadOnlyAdmin):
    """What belongs to a sub-system is found by the sub-system's key."""

    list_select_related = ("subsystem",)
    search_fields = ("subsystem__key",)
    search_help_text = "Key of the sub-system, or id"

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        try:
            return queryset.filter(pk=uuid.UUID(term))
        except ValueError:
            return queryset.filter(subsystem__in=Subsystem.objects.filter(key=term))


@admin.register(ApiKey)
class ApiKeyAdmin(OfSubsystem):
    """Keys, by how they begin."""

    list_display = ("hint", "subsystem", "mode", "name", "state", "last_used_at", "expires_at")
    list_filter = ("mode", "subsystem")
    fields = (
        "hint", "subsystem", "mode", "name", "state",
        "ceiling", "created_at", "last_used_at", "expires_at", "revoked_at",
    )  # fmt: skip
    row_acts = (
        acts.Act(
            "revoke",
            "Revoke",
            "Whoever uses this key is refused from now on. This cannot be undone.",
            revoke,
            applies=is_unrevoked,
            grave=True,
        ),
        bounds.OF_A_KEY,
    )

    @admin.display(description="State")
    def state(self, key: ApiKey) -> str:
        return state_of(key)


@admin.register(CallbackSecret)
class CallbackSecretAdmin(OfSubsystem):
    """Secrets that callbacks are signed with, by their id."""

    list_display = ("id", "subsystem", "created_at", "live")
    list_filter = ("subsystem",)
    fields = ("id", "subsystem", "created_at", "retired_at")
    row_acts = (
        acts.Act(
            "retire",
            "Retire",
            "Callbacks are signed with this secret no more. Do it once the sub-system checks"
            " against the newer one. This cannot be undone.",
            retire,
            applies=is_live,
            grave=True,
        ),
    )

    @admin.display(description="Live", boolean=True)
    def live(self, secret: CallbackSecret) -> bool:
        return is_live(secret)
