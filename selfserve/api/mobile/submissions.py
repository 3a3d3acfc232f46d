"""GET /api/v1/me/submissions."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications.api.shapes import PageInfo, PageQuery
from notifications.models import Notification
from selfserve import submissions
from selfserve.models import Submission


class FormOfShape(bodies.Body):
    """The module whose form it was; its name is the key where it is shown no more."""

    key = serializers.CharField()
    name = serializers.CharField()


class AboutShape(bodies.Body):
    """A notification that the sub-system sent about it; read it in the inbox."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=Notification.State.choices)
    arrived_at = serializers.DateTimeField()


class HandedInShape(bodies.Body):
    """What was handed in, and what became of it."""

    reference = serializers.CharField()
    module = FormOfShape()
    submitted_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=Submission.Outcome.choices)
    message = serializers.CharField(allow_null=True)
    outcome_at = serializers.DateTimeField(allow_null=True)
    notifications = AboutShape(many=True)


class PageOfSubmissions(bodies.Body):
    """A page, newest first."""

    entries = HandedInShape(many=True)
    page_info = PageInfo()


class Submissions(EmployeeView):
    """What the employee handed in."""

    @extend_schema(
        operation_id="list_submissions",
        tags=["Mobile API: self-serve"],
        parameters=[PageQuery],
        responses=answers({200: PageOfSubmissions}, refused=[401, 403, 422, 429]),
        summary="What one handed in, and what became of it",
    )
    def get(self, request: Request) -> Response:
        """A page, newest first, each with the notifications about it."""
        query = bodies.query(PageQuery, request.query_params)
        page = submissions.page(employee_id=self.session.employee_id, now=clock.now(), **query)
        info = {"after": page.after, "before": None, "page_size": query["page_size"]}
        return Response({"entries": page.entries, "page_info": info})
