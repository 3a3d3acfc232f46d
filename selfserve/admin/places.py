"""Where the modules of a sub-system may lead."""

from django import forms
from django.contrib import admin

from accounts.admin import acts, base
from accounts.admin import forms as fields
from accounts.models import Subsystem
from selfserve import places
from selfserve.models import Places


class PlacesForm(forms.Form):
    """Hosts and networks."""

    hosts = fields.Words(
        required=False,
        help_text="Such as leave.corp.example, or *.hr.corp.example for all below it.",
    )
    networks = fields.Words(
        required=False,
        help_text="Such as 10.2.0.0/16: a host that is not named above has to lie in one of them.",
    )


class FirstPlaces(PlacesForm):
    """Whose modules, and where they may lead."""

    field_order = ("subsystem", "hosts", "networks")
    subsystem = forms.ModelChoiceField(Subsystem.objects.filter(places=None).order_by("key"))


def _allow(deed: acts.Deed, subsystem: Subsystem, *, loopback_allowed: bool) -> None:
    places.allow(
        subsystem_id=subsystem.pk,
        allowed=places.Allowed(
            hosts=deed.data["hosts"],
            networks=deed.data["networks"],
            loopback_allowed=loopback_allowed,
        ),
        actor=deed.actor,
        now=deed.now,
    )


def begin(deed: acts.Deed) -> None:
    """Places for a sub-system that had none."""
    _allow(deed, deed.data["subsystem"], loopback_allowed=False)


def change(deed: acts.Deed) -> None:
    """Other places."""
    row = deed.subject
    _allow(deed, row.subsystem, loopback_allowed=row.loopback_allowed)


def present(row: Places) -> dict[str, object]:
    """What the form begins with."""
    return {"hosts": " ".join(row.hosts), "networks": " ".join(row.networks)}


@admin.register(Places)
class PlacesAdmin(base.ReadOnlyAdmin):
    """By sub-system: the hosts and networks its modules may lead to."""

    list_display = ("subsystem", "hosts", "networks")
    list_select_related = ("subsystem",)
    fields = ("subsystem", "hosts", "networks", "loopback_allowed")
    ordering = ("subsystem__key",)
    founding_acts = (
        acts.Act(
            "allow",
            "Allow places",
            "The sub-system may propose modules that lead there, and nowhere else.",
            begin,
            form=FirstPlaces,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "change",
            "Change",
            "It holds for what is proposed or approved from now on; modules that employees see"
            " stay as they are.",
            change,
            form=PlacesForm,
            initial=present,
        ),
    )
