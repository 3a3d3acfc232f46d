"""POST /api/v1/modules/exchange."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from selfserve import launches


class ExchangeInput(bodies.Body):
    """The code from the module's address, and which module it came to."""

    code = bodies.Secret(max_length=200)
    module = bodies.Slug(max_length=64)


class IdentityShape(bodies.Body):
    """Who opened the module; `claims` holds what it is entitled to, and nothing else."""

    module = serializers.CharField()
    employee_id = serializers.CharField()
    claims = serializers.DictField(child=serializers.CharField(allow_blank=True))
    launched_at = serializers.DateTimeField()


class Exchange(SubsystemView):
    """From a one-time code to who opened the module."""

    @extend_schema(
        operation_id="exchange_launch_code",
        tags=["Sub-system API"],
        request=ExchangeInput,
        responses=answers({200: IdentityShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        summary="Learn who opened a module, once for each code",
    )
    def post(self, request: Request) -> Response:
        """Within a minute of the launch, by a live key, once: a repeat is refused and audited."""
        body = bodies.validated(ExchangeInput, request.data)
        found = launches.exchange(
            caller=self.caller, code=body["code"], key=body["module"], now=clock.now()
        )
        return Response(
            {
                "module": found.module,
                "employee_id": found.employee_id,
                "claims": found.claims,
                "launched_at": clock.text(found.launched_at),
            }
        )
