"""GET /api/v1/me/answers."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, etags
from accounts.api.views import EmployeeView
from accounts.api.views import answers as described
from notifications import answers
from notifications.api.actions import EFFECTS
from notifications.api.shapes import DecisionShape, PageInfo, PageQuery
from notifications.models import Notification


class GivenShape(bodies.Body):
    """An answer and what became of it; `counts` is false where the content changed after it."""

    notification_id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=Notification.State.choices)
    verb = serializers.CharField()
    effect = serializers.ChoiceField(choices=EFFECTS)
    comment = serializers.CharField(allow_null=True)
    inputs = serializers.DictField(allow_null=True)
    version = serializers.IntegerField()
    step = serializers.IntegerField()
    responded_at = serializers.DateTimeField()
    counts = serializers.BooleanField()
    decision = DecisionShape(allow_null=True)


class PageOfAnswers(bodies.Body):
    """A page, newest first."""

    entries = GivenShape(many=True)
    page_info = PageInfo()


class Answers(EmployeeView):
    """What the employee answered."""

    @extend_schema(
        operation_id="list_own_answers",
        tags=["Mobile API: inbox"],
        parameters=[PageQuery, etags.IF_NONE_MATCH],
        responses=described(
            {200: PageOfAnswers, **etags.NOT_MODIFIED}, refused=[401, 403, 422, 429]
        ),
        summary="One's own answers, and what became of them",
    )
    def get(self, request: Request) -> Response:
        """A page of what this person answered, newest first."""
        query = bodies.query(PageQuery, request.query_params)
        page = answers.page(employee_id=self.session.employee_id, **query)
        info = {"after": page.after, "before": None, "page_size": query["page_size"]}
        return etags.answer(request, {"entries": page.entries, "page_info": info})
