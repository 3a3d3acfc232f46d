"""GET /api/v1/me/changes."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, etags
from accounts.api.views import EmployeeView, answers
from notifications import changes
from notifications.api.shapes import ItemShape


class Query(bodies.Body):
    """Where the phone stands."""

    since = serializers.CharField(required=False, max_length=300)


class ChangesShape(bodies.Body):
    """What changed; `full` says to read the inbox anew, `more` to come again at once."""

    entries = ItemShape(many=True)
    removed = serializers.ListField(
        child=serializers.UUIDField(), help_text="What the reader sees no more."
    )
    cursor = serializers.CharField()
    full = serializers.BooleanField()
    more = serializers.BooleanField()


class Changes(EmployeeView):
    """The feed a phone follows."""

    @extend_schema(
        operation_id="follow_changes",
        tags=["Mobile API: inbox"],
        parameters=[Query, etags.IF_NONE_MATCH],
        responses=answers({200: ChangesShape, **etags.NOT_MODIFIED}, refused=[401, 403, 422, 429]),
        summary="What changed since a cursor; misses nothing",
    )
    def get(self, request: Request) -> Response:
        """The employee's own changes."""
        query = bodies.query(Query, request.query_params)
        feed = changes.since(
            employee_id=self.session.employee_id, cursor=query.get("since") or None
        )
        return etags.answer(
            request,
            {
                "entries": feed.entries,
                "removed": feed.removed,
                "cursor": feed.cursor,
                "full": feed.full,
                "more": feed.more,
            },
        )
