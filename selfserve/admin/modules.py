"""Modules: what is proposed and shown, how often it is opened; approving, declining, removing."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin import acts, base, tables
from accounts.models import Subsystem
from selfserve import definition, modules
from selfserve.models import LaunchCount, Module

DAYS_SHOWN = 31
EVERYBODY = {"any": [{"everybody": True}]}


def _choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


class Registration(forms.Form):
    """A module with an address, as staff register it."""

    subsystem = forms.ModelChoiceField(Subsystem.objects.order_by("key"))
    key = forms.SlugField(max_length=64, help_text="For good; such as leave.")
    names = forms.JSONField(
        initial=lambda: {"en": ""}, help_text='By language: {"en": "Leave", "de": "Urlaub"}.'
    )
    descriptions = forms.JSONField(initial=dict, required=False)
    audience = forms.JSONField(initial=lambda: EVERYBODY, help_text="Who sees it.")
    address = forms.CharField(max_length=2048, help_text="Where it opens; https.")
    icon = forms.ChoiceField(choices=_choices(definition.ICONS), initial="apps")
    code_in = forms.ChoiceField(
        choices=_choices(definition.CODE_IN),
        help_text="Which part of the address takes the one-time code.",
    )
    opens = forms.ChoiceField(choices=_choices(definition.OPENS))
    permissions = forms.MultipleChoiceField(
        choices=_choices(definition.PERMISSIONS),
        required=False,
        help_text="What the app asks the phone for.",
    )
    claims = forms.MultipleChoiceField(
        choices=_choices(definition.CLAIMS[1:]),
        required=False,
        help_text="What it learns of who opens it, besides the employee id.",
    )

    def clean_names(self) -> dict[str, str]:
        return self._words("names")

    def clean_descriptions(self) -> dict[str, str]:
        return self._words("descriptions")

    def _words(self, name: str) -> dict[str, str]:
        said = self.cleaned_data[name] or {}
        if not isinstance(said, dict) or not all(isinstance(one, str) for one in said.values()):
            raise forms.ValidationError("An object of texts by language.")
        return said


class Declining(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=500, help_text="Its sub-system reads this.")


def register(deed: acts.Deed) -> None:
    """A module that employees see at once."""
    said = {name: deed.data[name] for name in deed.data if name not in {"subsystem", "key"}}
    modules.register(
        subsystem_id=deed.data["subsystem"].pk,
        key=deed.data["key"],
        wanted=definition.Definition(**said | {"claims": ["employee_id", *said["claims"]]}),
        actor=deed.actor,
        now=deed.now,
    )


def approve(deed: acts.Deed) -> None:
    """Employees see what is proposed."""
    modules.approve(module_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def decline(deed: acts.Deed) -> None:
    """What is proposed is dropped."""
    modules.decline(
        module_id=deed.subject.pk, reason=deed.data["reason"], actor=deed.actor, now=deed.now
    )


def take_away(deed: acts.Deed) -> None:
    """Nobody sees it any more."""
    modules.take_away(module_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def waits(module: Module) -> bool:
    """Whether something is proposed."""
    return module.proposed is not None


def is_there(module: Module) -> bool:
    """Whether it could be taken away."""
    return module.removed_at is None


class Waiting(admin.SimpleListFilter):
    """Those that wait for an administrator."""

    title = "approval"
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waits", "waits")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.exclude(proposed=None) if self.value() == "waits" else queryset


@admin.register(Module)
class ModuleAdmin(base.ReadOnlyAdmin):
    """Modules by sub-system."""

    list_display = ("key", "subsystem", "name", "state", "version", "proposed_at")
    list_filter = ("subsystem", Waiting)
    list_select_related = ("subsystem",)
    search_fields = ("key",)
    search_help_text = "Part of the key"
    personal_kind = "module"
    fieldsets = [
        (None, {"fields": ("subsystem", "key", "state", "version", "declined_reason")}),
        ("When", {"fields": ("proposed_at", "approved_at", "removed_at")}),
        ("Waits for approval", {"fields": ("proposed_text",)}),
        ("What employees see", {"fields": ("shown_text",)}),
    ]
    founding_acts = (
        acts.Act(
            "register",
            "Register module",
            "Employees in its audience see it at once.",
            register,
            form=Registration,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "approve",
            "Approve",
            "Employees in its audience see what is proposed at once. Look at where it leads, at"
            " what it asks the phone for, and at what it learns of people.",
            approve,
            applies=waits,
        ),
        acts.Act(
            "decline",
            "Decline",
            "What is proposed is dropped; what employees see stays.",
            decline,
            form=Declining,
            applies=waits,
        ),
        acts.Act(
            "remove",
            "Remove",
            "Nobody sees or opens it any more; its sub-system may propose it again.",
            take_away,
            applies=is_there,
            permission="delete",
            grave=True,
        ),
    )

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(key__icontains=term)

    @admin.display(description="State")
    def state(self, module: Module) -> str:
        if module.removed_at is not None:
            return "removed"
        shown = "shown" if module.shown is not None else "not shown"
        return f"{shown}, waits for approval" if module.proposed is not None else shown

    @admin.display(description="Name")
    def name(self, module: Module) -> str:
        said = module.shown or module.proposed or {}
        return next(iter(said.get("names", {}).values()), "")

    @admin.display(description="Proposed")
    def proposed_text(self, module: Module) -> SafeString | str:
        return _text(module.proposed)

    @admin.display(description="Shown")
    def shown_text(self, module: Module) -> SafeString | str:
        return _text(module.shown)

    def tables_below(self, request: HttpRequest, row: Module) -> Iterable[tables.Table]:
        counted = LaunchCount.objects.filter(module=row).order_by("-day")[:DAYS_SHOWN]
        yield tables.Table(
            "How often it was used",
            ["Day (UTC)", "Opened", "Code exchanged", "Handed in"],
            [[one.day, one.launches, one.exchanges, one.submissions] for one in counted],
            empty="Not yet.",
        )


def _text(kept: Any) -> SafeString | str:
    return tables.NOTHING if kept is None else tables.json_text(kept)
