"""POST /api/v1/me/inbox/{id}/question and POST /api/v1/me/inbox/{id}/reply."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import questions
from notifications.api.shapes import ItemShape
from notifications.models import Question


class QuestionInput(bodies.Body):
    """What the approver wants to know, and of whom."""

    to = serializers.ChoiceField(choices=Question.To.choices)
    text = bodies.Text(max_length=2000)


class ReplyInput(bodies.Body):
    """The reply, and to which question of the item's thread."""

    question_id = bodies.Id()
    text = bodies.Text(max_length=2000)


class Ask(EmployeeView):
    """A question instead of an answer."""

    @extend_schema(
        operation_id="ask_back",
        tags=["Mobile API: inbox"],
        request=QuestionInput,
        responses=answers({200: ItemShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Ask the requester or the sub-system before answering",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The item as it is afterwards; it goes on waiting for the answer."""
        body, now = bodies.validated(QuestionInput, request.data), clock.now()

        def act() -> Response:
            item = questions.ask(
                employee_id=self.session.employee_id,
                notification_id=notification_id,
                now=now,
                **body,
            )
            return Response(item)

        return idempotency.once(request, principal=self.principal, now=now, act=act)


class Reply(EmployeeView):
    """The requester's word."""

    @extend_schema(
        operation_id="reply_to_question",
        tags=["Mobile API: inbox"],
        request=ReplyInput,
        responses=answers({200: ItemShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Reply to a question about one's own request",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The item as it is afterwards; who asked is pushed."""
        body, now = bodies.validated(ReplyInput, request.data), clock.now()

        def act() -> Response:
            item = questions.reply(
                employee_id=self.session.employee_id,
                notification_id=notification_id,
                now=now,
                **body,
            )
            return Response(item)

        return idempotency.once(request, principal=self.principal, now=now, act=act)
