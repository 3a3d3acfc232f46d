"""The doors of accounts, and two of the tests' own behind which something is counted."""

import uuid
from typing import Any, ClassVar

from django.db import connection
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.views import EmployeeView, SubsystemView
from hub.lib import clock, errors
from notifications.api.mobile.device import OneDevice
from notifications.api.mobile.devices import Devices

handler404 = "hub.problems.not_found"
handler500 = "hub.problems.server_error"


class Order(SubsystemView):
    """Every act is one audit row, written in the transaction of the answer."""

    status: ClassVar[int] = 202

    def post(self, request: Request) -> Response:
        def act() -> Response:
            with connection.cursor() as cursor:
                cursor.execute("SELECT txid_current(), pg_sleep(0.05)")
            from accounts import audit

            audit.record(
                now=clock.now(), actor=self.principal.actor, action="ordered",
                subject_kind="order", subject_id="1",
            )  # fmt: skip
            if request.data == {"fail": True}:
                raise errors.Invalid("No.")
            return Response(
                {"id": uuid.uuid4(), "at": clock.now()}, status=202, headers={"Location": "/x"}
            )

        return idempotency.once(request, principal=self.principal, now=clock.now(), act=act)


class Echo(SubsystemView):
    """Gives back what was understood."""

    class Input(bodies.Body):
        class Inner(bodies.Body):
            name = bodies.Line(max_length=5)
            note = bodies.Text(required=False)

        title = bodies.Line()
        inner = Inner(required=False)
        many = Inner(many=True, required=False)
        numbers = serializers.ListField(child=serializers.IntegerField(), required=False)
        free = serializers.JSONField(required=False)
        word = bodies.Secret(required=False)

    def post(self, request: Request) -> Response:
        given: dict[str, Any] = bodies.validated(self.Input, request.data)
        return Response(given)


class Employees(EmployeeView):
    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/me/devices", Devices.as_view()),
    path("api/v1/me/devices/<uuid:device_id>", OneDevice.as_view()),
    path("api/v1/orders", Order.as_view()),
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/employees-only", Employees.as_view()),
]
