"""GET /me/access-log: from where one's devices spoke."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_log
from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from accounts.models import Access, Device
from notifications.api.shapes import PageInfo, PageQuery


class AccessLog(EmployeeView):
    """Of all one's devices, ended ones included; nobody else's."""

    class Output(bodies.Body):
        """A page, newest first."""

        class Entry(bodies.Body):
            """A device, a network address and a day in UTC."""

            class From(bodies.Body):
                """The device, as it described itself."""

                id = serializers.UUIDField()
                platform = serializers.ChoiceField(choices=Device.Platform.choices)
                model = serializers.CharField()
                name = serializers.CharField()
                current = serializers.BooleanField(help_text="Whether it is the one that asks.")

            day = serializers.DateField()
            address = serializers.CharField(
                allow_null=True, help_text="Null where the hub saw none."
            )
            device = From()
            first_at = serializers.DateTimeField()
            last_at = serializers.DateTimeField()
            requests = serializers.IntegerField(help_text="The last seconds may not be in it yet.")

        entries = Entry(many=True)
        page_info = PageInfo()

    @extend_schema(
        operation_id="read_access_log",
        tags=["Mobile API: employee"],
        summary="From which network addresses your devices spoke",
        parameters=[PageQuery],
        responses=answers({200: Output}, refused=[401, 403, 422, 429]),
    )
    def get(self, request: Request) -> Response:
        """A row for each device, network address and day, newest first."""
        query = bodies.query(PageQuery, request.query_params)
        page = access_log.page(employee_id=self.session.employee_id, **query)
        info = {"after": page.after, "before": None, "page_size": query["page_size"]}
        entries = [self._entry(row) for row in page.entries]
        return Response(self.Output({"entries": entries, "page_info": info}).data)

    def _entry(self, row: Access) -> dict[str, Any]:
        device = row.device
        return {
            "day": row.day,
            "address": row.address or None,
            "device": {
                "id": device.pk,
                "platform": device.platform,
                "model": device.model,
                "name": device.name,
                "current": device.pk == self.session.device_id,
            },
            "first_at": row.first_at,
            "last_at": row.last_at,
            "requests": row.requests,
        }
