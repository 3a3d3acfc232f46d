"""To how many people a sub-system may send without a second person."""

from django import forms

from accounts import subsystems
from accounts.admin import acts
from accounts.models import Subsystem


class BlastRadius(forms.Form):
    """To how many people it may send alone."""

    recipients = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10_000_000,
        help_text="Empty: as many as the hub's setting says. 0: a second person for everything.",
    )


def set_blast_radius(deed: acts.Deed) -> None:
    """To how many people it may send alone."""
    subsystems.set_blast_radius(
        subsystem_id=deed.subject.pk,
        recipients=deed.data["recipients"],
        actor=deed.actor,
        now=deed.now,
    )


def present_blast_radius(subsystem: Subsystem) -> dict[str, object]:
    """What the form of the blast radius begins with."""
    return {"recipients": subsystem.blast_radius}


ACT = acts.Act(
    "blast-radius",
    "Set blast radius",
    "What it sends to more people than this is held until a second person releases it.",
    set_blast_radius,
    form=BlastRadius,
    initial=present_blast_radius,
    permission="limit",
    grave=True,
)
