"""Categories: what a sub-system may send and how it is treated."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet

from accounts.admin import acts, base
from accounts.models import Subsystem
from notifications import categories
from notifications.models import Category
from notifications.models.category import Sensitivity

TRAITS = (
    "name", "essential", "sensitivity", "reject_needs_comment", "strict_acknowledgement",
    "bulk_answers", "step_up", "escalation", "on_expiry", "fallback_group",
)  # fmt: skip


UNSAID: dict[str, Any] = {"escalation": [], "on_expiry": "none"}


class TraitsForm(forms.Form):
    """How the notifications of a category are treated."""

    name = forms.CharField(max_length=128, help_text="What employees read.")
    essential = forms.BooleanField(
        required=False, initial=True, help_text="Employees cannot mute it."
    )
    sensitivity = forms.ChoiceField(
        choices=Sensitivity.choices,
        initial=Sensitivity.INTERNAL,
        help_text="Public: the title may be pushed. Internal: a generic line. Restricted: nothing.",
    )
    reject_needs_comment = forms.BooleanField(
        required=False, initial=True, help_text="Whoever rejects says why."
    )
    strict_acknowledgement = forms.BooleanField(
        required=False,
        help_text="A callback counts as heard only if the answer quotes its id.",
    )
    bulk_answers = forms.BooleanField(
        required=False, help_text="Employees may answer many of its requests by one act."
    )
    step_up = forms.BooleanField(
        required=False,
        help_text="Answers are only taken signed by the person's phone; it holds at once.",
    )
    escalation = forms.JSONField(
        initial=list,
        required=False,
        help_text='While nobody answers, such as [{"after": "P1D", "do": "remind"},'
        ' {"after": "P3D", "do": "manager"}, {"after": "P5D", "do": "group", "group": "Board"}].'
        " Where a notification does not say it itself.",
    )
    on_expiry = forms.ChoiceField(
        choices=[(each, each) for each in ("none", "approve", "reject")],
        initial="none",
        required=False,
        help_text="What ends a request at its expiry, where it does not say it itself.",
    )
    fallback_group = forms.CharField(
        max_length=256,
        required=False,
        help_text="A group of the directory that answers where there is no manager left.",
    )


class CreationForm(TraitsForm):
    """A new category, of which sub-system and under which key."""

    field_order = ("subsystem", "key", *TRAITS)
    subsystem = forms.ModelChoiceField(Subsystem.objects.order_by("key"))
    key = forms.CharField(max_length=64, help_text="For good; such as expense.approval.")


def traits_of(data: Any) -> categories.Traits:
    """The traits in a filled-in form."""
    traits = {name: data[name] for name in TRAITS}
    return categories.Traits(
        **traits | {name: traits[name] or default for name, default in UNSAID.items()}
    )


def create(deed: acts.Deed) -> None:
    """A new category."""
    categories.create(
        subsystem_id=deed.data["subsystem"].pk,
        key=deed.data["key"],
        traits=traits_of(deed.data),
        actor=deed.actor,
        now=deed.now,
    )


def edit(deed: acts.Deed) -> None:
    """Other traits."""
    categories.edit(
        category_id=deed.subject.pk, traits=traits_of(deed.data), actor=deed.actor, now=deed.now
    )


class KeepForm(forms.Form):
    """How long."""

    days = forms.IntegerField(
        required=False, min_value=1, max_value=36_500, help_text="Empty: as the setting says."
    )


def keep(deed: acts.Deed) -> None:
    """Another period."""
    categories.keep_for(category_id=deed.subject.pk, actor=deed.actor, now=deed.now, **deed.data)


def present_traits(category: Category) -> dict[str, object]:
    """What the form begins with."""
    return {name: getattr(category, name) for name in TRAITS}


@admin.register(Category)
class CategoryAdmin(base.ReadOnlyAdmin):
    """Categories by sub-system."""

    list_display = ("key", "name", "subsystem", "sensitivity", "essential")
    list_filter = ("subsystem", "sensitivity")
    list_select_related = ("subsystem",)
    search_fields = ("key",)
    search_help_text = "Part of the key or of the name"
    fields = ("subsystem", "key", *TRAITS, "kept_days")
    founding_acts = (
        acts.Act(
            "create",
            "Add category",
            "The sub-system may send notifications of this category at once.",
            create,
            form=CreationForm,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "edit",
            "Edit",
            "It holds for what is sent from now on; notifications already sent stay as they are.",
            edit,
            form=TraitsForm,
            initial=present_traits,
        ),
        acts.Act(
            "keep",
            "Keep for",
            "After so many days what a notification said and who had it is deleted; who decided"
            " what stays for the legal period.",
            keep,
            form=KeepForm,
            initial=lambda category: {"days": category.kept_days},
        ),
    )

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(key__icontains=term) | queryset.filter(name__icontains=term)
