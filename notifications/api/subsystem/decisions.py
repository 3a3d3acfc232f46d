"""GET /api/v1/decisions and POST /api/v1/decisions/{id}/outcome."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import reports
from notifications.api.subsystem.notification import FullReport
from notifications.callbacks import feed, outcomes
from notifications.callbacks.verdicts import MESSAGE_CHARACTERS
from notifications.models import Decision


class Query(bodies.Body):
    """Where the reader stands."""

    after = serializers.CharField(required=False, max_length=300)
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=feed.PAGE, default=feed.PAGE
    )


class EventShape(bodies.Body):
    """One event, as a callback tells it."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]  # DRF takes it off the class


class EventsShape(bodies.Body):
    """Events in the order in which they became known; hand `cursor` back as `after`."""

    entries = EventShape(many=True)
    cursor = serializers.CharField()
    restarted = serializers.BooleanField()
    more = serializers.BooleanField()


class Decisions(SubsystemView):
    """The pull feed."""

    @extend_schema(
        operation_id="follow_decisions",
        tags=["Sub-system API"],
        parameters=[Query],
        responses=answers({200: EventsShape}, refused=[401, 403, 422, 429]),
        summary="The events of the callbacks, to be pulled; misses nothing",
    )
    def get(self, request: Request) -> Response:
        """The events of this sub-system and mode after a cursor; without one, from the oldest."""
        query = bodies.query(Query, request.query_params)
        page = feed.after(
            caller=self.caller, cursor=query.get("after"), page_size=query["page_size"]
        )
        return Response(
            {
                "entries": page.entries,
                "cursor": page.cursor,
                "restarted": page.restarted,
                "more": page.more,
            }
        )


class OutcomeInput(bodies.Body):
    """What became of the decision, and a sentence for the people."""

    status = serializers.ChoiceField(choices=sorted(Decision.FINAL))
    message = bodies.Line(
        required=False, default="", allow_blank=True, max_length=MESSAGE_CHARACTERS
    )


class Outcome(SubsystemView):
    """The sub-system's word on a decision."""

    @extend_schema(
        operation_id="tell_outcome",
        tags=["Sub-system API"],
        request=OutcomeInput,
        responses=answers({200: FullReport}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Say what became of a decision, where a callback's answer could not",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """Final once said; the same again is answered alike, the other is 409 `outcome_final`."""
        body, now = bodies.validated(OutcomeInput, request.data), clock.now()

        def act() -> Response:
            outcomes.tell(caller=self.caller, notification_id=notification_id, now=now, **body)
            return Response(reports.one(caller=self.caller, notification_id=notification_id))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
