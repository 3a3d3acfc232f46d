"""GET /api/v1/me/inbox/{id}/attachments/{n}."""

import uuid
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import EmployeeView, answers
from notifications import attachments, inbox

FILE: dict[Any, Any] = {(200, kind): OpenApiTypes.BINARY for kind in attachments.TYPES}


class OneAttachment(EmployeeView):
    """A file that came with an item."""

    @extend_schema(
        operation_id="read_attachment",
        tags=["Mobile API: inbox"],
        responses=FILE | answers({}, refused=[401, 403, 404, 429]),
        summary="A file that came with an item, to be saved",
    )
    def get(self, request: Request, notification_id: uuid.UUID, number: int) -> HttpResponse:
        """For whoever sees the item, for as long as they do; never shown by a browser itself."""
        card = inbox.card(employee_id=self.session.employee_id, notification_id=notification_id)
        file = attachments.read(card, notification_id=notification_id, number=number)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return HttpResponse(file.content, content_type=file.type, headers=headers)
