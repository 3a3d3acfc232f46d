"""GET /api/v1/me/modules, and favourites."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from selfserve import catalogue
from selfserve.api.shapes import SeenShape, seen


class Query(bodies.Body):
    """What is looked for."""

    q = bodies.Line(required=False, max_length=100, allow_blank=True, default="")
    only = serializers.ChoiceField(choices=["favourites", "recent"], required=False)


class SeenModules(bodies.Body):
    """All of them; there is no second page."""

    entries = SeenShape(many=True)


class Modules(EmployeeView):
    """What the employee can open and fill in."""

    @extend_schema(
        operation_id="list_modules",
        tags=["Mobile API: self-serve"],
        parameters=[Query],
        responses=answers({200: SeenModules}, refused=[401, 403, 422, 429]),
        summary="The modules that are there for the employee",
    )
    def get(self, request: Request) -> Response:
        """By name in the employee's language; the recent ones the latest first, ten at most."""
        query = bodies.query(Query, request.query_params)
        found = catalogue.seen(
            employee_id=self.session.employee_id, q=query["q"], only=query.get("only")
        )
        return Response({"entries": [seen(one) for one in found]})


class Favourite(EmployeeView):
    """Whether a module is one of the employee's favourites."""

    @extend_schema(
        operation_id="make_favourite",
        tags=["Mobile API: self-serve"],
        request=None,
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
        summary="Make a module a favourite",
    )
    def put(self, request: Request, module: str) -> Response:
        """Repeating changes nothing."""
        self._set(module, favourite=True)
        return Response(status=204)

    @extend_schema(
        operation_id="unmake_favourite",
        tags=["Mobile API: self-serve"],
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
        summary="Make a module no favourite",
    )
    def delete(self, request: Request, module: str) -> Response:
        """Repeating changes nothing."""
        self._set(module, favourite=False)
        return Response(status=204)

    def _set(self, module: str, *, favourite: bool) -> None:
        catalogue.set_favourite(
            employee_id=self.session.employee_id, key=module, favourite=favourite, now=clock.now()
        )
