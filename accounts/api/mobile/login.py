"""POST /auth/login: a name and a password of the directory become a session."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_log, addresses, app_versions, sign_in
from accounts.api import bodies
from accounts.api.mobile import device_key, projects, shown
from accounts.api.views import OpenView, answers
from accounts.directory import choose
from accounts.models import Device
from hub.lib import clock


class Login(OpenView):
    """Sign in; a session that was open on this installation of the app is replaced."""

    class Input(bodies.Body):
        """Who, and on which phone."""

        class Phone(bodies.Body):
            """The installation of the app, as it describes itself."""

            uuid = bodies.Line(
                min_length=8,
                max_length=64,
                help_text="The app's own random id, kept over sign-ins.",
            )
            platform = serializers.ChoiceField(choices=Device.Platform.choices)
            os_version = bodies.Line(max_length=64, required=False, allow_blank=True)
            model = bodies.Line(max_length=128, required=False, allow_blank=True)
            app_version = bodies.Line(max_length=64, required=False, allow_blank=True)
            time_zone = bodies.Line(
                max_length=64, required=False, allow_blank=True, help_text="Such as Europe/Vienna."
            )
            name = bodies.Line(max_length=128, required=False, allow_blank=True)
            push_token = bodies.Line(max_length=4096, required=False, allow_null=True)
            push_kind = serializers.ChoiceField(choices=Device.PushKind.choices, required=False)
            push_project = projects.PushProject(required=False)
            key = device_key.DeviceKey(required=False, allow_null=True)

        username = bodies.Line(max_length=256)
        password = bodies.Secret(max_length=1024)
        device = Phone()

    class Output(shown.Tokens):
        """The session."""

        employee = shown.Employee()

    @extend_schema(
        operation_id="login",
        tags=["Mobile API: session"],
        summary="Sign in with the directory's name and password",
        request=Input,
        responses=answers({200: Output}, refused=[400, 401, 403, 422, 429, 503]),
    )
    def post(self, request: Request) -> Response:
        """Sign in with the directory's name and password.

        Codes to handle: `invalid_credentials`, `password_expired`, `password_must_change`,
        `account_disabled`, `not_an_employee`, `too_many_attempts`, `directory_unavailable`,
        `upgrade_required`.
        """
        given = bodies.validated(self.Input, request.data)
        phone = given["device"]
        # Before the directory is asked: it costs nobody a try.
        app_versions.refuse_old(platform=phone["platform"], version=phone.get("app_version", ""))
        client_address, now = addresses.of_client(request), clock.now()
        signed_in = sign_in.sign_in(
            directory=choose.configured(),
            user_name=given["username"],
            password=given["password"],
            device=sign_in.DeviceClaim(
                installation=phone["uuid"],
                platform=phone["platform"],
                os_version=phone.get("os_version", ""),
                model=phone.get("model", ""),
                app_version=phone.get("app_version", ""),
                time_zone=phone.get("time_zone", ""),
                name=phone.get("name", ""),
                push_address=phone.get("push_token"),
                push_kind=phone.get("push_kind", Device.PushKind.TOKEN),
                push_project=phone.get("push_project", ""),
                key=device_key.read(phone.get("key")),
            ),
            client_address=client_address,
            now=now,
        )
        access_log.ledger.note(session=signed_in.session, client_address=client_address, now=now)
        answer = shown.pair(signed_in.pair, device_id=signed_in.session.device_id)
        answer["employee"] = signed_in.employee
        return Response(self.Output(answer).data)
