"""GET /me: what the hub knows of the employee."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.mobile import shown
from accounts.api.views import EmployeeView, answers
from accounts.models import Employee


class Me(EmployeeView):
    """The employee who speaks."""

    @extend_schema(
        operation_id="read_me",
        tags=["Mobile API: employee"],
        summary="Yourself, as the directory has you",
        responses=answers({200: shown.Employee}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """Yourself, as the directory has you."""
        row = Employee.objects.select_related("manager").get(pk=self.session.employee_id)
        return Response(shown.Employee(row).data)
