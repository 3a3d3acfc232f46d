"""The shapes of the answers a request offers, and of what they ask for."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api import bodies
from notifications.approvals import inputs

EFFECTS = ["approve", "reject", "answer"]
OWN_EFFECT = ("approve", "reject")  # verbs whose effect is their name
COMMENTS = ["none", "optional", "required"]
ACTIONS_AT_MOST = 6
INPUTS_AT_MOST = 10


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string", "format": "date"}]})
class Bound(serializers.Field[Any, Any, Any, Any]):
    """The least or the greatest value: a number, or a date as YYYY-MM-DD."""

    default_error_messages = {"invalid": "A number, or a date as YYYY-MM-DD."}

    def to_internal_value(self, data: object) -> object:
        """The value as it was given."""
        if isinstance(data, int | float) and not isinstance(data, bool):
            return data
        if not inputs.is_date(data):
            self.fail("invalid")
        return data

    def to_representation(self, value: object) -> object:
        """As it is."""
        return value


class InputShape(bodies.Body):
    """Something that an answer says besides its verb and its comment."""

    name = bodies.Pattern(r"^[a-z][a-z0-9_]*$", max_length=40)
    label = bodies.Line(max_length=80, required=False)  # type: ignore[assignment]  # DRF takes it off the class
    type = serializers.ChoiceField(choices=list(inputs.CHECKS))
    required = bodies.Flag(required=False, default=False)  # type: ignore[assignment]  # as label
    min = Bound(required=False)
    max = Bound(required=False)
    max_length = bodies.Whole(required=False, min_value=1, max_value=2000)
    options = serializers.ListField(
        child=bodies.Line(max_length=80), required=False, min_length=1, max_length=50
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Each type has the limits that make sense of it, and no others."""
        type_, flaws = attrs["type"], {}
        if (type_ in {"select", "multi-select"}) != ("options" in attrs):
            flaws["options"] = "Selections have options, the others have none."
        elif len(set(attrs.get("options", ()))) < len(attrs.get("options", ())):
            flaws["options"] = "Each option may stand once."
        if "max_length" in attrs and type_ != "text":
            flaws["max_length"] = "Only a text has a length."
        bounds = {name: attrs[name] for name in ("min", "max") if name in attrs}
        for name, bound in bounds.items():
            if not _bounds(type_, bound):
                flaws[name] = "A number for numbers, a date for dates, a count for multi-selects."
        if not flaws and len(bounds) == 2 and bounds["min"] > bounds["max"]:
            flaws["max"] = "Not less than min."
        if flaws:
            raise serializers.ValidationError(flaws)
        return attrs


def _bounds(type_: str, bound: object) -> bool:
    """Whether that is a limit of such an input."""
    if type_ == "date":
        return isinstance(bound, str)
    if type_ == "multi-select":
        return isinstance(bound, int) and 0 <= bound <= 50
    return type_ == "number" and not isinstance(bound, str)


class ActionShape(bodies.Body):
    """One answer a request offers: `approve`, `reject`, or a verb of your own with its effect."""

    verb = bodies.Pattern(r"^[a-z][a-z0-9_-]*$", max_length=32)
    label = bodies.Line(max_length=40)  # type: ignore[assignment]  # DRF takes it off the class
    effect = serializers.ChoiceField(choices=EFFECTS, required=False)
    comment = serializers.ChoiceField(choices=COMMENTS, required=False)
    step_up = bodies.Flag(required=False)
    inputs = serializers.ListField(child=InputShape(), required=False, max_length=INPUTS_AT_MOST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """`approve` and `reject` are what they say; other verbs say what they count as."""
        own = attrs["verb"] if attrs["verb"] in OWN_EFFECT else None
        if own is None and "effect" not in attrs:
            raise serializers.ValidationError(
                {"effect": serializers.ErrorDetail("Say what it counts as.", "required")}
            )
        if own is not None and attrs.get("effect", own) != own:
            raise serializers.ValidationError({"effect": f"The effect of {own} is its name."})
        names = [one["name"] for one in attrs.get("inputs", ())]
        if len(set(names)) < len(names):
            raise serializers.ValidationError({"inputs": "Each name may stand once."})
        return attrs


class ActionOffered(bodies.Body):
    """One answer that is the reader's to give."""

    verb = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF takes it off the class
    effect = serializers.ChoiceField(choices=EFFECTS)
    comment = serializers.CharField(allow_blank=True)
    inputs = InputShape(many=True)
    step_up = serializers.BooleanField(help_text="Whether it is only taken signed.")
