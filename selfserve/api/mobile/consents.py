"""PUT and DELETE /api/v1/me/modules/{key}/consents/{kind}."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from selfserve import captures


class Consent(EmployeeView):
    """Whether a module may have files, photos or places of the employee."""

    @extend_schema(
        operation_id="give_capture_consent",
        tags=["Mobile API: self-serve"],
        request=None,
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
        summary="Let a module have files, photos or places",
    )
    def put(self, request: Request, form: str, kind: str) -> Response:
        """`file`, `photo` or `location`, for this module only. Nothing is taken without it."""
        captures.agree(employee_id=self.session.employee_id, key=form, kind=kind, now=clock.now())
        return Response(status=204)

    @extend_schema(
        operation_id="withdraw_capture_consent",
        tags=["Mobile API: self-serve"],
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
        summary="Withdraw that, and have erased what the hub holds of it",
    )
    def delete(self, request: Request, form: str, kind: str) -> Response:
        """At once. What the sub-system has fetched already is the sub-system's to erase."""
        captures.withdraw(
            employee_id=self.session.employee_id, key=form, kind=kind, now=clock.now()
        )
        return Response(status=204)
