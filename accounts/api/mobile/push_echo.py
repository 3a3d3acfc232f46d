"""POST /me/device/push-echo: the code that came by push comes back."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import activation
from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock


class PushEcho(EmployeeView):
    """Proves that the session is reached at the push address it registered."""

    needs_acceptance = False  # it tells nothing, and the code comes only once

    class Input(bodies.Body):
        """What the push said."""

        id = bodies.Line(max_length=100, help_text="`id` of the push of type `activate`.")

    @extend_schema(
        operation_id="echo_push",
        tags=["Mobile API: employee"],
        summary="Send back the code that came by push",
        request=Input,
        responses=answers({204: None}, refused=[400, 401, 403, 404, 422, 429]),
    )
    def post(self, request: Request) -> Response:
        """Activate the push address: from now on notifications go there.

        Sending it again does no harm. 404: it is not this session's, or another code followed it;
        ignore it.
        """
        given = bodies.validated(self.Input, request.data)
        activation.echo(
            session=self.session,
            code=given["id"],
            actor=self.principal.actor,
            now=clock.now(),
        )
        return Response(status=204)
