"""POST and GET /api/v1/notifications."""

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.hot import Answer, Asked, HotSubsystemView
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import answers
from hub.lib import errors
from notifications import ingest, reports
from notifications.api import shapes
from notifications.api.shapes import PageInfo, PageQuery, ReportShape
from notifications.api.subsystem import accepting, inputs
from notifications.models import Notification


class Query(PageQuery):
    """How to find what was sent."""

    reference = bodies.Line(required=False, max_length=128)
    state = serializers.ChoiceField(required=False, choices=Notification.State.choices)


class PageOfReports(bodies.Body):
    """A page, newest first."""

    entries = ReportShape(many=True)
    page_info = PageInfo()


def _answer(results: Sequence[ingest.Result]) -> Answer:
    """Of the one draft."""
    [result] = results
    if isinstance(result, errors.HubError):
        raise result
    return Answer(202, accepting.told(result))


class Notifications(HotSubsystemView):
    """What a sub-system sends."""

    @extend_schema(
        operation_id="send_notification",
        tags=["Sub-system API"],
        request=inputs.NotificationInput,
        responses=answers({202: shapes.Accepted}, refused=[400, 401, 403, 409, 422, 429, 503]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Send a notice, or ask for a decision",
    )
    def post(self, asked: Asked) -> Answer:
        """Accept a notification; the 202 is given after the commit."""
        return accepting.accept(asked, [inputs.read(asked.data)], answer=_answer)

    @extend_schema(
        operation_id="list_notifications",
        tags=["Sub-system API"],
        parameters=[Query],
        responses=answers({200: PageOfReports}, refused=[401, 403, 422, 429]),
        summary="Find what was sent, by reference and state",
    )
    def get(self, request: Request) -> Response:
        """A page of what this sub-system sent with keys of this mode."""
        query = bodies.query(Query, request.query_params)
        page = reports.page(caller=self.caller, **query)
        return Response(
            {
                "entries": page.entries,
                "page_info": {
                    "after": page.after,
                    "before": None,
                    "page_size": query["page_size"],
                },
            }
        )
