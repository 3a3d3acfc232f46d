"""GET /api/v1/callbacks and POST /api/v1/callbacks/{id}/replay."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications.api.shapes import PageInfo, PageQuery
from notifications.callbacks import ledger, replay


class Query(PageQuery):
    """Which events."""

    state = serializers.ChoiceField(required=False, choices=list(ledger.STATES))
    type = bodies.Line(required=False, max_length=32)
    notification = bodies.Id(required=False)


class LastTryShape(bodies.Body):
    """The last try: an HTTP status, or why none came."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    failure = serializers.CharField(allow_blank=True)
    duration_ms = serializers.IntegerField()


class CallbackShape(bodies.Body):
    """One event, and how far it came."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    notification_id = serializers.UUIDField(
        allow_null=True, help_text="Null for what was handed in by a form."
    )
    reference = serializers.CharField(allow_blank=True)
    sequence = serializers.IntegerField()
    state = serializers.ChoiceField(choices=list(ledger.STATES))
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    attempts = serializers.IntegerField()
    last_try = LastTryShape(allow_null=True)
    next_try_at = serializers.DateTimeField(allow_null=True)


class PageOfCallbacks(bodies.Body):
    """A page, newest first."""

    entries = CallbackShape(many=True)
    page_info = PageInfo()


class Callbacks(SubsystemView):
    """What the sub-system was told, and what not yet."""

    @extend_schema(
        operation_id="list_callbacks",
        tags=["Sub-system API"],
        parameters=[Query],
        responses=answers({200: PageOfCallbacks}, refused=[401, 403, 422, 429]),
        summary="Events with their tries, by state, type and notification",
    )
    def get(self, request: Request) -> Response:
        """A page of the events of this sub-system and mode."""
        query = bodies.query(Query, request.query_params)
        page = ledger.page(
            caller=self.caller,
            state=query.get("state"),
            type_=query.get("type"),
            notification=query.get("notification"),
            after=query.get("after"),
            page_size=query["page_size"],
        )
        info = {"after": page.after, "before": None, "page_size": query["page_size"]}
        return Response({"entries": page.entries, "page_info": info})


class ReplayInput(bodies.Body):
    """Nothing has to be said."""


class Replay(SubsystemView):
    """Telling an event again."""

    @extend_schema(
        operation_id="replay_callback",
        tags=["Sub-system API"],
        request=ReplayInput,
        responses=answers({200: CallbackShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Have an event told again, under its own id",
    )
    def post(self, request: Request, event_id: uuid.UUID) -> Response:
        """It is told at once, with all its tries before it; one just being told is left alone."""
        bodies.validated(ReplayInput, request.data)
        now = clock.now()

        def act() -> Response:
            return Response(replay.by_subsystem(caller=self.caller, event_id=event_id, now=now))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
