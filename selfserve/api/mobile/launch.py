"""POST /api/v1/me/modules/{key}/launch."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from selfserve import definition, launches


class LaunchShape(bodies.Body):
    """Where to go now. The address holds a code: open it, and keep it nowhere."""

    address = serializers.CharField()
    expires_at = serializers.DateTimeField()
    opens = serializers.ChoiceField(choices=list(definition.OPENS))
    permissions = serializers.ListField(child=serializers.ChoiceField(definition.PERMISSIONS))


class Launch(EmployeeView):
    """Opening a module."""

    @extend_schema(
        operation_id="launch_module",
        tags=["Mobile API: self-serve"],
        request=None,
        responses=answers({200: LaunchShape}, refused=[401, 403, 404, 409, 429]),
        summary="Open a module: its address with a one-time code in it",
    )
    def post(self, request: Request, module: str) -> Response:
        """The code is good for a minute and once. A form has no address: 409 `module_is_a_form`."""
        made = launches.launch(session=self.session, key=module, now=clock.now())
        return Response(
            {
                "address": made.address,
                "expires_at": clock.text(made.expires_at),
                "opens": made.definition.opens,
                "permissions": made.definition.permissions,
            }
        )
