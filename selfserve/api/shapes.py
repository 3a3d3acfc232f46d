"""The shapes of modules, as sub-systems send them and as employees read them."""

import base64
import binascii
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api import bodies
from hub.lib import clock
from notifications.api.actions import InputShape
from notifications.api.policies import Audience
from selfserve import definition, inputs, png
from selfserve.catalogue import Seen
from selfserve.definition import Definition
from selfserve.models import Module

STATES = ["proposed", "shown", "changed", "declined", "removed"]
# base64 takes four characters for three bytes.
_PNG_CHARACTERS = png.BYTES_AT_MOST * 4 // 3 + 4


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Words(serializers.DictField):
    """Words by language: {"en": "Apply for leave", "de": "Urlaub beantragen"}."""

    child = bodies.Line(allow_blank=True)


class IconInput(bodies.Body):
    """One of the hub's own by its name, or a small PNG in base64; never an address."""

    name = serializers.ChoiceField(choices=list(definition.ICONS), required=False)
    png = bodies.Line(max_length=_PNG_CHARACTERS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give a name or a PNG.")
        if "png" in attrs:
            try:
                attrs["png"] = base64.b64decode(attrs["png"], validate=True)
            except (binascii.Error, ValueError):
                raise serializers.ValidationError({"png": "This is not base64."}) from None
        return attrs


class FormInputShape(InputShape):
    """Something that a form asks for: as an action does, or what a phone captures."""

    type = serializers.ChoiceField(choices=list(inputs.TYPES))
    labels = Words(required=False)
    max_bytes = bodies.Whole(required=False, min_value=1, max_value=inputs.BYTES_AT_MOST)
    media_types = serializers.ListField(
        child=serializers.ChoiceField(choices=list(inputs.MEDIA_TYPES)),
        required=False,
        min_length=1,
        max_length=len(inputs.MEDIA_TYPES),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Each type has the limits that make sense of it, and no others."""
        checked: dict[str, Any] = super().validate(attrs)
        if "max_bytes" in checked and checked["type"] not in {"file", "photo"}:
            raise serializers.ValidationError({"max_bytes": "Only files and photos have a size."})
        if "media_types" in checked and checked["type"] != "file":
            raise serializers.ValidationError({"media_types": "Only files have types."})
        return {"label": checked["name"], **checked}


class FormDefinition(bodies.Body):
    """A form that the app renders."""

    inputs = serializers.ListField(
        child=FormInputShape(), min_length=1, max_length=definition.INPUTS_AT_MOST
    )


class ModuleInput(bodies.Body):
    """A module to be shown once an administrator has approved it."""

    names = Words()
    descriptions = Words(required=False, default=dict)
    icon = IconInput(required=False)
    audience = Audience()
    address = bodies.Line(required=False, default="", allow_blank=True, max_length=2048)
    code_in = serializers.ChoiceField(choices=list(definition.CODE_IN), default="fragment")
    opens = serializers.ChoiceField(choices=list(definition.OPENS), default="browser")
    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=list(definition.PERMISSIONS)),
        required=False,
        default=list,
        max_length=len(definition.PERMISSIONS),
    )
    claims = serializers.ListField(
        child=serializers.ChoiceField(choices=list(definition.CLAIMS)),
        required=False,
        default=list,
        max_length=len(definition.CLAIMS),
    )
    form = FormDefinition(required=False, allow_null=True, default=None)


def definition_of(body: dict[str, Any]) -> tuple[Definition, bytes | None]:
    """The definition in a checked body, and the picture that comes with it."""
    icon = body.get("icon") or {}
    claims = list(dict.fromkeys(["employee_id", *body["claims"]]))
    form = body["form"]
    wanted = Definition(
        **{
            **body,
            "audience": dict(body["audience"]),
            "icon": icon.get("name", "apps"),
            "claims": claims,
            "form": None if form is None else {"inputs": [dict(one) for one in form["inputs"]]},
        }
    )
    return wanted, icon.get("png")


class IconShape(bodies.Body):
    """One of the hub's own by its name, or the SHA-256 of a PNG that the hub serves."""

    name = serializers.CharField(allow_null=True)
    digest = serializers.CharField(allow_null=True)


class DefinitionShape(bodies.Body):
    """What is shown, or waits to be."""

    names = Words()
    descriptions = Words()
    icon = IconShape()
    audience = serializers.DictField()
    address = serializers.CharField(allow_blank=True)
    code_in = serializers.ChoiceField(choices=list(definition.CODE_IN))
    opens = serializers.ChoiceField(choices=list(definition.OPENS))
    permissions = serializers.ListField(child=serializers.CharField())
    claims = serializers.ListField(child=serializers.CharField())
    form = FormDefinition(allow_null=True)


class ModuleShape(bodies.Body):
    """A module as its sub-system reads it: what employees see, and what waits for approval."""

    key = serializers.CharField()
    state = serializers.ChoiceField(
        choices=STATES, help_text="`changed`: it is shown, and another proposal waits."
    )
    version = serializers.IntegerField(help_text="Counts the approvals.")
    shown = DefinitionShape(allow_null=True)
    proposed = DefinitionShape(allow_null=True)
    declined_reason = serializers.CharField(allow_blank=True)
    approved_at = serializers.DateTimeField(allow_null=True)


def state_of(module: Module) -> str:
    """One word for where a module stands."""
    if module.removed_at is not None:
        return "removed"
    if module.shown is not None:
        return "shown" if module.proposed is None else "changed"
    return "declined" if module.proposed is None else "proposed"


def icon_of(name: str) -> dict[str, str | None]:
    """An icon as it is told."""
    own = name in definition.ICONS
    return {"name": name if own else None, "digest": None if own else name}


def module_shown(module: Module) -> dict[str, Any]:
    """A module as its sub-system reads it."""
    return {
        "key": module.key,
        "state": state_of(module),
        "version": module.version,
        "shown": _defined(module.shown),
        "proposed": _defined(module.proposed),
        "declined_reason": module.declined_reason,
        "approved_at": clock.text(module.approved_at),
    }


def _defined(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if kept is None else {**kept, "icon": icon_of(kept["icon"])}


class OwnerShape(bodies.Body):
    """Whose module it is."""

    key = serializers.CharField()
    name = serializers.CharField()


class SeenShape(bodies.Body):
    """A module as one employee sees it, in their language."""

    key = serializers.CharField()
    subsystem = OwnerShape()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    icon = IconShape()
    type = serializers.ChoiceField(choices=["page", "form"])
    opens = serializers.ChoiceField(choices=list(definition.OPENS))
    permissions = serializers.ListField(child=serializers.ChoiceField(definition.PERMISSIONS))
    version = serializers.IntegerField()
    favourite = serializers.BooleanField()
    used_at = serializers.DateTimeField(allow_null=True)


def seen(one: Seen) -> dict[str, Any]:
    """A module as one employee reads it."""
    return {
        "key": one.module.key,
        "subsystem": {"key": one.module.subsystem.key, "name": one.module.subsystem.name},
        "name": one.name,
        "description": one.description,
        "icon": icon_of(one.definition.icon),
        "type": "page" if one.definition.form is None else "form",
        "opens": one.definition.opens,
        "permissions": one.definition.permissions,
        "version": one.module.version,
        "favourite": one.favourite,
        "used_at": clock.text(one.used_at),
    }
