"""POST /api/v1/notifications/{id}/reply."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import questions, reports
from notifications.api.shapes import ReportShape


class SubsystemReplyInput(bodies.Body):
    """The reply, and to which question."""

    question_id = bodies.Id()
    text = bodies.Text(max_length=2000)


class SubsystemReply(SubsystemView):
    """The sub-system's word on a question that was put to it."""

    @extend_schema(
        operation_id="reply_as_subsystem",
        tags=["Sub-system API"],
        request=SubsystemReplyInput,
        responses=answers({200: ReportShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Reply to a question of an approver",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The record; who asked is pushed, and all who see the request read the reply."""
        body, now = bodies.validated(SubsystemReplyInput, request.data), clock.now()

        def act() -> Response:
            notification = questions.reply_by_subsystem(
                caller=self.caller, notification_id=notification_id, now=now, **body
            )
            return Response(reports.report(notification))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
