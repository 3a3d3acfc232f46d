"""GET /api/v1/me/inbox."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, etags, limits
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import inbox
from notifications.api.shapes import ItemShape, PageInfo, PageQuery


class Query(PageQuery):
    """Which copies: what came, what waits for the reader, what was put off, what was archived."""

    before = serializers.CharField(required=False, max_length=300)
    state = serializers.ChoiceField(choices=inbox.STATES, default="open")
    category = serializers.CharField(required=False, max_length=64)
    subsystem = serializers.CharField(required=False, max_length=64)
    q = serializers.CharField(
        required=False, min_length=2, max_length=100, help_text="Words to look for, in any order."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One direction at a time."""
        if attrs.get("after") and attrs.get("before"):
            raise serializers.ValidationError({"before": "Give after or before, not both."})
        return attrs


class PageOfItems(bodies.Body):
    """A page: what waits for the reader, then the others, each newest first."""

    entries = ItemShape(many=True)
    page_info = PageInfo()


class Inbox(EmployeeView):
    """What waits for the employee, and what came."""

    @extend_schema(
        operation_id="list_inbox",
        tags=["Mobile API: inbox"],
        parameters=[Query, etags.IF_NONE_MATCH],
        responses=answers({200: PageOfItems, **etags.NOT_MODIFIED}, refused=[401, 403, 422, 429]),
        summary="A page of the inbox: what waits on top, then newest first",
    )
    def get(self, request: Request) -> Response:
        """A page of the employee's own copies."""
        query = bodies.query(Query, request.query_params)
        text = query.pop("q", None)
        if text is not None:
            limits.take(
                subject=f"search:{self.session.employee_id}",
                limit=settings.INBOX_SEARCHES_A_MINUTE,
                now=clock.now(),
            )
        page = inbox.page(employee_id=self.session.employee_id, text=text, **query)
        return etags.answer(
            request,
            {
                "entries": page.entries,
                "page_info": {
                    "after": page.after,
                    "before": page.before,
                    "page_size": query["page_size"],
                },
            },
        )
