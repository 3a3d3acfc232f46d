"""GET, PUT and DELETE /api/v1/modules/{key}."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from selfserve import modules
from selfserve.api import shapes


class OneModule(SubsystemView):
    """One module of the sub-system."""

    @extend_schema(
        operation_id="read_module",
        tags=["Sub-system API"],
        responses=answers({200: shapes.ModuleShape}, refused=[401, 403, 404, 429]),
        summary="One of the sub-system's modules",
    )
    def get(self, request: Request, module: str) -> Response:
        """What employees see of it, and what waits for approval."""
        return Response(shapes.module_shown(modules.one(caller=self.caller, key=module)))

    @extend_schema(
        operation_id="put_module",
        tags=["Sub-system API"],
        request=shapes.ModuleInput,
        responses=answers(
            {200: shapes.ModuleShape, 201: shapes.ModuleShape},
            refused=[400, 401, 403, 422, 429],
        ),
        summary="Propose a module, or another form of it",
    )
    def put(self, request: Request, module: str) -> Response:
        """201 for a new one. Employees see it, or the change, once an administrator approves it."""
        body = bodies.validated(shapes.ModuleInput, request.data)
        wanted, picture = shapes.definition_of(body)
        put, made = modules.put(
            caller=self.caller, key=module, wanted=wanted, picture=picture, now=clock.now()
        )
        return Response(shapes.module_shown(put), status=201 if made else 200)

    @extend_schema(
        operation_id="remove_module",
        tags=["Sub-system API"],
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
        summary="Take a module away",
    )
    def delete(self, request: Request, module: str) -> Response:
        """Nobody sees it from now on; what was handed in by its form stays. Repeating is fine."""
        modules.remove(caller=self.caller, key=module, now=clock.now())
        return Response(status=204)
