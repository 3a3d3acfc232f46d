"""POST /api/v1/me/inbox/{id}/acknowledge."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import acknowledgements
from notifications.api.shapes import ItemShape


class AcknowledgeInput(bodies.Body):
    """Which version of the content the person has read."""

    version = bodies.Whole(min_value=1, max_value=2_000_000_000)


class Acknowledge(EmployeeView):
    """A person confirms that they have read it."""

    @extend_schema(
        operation_id="acknowledge",
        tags=["Mobile API: inbox"],
        request=AcknowledgeInput,
        responses=answers({200: ItemShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Confirm that one has read it",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """Confirmed once a version; the item as it is afterwards, or why it can't be confirmed."""
        body, now = bodies.validated(AcknowledgeInput, request.data), clock.now()

        def act() -> Response:
            item = acknowledgements.acknowledge(
                employee_id=self.session.employee_id,
                notification_id=notification_id,
                version=body["version"],
                now=now,
            )
            return Response(item)

        return idempotency.once(request, principal=self.principal, now=now, act=act)
