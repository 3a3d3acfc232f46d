"""GET and PUT /api/v1/me/preferences."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock, digest_windows, quiet_hours
from notifications import preferences
from notifications.api import matching
from notifications.api.shapes import SubsystemShape

HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
OPT_OUTS_AT_MOST = 1000
DIGESTS = (digest_windows.IMMEDIATE, digest_windows.HOURLY, digest_windows.DAILY)
TOGETHER = "Optional notices one by one, or as one message at the end of each hour or day."
DAILY_AT = "When a daily one comes, by the person's clocks."


class QuietWindow(bodies.Body):
    """Silence from an hour until another; one that is not after it is on the next day."""

    days = serializers.ListField(
        child=serializers.ChoiceField(choices=quiet_hours.DAYS), min_length=1, max_length=7
    )
    vars()["from"] = bodies.Pattern(HOUR)
    until = bodies.Pattern(HOUR)


class Channels(bodies.Body):
    """By what optional notices come; what is essential or waits for an answer comes anyway."""

    push = bodies.Flag(default=True)
    email = bodies.Flag(default=True, help_text="Also where a phone is not looked at.")


class OptedOut(bodies.Body):
    """A category that is not essential."""

    subsystem = bodies.Line(max_length=64)
    category = bodies.Line(max_length=64)


class PreferencesInput(bodies.Body):
    """All that may be chosen. What is left out is as usual; `version` may come by If-Match."""

    version = bodies.Whole(required=False, min_value=0)
    language = bodies.Line(max_length=35, default="", allow_blank=True)
    time_zone = bodies.Line(max_length=64, default="", allow_blank=True)
    channels = Channels(required=False)
    quiet_hours = serializers.ListField(
        child=QuietWindow(), default=list, max_length=preferences.WINDOWS_AT_MOST
    )
    digest = serializers.ChoiceField(
        choices=DIGESTS, default=digest_windows.IMMEDIATE, help_text=TOGETHER
    )
    digest_at = bodies.Pattern(HOUR, default=digest_windows.USUAL_HOUR, help_text=DAILY_AT)
    opted_out = serializers.ListField(child=OptedOut(), default=list, max_length=OPT_OUTS_AT_MOST)


class Effective(bodies.Body):
    """What holds, whoever said it."""

    language = serializers.CharField()
    time_zone = serializers.CharField()
    time_zone_from = serializers.ChoiceField(choices=["preferences", "device", "employee", "geo"])


class CategoryChoice(bodies.Body):
    """A category, and whether its notices are wanted."""

    subsystem = SubsystemShape()
    category = serializers.CharField()
    name = serializers.CharField()
    essential = serializers.BooleanField(help_text="Everybody gets it.")
    opted_out = serializers.BooleanField()


class PreferencesShape(bodies.Body):
    """What was chosen, and what holds. Version 0: nothing was ever chosen."""

    version = serializers.IntegerField()
    language = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    channels = Channels()
    quiet_hours = QuietWindow(many=True)
    digest = serializers.ChoiceField(choices=DIGESTS, help_text=TOGETHER)
    digest_at = serializers.CharField(help_text=DAILY_AT)
    effective = Effective()
    categories = CategoryChoice(many=True)


def wish(body: dict[str, Any]) -> preferences.Wish:
    """The domain's wish of a checked body."""
    return preferences.Wish(
        language=body["language"],
        time_zone=body["time_zone"],
        push=body.get("channels", {}).get("push", True),
        mail=body.get("channels", {}).get("email", True),
        quiet_hours=[dict(window) for window in body["quiet_hours"]],
        digest=body["digest"],
        digest_at=body["digest_at"],
        opted_out=frozenset((one["subsystem"], one["category"]) for one in body["opted_out"]),
    )


class Preferences(EmployeeView):
    """How the employee wants to be reached."""

    @extend_schema(
        operation_id="read_preferences",
        tags=["Mobile API: employee"],
        summary="How you want to be reached, and what can be refused",
        responses=answers({200: PreferencesShape}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """The version is the ETag too."""
        return _answer(preferences.read(employee_id=self.session.employee_id))

    @extend_schema(
        operation_id="put_preferences",
        tags=["Mobile API: employee"],
        summary="Choose how you want to be reached",
        request=PreferencesInput,
        parameters=[matching.IF_MATCH],
        responses=answers({200: PreferencesShape}, refused=[400, 401, 403, 412, 422, 429]),
    )
    def put(self, request: Request) -> Response:
        """All of it at once. 412 `preferences_changed` brings what holds by now."""
        body = bodies.validated(PreferencesInput, request.data)
        held = preferences.put(
            employee_id=self.session.employee_id,
            wish=wish(body),
            version=matching.version(request, body.get("version")),
            device_id=self.session.device_id,
            now=clock.now(),
        )
        return _answer(held)


def _answer(held: dict[str, Any]) -> Response:
    return Response(held, headers={"ETag": f'"{held["version"]}"'})
