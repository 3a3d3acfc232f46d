"""POST /api/v1/notifications/{id}/settle."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import settlement
from notifications.api.subsystem import ended
from notifications.models.notification import Settlement


class SettleInput(bodies.Body):
    """How the matter was completed; those who received it read all three."""

    outcome = bodies.Line(max_length=64)
    by = bodies.Line(max_length=128, required=False, default="", allow_blank=True)
    note = bodies.Line(max_length=500, required=False, default="", allow_blank=True)


class Settle(SubsystemView):
    """The matter was completed elsewhere."""

    @extend_schema(
        operation_id="settle_notification",
        tags=["Sub-system API"],
        request=SettleInput,
        responses=answers({200: ended.Ended}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Say that the matter was completed elsewhere",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """Nobody can answer it any more, and phones clear it; repeating it changes nothing.

        409 `already_closed` brings the notification's record, if it has ended by another road.
        """
        body, now = bodies.validated(SettleInput, request.data), clock.now()
        said: Settlement = {"outcome": body["outcome"], "by": body["by"], "note": body["note"]}

        def act() -> Response:
            done = settlement.by_subsystem(
                caller=self.caller, notification_id=notification_id, settlement=said, now=now
            )
            return Response(ended.told(done))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
