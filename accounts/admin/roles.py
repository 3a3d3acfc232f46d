"""Roles of the staff, and which groups of the directory give which."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from accounts import roles
from accounts.admin import acts, base, tables
from accounts.admin import forms as fields
from accounts.models import GroupRole, RoleGrant, Staff, Subsystem


class TermsForm(forms.Form):
    """A role, and its limits."""

    role = forms.ChoiceField(choices=RoleGrant.Role.choices)
    subsystem = forms.ModelChoiceField(
        Subsystem.objects.order_by("key"),
        required=False,
        label="Sub-system",
        help_text="Owners and senders have one; an auditor without one is the whole hub's.",
    )
    geo = forms.CharField(
        max_length=64, required=False, help_text="Only people of this geo. Empty: of any."
    )
    affiliate = forms.CharField(
        max_length=128,
        required=False,
        help_text="Only people of this affiliate, and sub-systems bound to it alone.",
    )
    ceiling = fields.Expression(
        required=False,
        help_text="What this person sends or releases reaches nobody outside this audience, such as"
        ' {"any": [{"department": "Finance"}]}. Empty: no such limit.',
    )


class Giving(TermsForm):
    """Who gets which role."""

    field_order = ("staff", "role", "subsystem", "geo", "affiliate", "ceiling")
    staff = forms.CharField(max_length=150, help_text="The user name of a member of the staff.")

    def clean_staff(self) -> Staff:
        found = Staff.objects.filter(username=self.cleaned_data["staff"]).first()
        if found is None:
            raise forms.ValidationError("No member of the staff has this name.")
        return found


class Mapping(TermsForm):
    """Which group gives which role."""

    field_order = ("group", "role", "subsystem", "geo", "affiliate", "ceiling")
    group = forms.CharField(
        max_length=256, help_text="Its name in the directory. Groups inside it count as well."
    )


def terms_of(data: Any) -> roles.Terms:
    """The terms in a filled-in form."""
    subsystem = data["subsystem"]
    return roles.Terms(
        role=data["role"],
        subsystem_id=None if subsystem is None else subsystem.pk,
        geo=data["geo"],
        affiliate=data["affiliate"],
        ceiling=data["ceiling"],
    )


def give(deed: acts.Deed) -> None:
    """A role for somebody."""
    roles.give(
        staff_id=deed.data["staff"].pk, terms=terms_of(deed.data), actor=deed.actor, now=deed.now
    )


def take_back(deed: acts.Deed) -> None:
    """A role less."""
    roles.take_back(grant_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def map_group(deed: acts.Deed) -> None:
    """A group that gives a role."""
    roles.map_group(
        group=deed.data["group"], terms=terms_of(deed.data), actor=deed.actor, now=deed.now
    )


def unmap_group(deed: acts.Deed) -> None:
    """A group that gives it no more."""
    roles.unmap_group(group_role_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def is_by_hand(grant: RoleGrant) -> bool:
    """Whether staff gave it, so that staff may take it back."""
    return grant.source == RoleGrant.Source.HAND


class LimitedAdmin(base.ReadOnlyAdmin):
    """What both pages show of a role's limits."""

    list_select_related: ClassVar[Any] = ("subsystem",)

    @admin.display(description="Sub-system")
    def of_subsystem(self, row: Any) -> str:
        return tables.NOTHING if row.subsystem is None else row.subsystem.key

    @admin.display(description="People")
    def people(self, row: Any) -> str:
        said = [f"geo {row.geo}"] if row.geo else []
        said += [f"affiliate {row.affiliate}"] if row.affiliate else []
        return ", ".join(said) or "any"

    @admin.display(description="Audience ceiling")
    def ceiling_shown(self, row: Any) -> SafeString | str:
        return "none" if row.ceiling is None else tables.json_text(row.ceiling)


@admin.register(RoleGrant)
class RoleGrantAdmin(LimitedAdmin):
    """Who has which role."""

    list_display = ("staff", "role", "of_subsystem", "people", "source", "given_at")
    list_filter = ("role", "source", "subsystem")
    list_select_related = ("subsystem", "staff")
    search_fields = ("staff",)
    search_help_text = "User name of the member of the staff"
    fields = (
        "staff", "role", "of_subsystem", "people", "ceiling_shown", "source", "given_at",
        "given_by",
    )  # fmt: skip
    founding_acts = (
        acts.Act(
            "give",
            "Give a role",
            "It holds at once. Nobody gives a role to themselves.",
            give,
            form=Giving,
            permission="add",
            grave=True,
        ),
    )
    row_acts = (
        acts.Act(
            "take-back",
            "Take back",
            "This person may do nothing more by this role, at once.",
            take_back,
            applies=is_by_hand,
            grave=True,
        ),
    )

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(staff__username=term)


@admin.register(GroupRole)
class GroupRoleAdmin(LimitedAdmin):
    """Which groups of the directory give which roles, from the next sign-in of their members on."""

    list_display = ("group_name", "role", "of_subsystem", "people")
    search_fields = ("group_name",)
    search_help_text = "Name of the group"
    fields = ("group_name", "group_guid", "role", "of_subsystem", "people", "ceiling_shown")
    founding_acts = (
        acts.Act(
            "map",
            "Let a group give a role",
            "Members have it from their next sign-in on, and lose it at the first one after they"
            " have left the group.",
            map_group,
            form=Mapping,
            permission="add",
            grave=True,
        ),
    )
    row_acts = (
        acts.Act(
            "unmap",
            "Remove",
            "Whoever has the role from this group alone loses it at once.",
            unmap_group,
            grave=True,
        ),
    )

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(group_name__icontains=term)
