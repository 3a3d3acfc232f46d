"""Whom a sub-system and its keys may reach: ceilings and affiliates, set by administrators."""

from django import forms

from accounts import ceilings
from accounts.admin import acts
from accounts.admin import forms as fields
from accounts.models import ApiKey, Subsystem


class Ceiling(forms.Form):
    """An audience that bounds what is sent."""

    ceiling = fields.Expression(
        required=False,
        help_text='An audience, such as {"any": [{"geo": "DE"}]}. Whoever is outside is as unknown'
        " to the sender as somebody who is not there. Empty: no such limit.",
    )


class Affiliates(forms.Form):
    """Whose people it is there for."""

    affiliates = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, as the directory has it. Empty: everybody's.",
    )


def set_ceiling(deed: acts.Deed) -> None:
    """A sub-system's ceiling."""
    ceilings.set_for_subsystem(
        subsystem_id=deed.subject.pk,
        ceiling=deed.data["ceiling"],
        actor=deed.actor,
        now=deed.now,
    )


def set_ceiling_of_key(deed: acts.Deed) -> None:
    """A key's ceiling."""
    ceilings.set_for_key(
        key_id=deed.subject.pk, ceiling=deed.data["ceiling"], actor=deed.actor, now=deed.now
    )


def bind(deed: acts.Deed) -> None:
    """A sub-system's affiliates."""
    lines = [line for line in deed.data["affiliates"].splitlines() if line.strip()]
    ceilings.bind(subsystem_id=deed.subject.pk, affiliates=lines, actor=deed.actor, now=deed.now)


def present_ceiling(row: Subsystem | ApiKey) -> dict[str, object]:
    """What the form begins with."""
    return {"ceiling": row.ceiling}


def present_affiliates(subsystem: Subsystem) -> dict[str, object]:
    """What the form begins with."""
    return {"affiliates": "\n".join(subsystem.affiliates)}


ACTS = (
    acts.Act(
        "ceiling",
        "Set audience ceiling",
        "Nothing that is accepted from it from now on reaches anybody outside.",
        set_ceiling,
        form=Ceiling,
        initial=present_ceiling,
        permission="limit",
        grave=True,
    ),
    acts.Act(
        "affiliates",
        "Bind to affiliates",
        "Where affiliates are kept apart, it reaches their people only. An affiliate's own"
        " administrators see the sub-systems that are bound to that affiliate alone.",
        bind,
        form=Affiliates,
        initial=present_affiliates,
        permission="limit",
        grave=True,
    ),
)
OF_A_KEY = acts.Act(
    "ceiling",
    "Set audience ceiling",
    "Nothing that is accepted with this key from now on reaches anybody outside.",
    set_ceiling_of_key,
    form=Ceiling,
    initial=present_ceiling,
    permission="limit",
    grave=True,
)
