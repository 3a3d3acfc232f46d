"""POST /api/v1/me/responses."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import standing
from accounts.api import bodies
from accounts.api.schema import Problem
from accounts.api.views import EmployeeView, answers
from accounts.directory import choose
from hub.lib import clock, errors, problem
from notifications import inbox
from notifications.api.mobile.response import ResponseInput
from notifications.api.shapes import ItemShape
from notifications.approvals import bulk, respond


class OneResponse(ResponseInput):
    """An answer, and to which item."""

    id = bodies.Id()


class ResponsesInput(bodies.Body):
    """Answers, each for itself: what is wrong with one does not stop the others."""

    responses = serializers.ListField(child=OneResponse(), min_length=1, max_length=bulk.AT_MOST)


class ResponseResult(bodies.Body):
    """What became of one: 200 and the item, or another status and why."""

    status = serializers.IntegerField()
    item = ItemShape(required=False)
    problem = Problem(required=False)


class ResponseResults(bodies.Body):
    """One result for each answer, in order."""

    results = ResponseResult(many=True)


class Responses(EmployeeView):
    """Many answers by one act."""

    @extend_schema(
        operation_id="respond_to_many",
        tags=["Mobile API: inbox"],
        request=ResponsesInput,
        responses=answers({207: ResponseResults}, refused=[400, 401, 403, 422, 429]),
        summary="Answer up to 50 items of categories that allow it",
    )
    def post(self, request: Request) -> Response:
        """Each is recorded by itself. Sending it again does no harm: the same answer is answered
        alike."""
        body, now = bodies.validated(ResponsesInput, request.data), clock.now()
        standing.confirm(
            employee_id=self.session.employee_id,
            directory=choose.configured(),
            now=now,
            fail_closed=any(one["proof"] for one in body["responses"]),
        )
        ones = [self._one(dict(said)) for said in body["responses"]]
        ends = bulk.respond_all(ones, employee_id=self.session.employee_id, now=now)
        return Response({"results": [_told(end) for end in ends]}, status=207)

    def _one(self, said: dict[str, Any]) -> bulk.One:
        notification_id = said.pop("id")
        answer = respond.Answer(**said, device_id=self.session.device_id)
        return bulk.One(notification_id, answer)


def _told(end: inbox.Item | errors.HubError) -> dict[str, Any]:
    if isinstance(end, errors.HubError):
        return {"status": end.status, "problem": problem.of_error(end)}
    return {"status": 200, "item": end}
