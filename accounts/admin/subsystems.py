"""Sub-systems: who they are, where they are called back, their keys and secrets."""

from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import callback_endpoints, subsystems
from accounts.admin import acts, base, blast_radius, bounds, keys, tables
from accounts.admin import forms as fields
from accounts.models import ApiKey, CallbackSecret, Subsystem

SIGNING_ADVICE = (
    "The sub-system checks the signature of its callbacks with it. While two secrets are live,"
    " callbacks carry both signatures; retire the older one once the new one is in use. It cannot"
    " be shown again."
)


class Creation(forms.Form):
    """What a new sub-system is called."""

    key = forms.SlugField(max_length=64, help_text="Short, for good: payroll, it-tickets.")
    name = forms.CharField(max_length=128, help_text="What employees read.")


class Endpoint(forms.Form):
    """Where callbacks go."""

    url = forms.CharField(
        max_length=2048,
        required=False,
        label="Callback address",
        help_text="Empty: nothing is sent, the sub-system pulls.",
        widget=forms.TextInput(attrs={"class": "vURLField", "inputmode": "url"}),
    )
    networks = fields.Words(
        required=False,
        label="Allowed networks",
        help_text="Such as 10.2.0.0/16, separated by spaces. Empty: any but those never allowed.",
    )
    ports = fields.Words(
        required=False,
        label="Allowed ports",
        help_text="Separated by spaces. Empty: any.",
    )


def create(deed: acts.Deed) -> None:
    """A new sub-system."""
    subsystems.create(key=deed.data["key"], name=deed.data["name"], actor=deed.actor, now=deed.now)


def pause(deed: acts.Deed) -> None:
    """Accept and send nothing."""
    subsystems.pause(subsystem_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def resume(deed: acts.Deed) -> None:
    """Accept and send again."""
    subsystems.resume(subsystem_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def add_secret(deed: acts.Deed) -> acts.Secret:
    """A new callback secret, shown once."""
    text = subsystems.add_callback_secret(
        subsystem_id=deed.subject.pk, actor=deed.actor, now=deed.now
    )
    return acts.Secret("The new callback secret", text, SIGNING_ADVICE)


def set_endpoint(deed: acts.Deed) -> None:
    """Where callbacks go."""
    ports = [int(p) if p.isascii() and p.isdigit() else p for p in deed.data["ports"]]
    callback_endpoints.register(
        subsystem_id=deed.subject.pk,
        endpoint=callback_endpoints.Endpoint(
            url=deed.data["url"],
            networks=deed.data["networks"],
            ports=ports,
            loopback_allowed=deed.subject.callback_loopback_allowed,
        ),
        actor=deed.actor,
        now=deed.now,
    )


def present_endpoint(subsystem: Subsystem) -> dict[str, object]:
    """What the form of the endpoint begins with."""
    return {
        "url": subsystem.callback_url,
        "networks": " ".join(subsystem.callback_networks),
        "ports": " ".join(str(port) for port in subsystem.callback_ports),
    }


def is_running(subsystem: Subsystem) -> bool:
    """Whether there is something to pause."""
    return subsystem.paused_at is None


def is_paused(subsystem: Subsystem) -> bool:
    """Whether there is something to resume."""
    return subsystem.paused_at is not None


@admin.register(Subsystem)
class SubsystemAdmin(base.ReadOnlyAdmin):
    """Sub-systems, with their keys and secrets below."""

    list_display = ("key", "name", "running", "callback_url", "created_at")
    ordering = ("key",)
    search_fields = ("key",)
    search_help_text = "Part of the key or of the name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "key",
                    "name",
                    "created_at",
                    "paused_at",
                    "requests_a_minute",
                    "blast_radius",
                    "ceiling",
                    "affiliates_shown",
                )
            },
        ),
        (
            "Callbacks",
            {
                "fields": (
                    "callback_url",
                    "callback_off_at",
                    "networks",
                    "ports",
                    "callback_loopback_allowed",
                )
            },
        ),
    )
    founding_acts = (
        acts.Act(
            "create",
            "Add sub-system",
            "It can do nothing yet: issue a key to it afterwards.",
            create,
            form=Creation,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "issue-key",
            "Issue key",
            "The key is shown once, on the next page.",
            keys.issue,
            form=keys.Issue,
            applies=subsystems.is_for_others,
        ),
        acts.Act(
            "add-secret",
            "Add callback secret",
            "The secret is shown once, on the next page. Two may be live at a time.",
            add_secret,
        ),
        acts.Act(
            "endpoint",
            "Set callback address",
            "The address is looked up and checked now, and again at every callback. An endpoint"
            " that was switched off by its answer is switched on again.",
            set_endpoint,
            form=Endpoint,
            initial=present_endpoint,
        ),
        blast_radius.ACT,
        *bounds.ACTS,
        acts.Act(
            "pause",
            "Pause",
            "Nothing is accepted from the sub-system and nothing is sent for it until it is"
            " resumed. Nothing is lost.",
            pause,
            applies=is_running,
            grave=True,
        ),
        acts.Act(
            "resume",
            "Resume",
            "Notifications are accepted again, and what has waited is sent.",
            resume,
            applies=is_paused,
        ),
    )

    @admin.display(description="Running", boolean=True)
    def running(self, subsystem: Subsystem) -> bool:
        return is_running(subsystem)

    @admin.display(description="Affiliates")
    def affiliates_shown(self, subsystem: Subsystem) -> str:
        return ", ".join(subsystem.affiliates) or "everybody's"

    @admin.display(description="Allowed networks")
    def networks(self, subsystem: Subsystem) -> str:
        return ", ".join(subsystem.callback_networks) or "any but those never allowed"

    @admin.display(description="Allowed ports")
    def ports(self, subsystem: Subsystem) -> str:
        return ", ".join(str(port) for port in subsystem.callback_ports) or "any"

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(key__icontains=term) | queryset.filter(name__icontains=term)

    def tables_below(self, request: HttpRequest, row: Subsystem) -> Iterable[tables.Table]:
        if base.may_view(request, ApiKey):
            found = (
                base.seen(request, ApiKey)
                .filter(subsystem=row)
                .order_by("-pk")[: tables.ROWS_AT_MOST]
            )
            yield tables.Table(
                "Keys",
                ["Begins with", "Mode", "Name", "State", "Issued", "Last used", "Good until"],
                [
                    [
                        tables.link(key),
                        key.mode,
                        key.name or tables.NOTHING,
                        keys.state_of(key),
                        tables.moment(key.created_at),
                        tables.moment(key.last_used_at),
                        tables.moment(key.expires_at),
                    ]
                    for key in found
                ],
                empty="No key yet.",
            )
        if base.may_view(request, CallbackSecret):
            secrets = (
                base.seen(request, CallbackSecret)
                .filter(subsystem=row)
                .defer("secret")
                .order_by("-pk")
            )
            yield tables.Table(
                "Callback secrets",
                ["Secret", "Added", "Retired"],
                [
                    [
                        tables.link(secret, secret.pk),
                        tables.moment(secret.created_at),
                        tables.moment(secret.retired_at),
                    ]
                    for secret in secrets[: tables.ROWS_AT_MOST]
                ],
                empty="None yet: callbacks cannot be signed.",
            )
