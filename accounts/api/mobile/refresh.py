"""POST /auth/refresh: the next pair of tokens."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_log, addresses, rotation
from accounts.api import bodies
from accounts.api.mobile import shown
from accounts.api.views import OpenView, answers
from accounts.devices import Session
from accounts.directory import choose
from hub.lib import clock


class Refresh(OpenView):
    """The refresh token is the proof, so no access token is needed."""

    class Input(bodies.Body):
        """The present refresh token, and what changed of the app since."""

        refresh_token = bodies.Secret(max_length=200)
        app_version = bodies.Line(max_length=64, required=False)
        os_version = bodies.Line(max_length=64, required=False)

    class Output(shown.Tokens):
        """The next pair."""

    @extend_schema(
        operation_id="refresh",
        tags=["Mobile API: session"],
        summary="Exchange a refresh token for the next pair",
        request=Input,
        responses=answers({200: Output}, refused=[400, 401, 403, 422, 503]),
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next pair.

        If the answer is lost, send the same one again within a minute: the answer is the same.
        An older one ends the session: `session_revoked`. An app older than the hub serves gets
        `upgrade_required`, and its token stays good.
        """
        given = bodies.validated(self.Input, request.data)
        client_address, now = addresses.of_client(request), clock.now()
        opened = rotation.refresh(
            text=given["refresh_token"],
            directory=choose.configured(),
            client_address=client_address,
            now=now,
            app=rotation.App(given.get("app_version"), given.get("os_version")),
        )
        session = Session(opened.device_id, opened.employee_id)
        access_log.ledger.note(session=session, client_address=client_address, now=now)
        return Response(self.Output(shown.pair(opened.pair, device_id=opened.device_id)).data)
