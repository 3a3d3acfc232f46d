"""POST /api/v1/notifications/{id}/release."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import blast_radius, reports
from notifications.api.shapes import ReportShape


class ReleaseInput(bodies.Body):
    """Nothing has to be said."""


class Release(SubsystemView):
    """The second person's word."""

    @extend_schema(
        operation_id="release_notification",
        tags=["Sub-system API"],
        request=ReleaseInput,
        responses=answers({200: ReportShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Release what is held, with another key than the one that sent it",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """It is sent now, or at its `send_at`; repeating it changes nothing."""
        bodies.validated(ReleaseInput, request.data)
        now = clock.now()

        def act() -> Response:
            released = blast_radius.release_by_subsystem(
                caller=self.caller, notification_id=notification_id, now=now
            )
            return Response(reports.report(released))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
