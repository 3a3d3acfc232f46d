"""What a notification to be sent looks like, and the domain's draft of it."""

from typing import Any, cast

from rest_framework import serializers

from accounts.api import bodies
from notifications import attachments, drafts, ingest
from notifications.api.actions import ACTIONS_AT_MOST, ActionShape
from notifications.api.escalations import EscalationStep
from notifications.api.policies import Audience, Policy
from notifications.api.shapes import SENDABLE, Fact, Link
from notifications.api.subsystem import quick
from notifications.escalation import plan
from notifications.models import Notification
from notifications.models.category import Sensitivity
from notifications.models.notification import Action, Card, Input


class Waves(bodies.Body):
    """Everybody gets it at this hour of their own day, for the first time after the sending."""

    by = serializers.ChoiceField(choices=["time_zone"])
    at = bodies.Pattern(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")


class NotificationInput(bodies.Body):
    """A notification to send."""

    category = bodies.Line(max_length=64)
    kind = serializers.ChoiceField(choices=SENDABLE)
    reference = bodies.Line(max_length=128, required=False, default="", allow_blank=True)
    title = bodies.Line(max_length=200, required=False, help_text="Needed without a template.")
    template = bodies.Line(max_length=64, required=False, help_text="Of the category, by its key.")
    data = serializers.DictField(  # type: ignore[assignment]  # DRF takes it off the class
        required=False, help_text="What the template takes."
    )
    summary = bodies.Line(max_length=500, required=False, default="", allow_blank=True)
    body = bodies.Text(max_length=20_000, required=False, default="", allow_blank=True)
    facts = serializers.ListField(child=Fact(), required=False, default=list, max_length=30)
    links = serializers.ListField(child=Link(), required=False, default=list, max_length=10)
    attachments = serializers.ListField(
        child=bodies.Id(), required=False, max_length=attachments.AT_MOST
    )
    audience = Audience(required=False, help_text="Of everything but a sequence, which has steps.")
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
    on_expiry = serializers.ChoiceField(choices=["none", "approve", "reject"], required=False)
    escalation = serializers.ListField(
        child=EscalationStep(), required=False, max_length=plan.STEPS_AT_MOST
    )
    policy = Policy(required=False)
    actions = serializers.ListField(child=ActionShape(), required=False, max_length=ACTIONS_AT_MOST)
    supersedes = bodies.Id(required=False, allow_null=True, default=None)
    submission = bodies.Line(max_length=16, required=False, default="", allow_blank=True)
    collapse_key = bodies.Pattern(
        r"^[A-Za-z0-9._-]+$", max_length=64, required=False, allow_null=True, default=None
    )
    metadata = serializers.DictField(required=False, default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What only a request has is refused on a notice, rather than ignored."""
        self._worded(attrs)
        if attrs["kind"] != Notification.Kind.REQUEST:
            for name in ("policy", "actions", "requester"):
                if attrs.get(name):
                    raise serializers.ValidationError({name: "Only a request has this."})
            if attrs.get("on_expiry", "none") != "none":
                raise serializers.ValidationError({"on_expiry": "Only a request is decided."})
        else:
            for name in ("waves", "joiners"):
                if attrs[name]:
                    raise serializers.ValidationError({name: "A request does not have this."})
        mode = (attrs.get("policy") or {}).get("mode")
        if "audience" not in attrs and mode != "sequence":
            missing = serializers.ErrorDetail("Say whom it is for.", "required")
            raise serializers.ValidationError({"audience": missing})
        if "audience" in attrs and mode == "sequence":
            raise serializers.ValidationError({"audience": "Each step of a sequence has its own."})
        flaw = drafts.flaw_of_actions(attrs.get("actions") or [], collects=mode == "collect")
        if flaw is not None:
            raise serializers.ValidationError({"actions": flaw})
        return attrs

    def _worded(self, attrs: dict[str, Any]) -> None:
        """Its words are said, or a template is named that has them; not both."""
        if "template" not in attrs:
            if "title" not in attrs:
                missing = serializers.ErrorDetail("This field is required.", "required")
                raise serializers.ValidationError({"title": missing})
            if attrs.get("data"):
                raise serializers.ValidationError({"data": "Data are for a template: name it."})
            return
        for name in ("title", "summary", "body"):
            if attrs.get(name):
                raise serializers.ValidationError({name: "The template says this."})


DEFAULT_ACTIONS = [
    {"verb": "approve", "label": "Approve"},
    {"verb": "reject", "label": "Reject"},
]


def read(data: object) -> ingest.Draft:
    """The draft in a body. Raises Invalid, telling every flaw by its pointer."""
    body = quick.read(data)
    return draft_of(bodies.validated(NotificationInput, data) if body is None else body)


def draft_of(body: dict[str, Any]) -> ingest.Draft:
    """The domain's draft of a checked body."""
    card: Card = {
        "title": body.get("title", ""),
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
        attachments=body.get("attachments", ()),
        card=card,
        audience=body.get("audience", {}),
        reference=body["reference"],
        template=body.get("template", ""),
        data=body.get("data", {}),
        requester=body["requester"],
        sensitivity=body.get("sensitivity"),
        priority=body["priority"],
        collapse_key=body["collapse_key"] or "",
        supersedes=body.get("supersedes"),
        submission=body.get("submission", ""),
        metadata=body["metadata"],
        policy=dict(body.get("policy") or {}),
        waves=None if body["waves"] is None else dict(body["waves"]),
        joiners=body["joiners"],
        send_at=body["send_at"],
        due_at=body["due_at"],
        expires_at=body["expires_at"],
        on_expiry=body.get("on_expiry"),
        escalation=[dict(step) for step in body["escalation"]] if "escalation" in body else None,
    )


def action_of(given: dict[str, Any]) -> Action:
    """An action with its effect; an empty comment rule means that the category decides."""
    action: Action = {
        "verb": given["verb"],
        "label": given["label"],
        "effect": given.get("effect", given["verb"]),
        "comment": given.get("comment", ""),
    }
    if given.get("inputs"):
        declared = [{"label": one["name"], **one} for one in given["inputs"]]
        action["inputs"] = cast("list[Input]", declared)
    if given.get("step_up"):
        action["step_up"] = True
    return action
