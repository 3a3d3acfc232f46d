"""GET /api/v1/me/counts and /api/v1/me/counts/categories."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, etags
from accounts.api.views import EmployeeView, answers
from notifications import inbox
from notifications.api.shapes import SubsystemShape


class CountsShape(bodies.Body):
    """Each up to 100; `capped` where one of them reached it."""

    unread = serializers.IntegerField()
    waiting = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    capped = serializers.BooleanField()


class Counts(EmployeeView):
    """What a badge shows."""

    @extend_schema(
        operation_id="read_counts",
        tags=["Mobile API: inbox"],
        parameters=[etags.IF_NONE_MATCH],
        responses=answers({200: CountsShape, **etags.NOT_MODIFIED}, refused=[401, 403, 429]),
        summary="How many are unread, wait for an answer, are put off",
    )
    def get(self, request: Request) -> Response:
        """The employee's own counts."""
        return etags.answer(request, inbox.counts(employee_id=self.session.employee_id))


class CountedCategory(bodies.Body):
    """A category, by its key within its sub-system."""

    key = serializers.CharField()
    name = serializers.CharField()


class CategoryCount(bodies.Body):
    """What is unread and what waits in a category, each up to 100."""

    subsystem = SubsystemShape()
    category = CountedCategory()
    unread = serializers.IntegerField()
    waiting = serializers.IntegerField()
    capped = serializers.BooleanField()


class CountsByCategory(bodies.Body):
    """The categories that have any."""

    entries = CategoryCount(many=True)


class CategoryCounts(EmployeeView):
    """What a filter shows beside each category."""

    @extend_schema(
        operation_id="read_counts_by_category",
        tags=["Mobile API: inbox"],
        parameters=[etags.IF_NONE_MATCH],
        responses=answers({200: CountsByCategory, **etags.NOT_MODIFIED}, refused=[401, 403, 429]),
        summary="How many are unread and wait, category by category",
    )
    def get(self, request: Request) -> Response:
        """Of the newest 1,000 that are unread, and as many that wait."""
        entries = inbox.counts_by_category(employee_id=self.session.employee_id)
        return etags.answer(request, {"entries": entries})
