"""POST and GET /api/v1/notifications."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import ingest, reports
from notifications.api.shapes import (
    SENDABLE,
    ActionShape,
    Fact,
    Link,
    PageInfo,
    PageQuery,
    ReportShape,
)
from notifications.models import Notification
from notifications.models.category import Sensitivity
from notifications.models.notification import Action, Card


class Policy(bodies.Body):
    """How many approvers must approve; one rejection ends it unless `reject_ends` is false."""

    mode = serializers.ChoiceField(choices=["any", "all", "quorum"])
    n = bodies.Whole(required=False, min_value=1, max_value=500)
    reject_ends = bodies.Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A quorum says how many, the others don't."""
        if (attrs["mode"] == "quorum") != ("n" in attrs):
            raise serializers.ValidationError({"n": "A quorum has a number, the others have none."})
        return attrs


class Audience(bodies.Body):
    """Whom it is for: in one of `any`, in each of `all`, in none of `none`."""

    any = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)
    all = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)
    none = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)


class Waves(bodies.Body):
    """Everybody gets it at this hour of their own day, for the first time after the sending."""

    by = serializers.ChoiceField(choices=["time_zone"])
    at = bodies.Pattern(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")


class NotificationInput(bodies.Body):
    """A notification to send."""

    category = bodies.Line(max_length=64)
    kind = serializers.ChoiceField(choices=SENDABLE)
    reference = bodies.Line(max_length=128, required=False, default="", allow_blank=True)
    title = bodies.Line(max_length=200)
    summary = bodies.Line(max_length=500, required=False, default="", allow_blank=True)
    body = bodies.Text(max_length=20_000, required=False, default="", allow_blank=True)
    facts = serializers.ListField(child=Fact(), required=False, default=list, max_length=30)
    links = serializers.ListField(child=Link(), required=False, default=list, max_length=10)
    audience = Audience()
    requester = bodies.Line(max_length=64, required=False, allow_null=True, default=None)
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices, required=False)
    priority = serializers.ChoiceField(
        choices=Notification.Priority.choices, default=Notification.Priority.NORMAL
    )
    waves = Waves(required=False, allow_null=True, default=None)
    joiners = serializers.BooleanField(required=False, default=False)
    send_at = bodies.Moment(required=False, allow_null=True, default=None)
    due_at = bodies.Moment(required=False, allow_null=True, default=None)
    expires_at = bodies.Moment(required=False, allow_null=True, default=None)
    on_expiry = serializers.ChoiceField(choices=["none", "approve", "reject"], default="none")
    policy = Policy(required=False)
    actions = serializers.ListField(child=ActionShape(), required=False, max_length=2)
    collapse_key = bodies.Pattern(
        r"^[A-Za-z0-9._-]+$", max_length=64, required=False, allow_null=True, default=None
    )
    metadata = serializers.DictField(required=False, default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What only a request has is refused on a notice, rather than ignored."""
        if attrs["kind"] != Notification.Kind.REQUEST:
            for name in ("policy", "actions", "requester"):
                if attrs.get(name):
                    raise serializers.ValidationError({name: "Only a request has this."})
            if attrs["on_expiry"] != "none":
                raise serializers.ValidationError({"on_expiry": "Only a request is decided."})
        else:
            for name in ("waves", "joiners"):
                if attrs[name]:
                    raise serializers.ValidationError({name: "Only a notice has this."})
        verbs = [action["verb"] for action in attrs.get("actions") or []]
        if len(set(verbs)) != len(verbs):
            raise serializers.ValidationError({"actions": "Each verb may stand once."})
        return attrs


class AudienceAccepted(bodies.Body):
    """How many the audience has (exact for requests), and the names that match nobody."""

    count = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class Held(bodies.Body):
    """Why it waits for a second person: more recipients than the sender may reach alone."""

    reason = serializers.ChoiceField(choices=["blast_radius"])
    limit = serializers.IntegerField()
    release = serializers.CharField()


class Accepted(bodies.Body):
    """What was accepted, and will not be lost."""

    id = serializers.UUIDField()
    uri = serializers.CharField()
    state = serializers.ChoiceField(choices=Notification.State.choices)
    version = serializers.IntegerField()
    audience = AudienceAccepted()
    held = Held(allow_null=True)


class Query(PageQuery):
    """How to find what was sent."""

    reference = bodies.Line(required=False, max_length=128)
    state = serializers.ChoiceField(required=False, choices=Notification.State.choices)


class PageOfReports(bodies.Body):
    """A page, newest first."""

    entries = ReportShape(many=True)
    page_info = PageInfo()


DEFAULT_ACTIONS = [
    {"verb": "approve", "label": "Approve"},
    {"verb": "reject", "label": "Reject"},
]


class Notifications(SubsystemView):
    """What a sub-system sends."""

    @extend_schema(
        operation_id="send_notification",
        tags=["Sub-system API"],
        request=NotificationInput,
        responses=answers({202: Accepted}, refused=[400, 401, 403, 409, 422, 429, 503]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Send a notice, or ask for a decision",
    )
    def post(self, request: Request) -> Response:
        """Accept a notification; the 202 is given after the commit."""
        draft, now = draft_of(bodies.validated(NotificationInput, request.data)), clock.now()

        def act() -> Response:
            accepted = ingest.accept(draft, caller=self.caller, now=now)
            notification = accepted.notification
            return Response(
                {
                    "id": str(notification.id),
                    "uri": reports.uri(notification),
                    "state": notification.state,
                    "version": notification.version,
                    "audience": {"count": accepted.count, "unknown": list(accepted.unknown)},
                    "held": held(notification),
                },
                status=202,
            )

        return idempotency.once(request, principal=self.principal, now=now, act=act)

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


def held(notification: Notification) -> dict[str, Any] | None:
    """Why a notification waits, and where it is released; None for one that does not wait."""
    if notification.state != Notification.State.HELD:
        return None
    return {
        "reason": "blast_radius",
        "limit": notification.held_over,
        "release": f"{reports.uri(notification)}/release",
    }


def draft_of(body: dict[str, Any]) -> ingest.Draft:
    """The domain's draft of a checked body."""
    card: Card = {
        "title": body["title"],
        "summary": body["summary"],
        "body": body["body"],
        "facts": [dict(fact) for fact in body["facts"]],
        "links": [dict(link) for link in body["links"]],
    }
    if body["kind"] == Notification.Kind.REQUEST:
        card["actions"] = [action_of(a) for a in body.get("actions") or DEFAULT_ACTIONS]
    return ingest.Draft(
        category=body["category"],
        kind=body["kind"],
        card=card,
        audience=body["audience"],
        reference=body["reference"],
        requester=body["requester"],
        sensitivity=body.get("sensitivity"),
        priority=body["priority"],
        collapse_key=body["collapse_key"] or "",
        metadata=body["metadata"],
        policy=dict(body.get("policy") or {}),
        waves=None if body["waves"] is None else dict(body["waves"]),
        joiners=body["joiners"],
        send_at=body["send_at"],
        due_at=body["due_at"],
        expires_at=body["expires_at"],
        on_expiry=body["on_expiry"],
    )


def action_of(given: dict[str, Any]) -> Action:
    """An action with its effect; an empty comment rule means that the category decides."""
    return {
        "verb": given["verb"],
        "label": given["label"],
        "effect": given["verb"],
        "comment": given.get("comment", ""),
    }
