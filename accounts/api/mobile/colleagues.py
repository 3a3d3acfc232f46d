"""GET /me/colleagues: who might stand in for the employee."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import colleagues
from accounts.api import bodies, limits
from accounts.api.views import EmployeeView, answers
from hub.lib import clock


class Query(bodies.Body):
    """How the name, the mail address or the employee id begins."""

    q = bodies.Line(min_length=colleagues.SHORTEST, max_length=64)


class Found(bodies.Body):
    """A colleague, with as much as tells namesakes apart."""

    employee_id = serializers.CharField()
    display_name = serializers.CharField()
    department = serializers.CharField()


class ColleaguesFound(bodies.Body):
    """At most twenty, by name."""

    entries = Found(many=True)


class Colleagues(EmployeeView):
    """For choosing a delegate."""

    @extend_schema(
        operation_id="find_colleagues",
        tags=["Mobile API: employee"],
        summary="Find a colleague by the beginning of a name, a mail address or an employee id",
        parameters=[Query],
        responses=answers({200: ColleaguesFound}, refused=[401, 403, 422, 429]),
    )
    def get(self, request: Request) -> Response:
        """At most twenty enabled colleagues; ask for more letters if there are many."""
        query = bodies.query(Query, request.query_params)
        limits.take(
            subject=f"colleagues:{self.session.employee_id}",
            limit=settings.COLLEAGUE_SEARCHES_A_MINUTE,
            now=clock.now(),
        )
        found = colleagues.search(query["q"], without=self.session.employee_id)
        return Response(ColleaguesFound({"entries": found}).data)
