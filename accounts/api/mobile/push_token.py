"""PUT /me/device/push-token: where this phone is reached."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import activation, devices
from accounts.api import bodies
from accounts.api.mobile import projects
from accounts.api.views import EmployeeView, answers
from accounts.models import Device
from hub.lib import clock


class PushToken(EmployeeView):
    """The push address of the session that speaks."""

    class Input(bodies.Body):
        """A registration token or an installation id of Firebase."""

        push_token = bodies.Line(max_length=4096)
        push_kind = serializers.ChoiceField(choices=Device.PushKind.choices, required=False)
        push_project = projects.PushProject(required=False)
        time_zone = bodies.Line(
            max_length=64, required=False, allow_blank=True, help_text="Such as Europe/Vienna."
        )

    @extend_schema(
        operation_id="register_push_token",
        tags=["Mobile API: employee"],
        summary="Say where this phone is reached",
        request=Input,
        responses=answers({204: None}, refused=[400, 401, 403, 422, 429]),
    )
    def put(self, request: Request) -> Response:
        """Say where this phone is reached. Send it at every start of the app: it may be lost.

        A new address counts once the app has sent back the code that is pushed there (`push-echo`).
        """
        given = bodies.validated(self.Input, request.data)
        activation.register(
            device_id=self.session.device_id,
            address=given["push_token"],
            kind=given.get("push_kind", Device.PushKind.TOKEN),
            project=given.get("push_project", ""),
            actor=self.principal.actor,
            now=clock.now(),
        )
        devices.note_time_zone(
            device_id=self.session.device_id, time_zone=given.get("time_zone", "")
        )
        return Response(status=204)
