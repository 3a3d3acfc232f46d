"""POST /api/v1/notifications/erase: what was sent under a reference loses its words."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import erasing


class Erase(SubsystemView):
    """All notifications of one reference."""

    class Input(bodies.Body):
        """The sender's own number for the matter."""

        reference = bodies.Line(max_length=128)

    class Output(bodies.Body):
        """What became of them."""

        erased = serializers.IntegerField(help_text="They have lost their words.")
        open = serializers.IntegerField(help_text="They wait for answers: withdraw them first.")
        held = serializers.IntegerField(help_text="They are under a legal hold.")

    @extend_schema(
        operation_id="erase_content",
        tags=["Sub-system API"],
        summary="Erase what was sent under a reference",
        request=Input,
        responses=answers({200: Output}, refused=[400, 401, 403, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Titles, texts, facts, metadata, comments, inputs and questions go; decisions stay."""
        body = bodies.validated(self.Input, request.data)
        now = clock.now()

        def act() -> Response:
            done = erasing.by_reference(caller=self.caller, reference=body["reference"], now=now)
            return Response(asdict(done))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
