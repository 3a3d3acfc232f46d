"""POST /api/v1/me/inbox/{id}/snooze."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import inbox
from notifications.api.shapes import ItemShape


class SnoozeInput(bodies.Body):
    """When it is to come back; null wakes it now."""

    until = bodies.Moment(allow_null=True)


class Snooze(EmployeeView):
    """A person puts something off."""

    @extend_schema(
        operation_id="snooze",
        tags=["Mobile API: inbox"],
        request=SnoozeInput,
        responses=answers({200: ItemShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Put an item off until a moment, or wake it",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The item as it is afterwards; it comes back by itself."""
        body, now = bodies.validated(SnoozeInput, request.data), clock.now()

        def act() -> Response:
            item = inbox.snooze(
                employee_id=self.session.employee_id,
                notification_id=notification_id,
                until=body["until"],
                now=now,
            )
            return Response(item)

        return idempotency.once(request, principal=self.principal, now=now, act=act)
