"""The shapes of JSON that several endpoints share, for validation and for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from accounts.api import bodies
from notifications.api.actions import ActionOffered
from notifications.api.escalations import EscalationStep
from notifications.models import Decision, Notification, Question
from notifications.models.category import Sensitivity

OUTCOMES = ["approve", "reject"]
SENDABLE = ["notice", "acknowledgement", "request"]


class PageInfo(bodies.Body):
    """The cursors of a page's two ends, null where nothing is beyond, and its size."""

    after = serializers.CharField(allow_null=True)
    before = serializers.CharField(allow_null=True)
    page_size = serializers.IntegerField()


class PageQuery(bodies.Body):
    """What a list takes."""

    after = serializers.CharField(required=False, max_length=300)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100, default=50)


class DecidedBy(bodies.Body):
    """Somebody else, as much of them as a colleague sees."""

    employee_id = serializers.CharField()
    name = serializers.CharField()


class DecisionShape(bodies.Body):
    """The decision on a request, and what the sub-system did with it."""

    verb = serializers.CharField()
    effect = serializers.ChoiceField(choices=OUTCOMES)
    version = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    decided_by = DecidedBy(allow_null=True)
    on_behalf_of = DecidedBy(allow_null=True)
    by_you = serializers.BooleanField()
    outcome = serializers.ChoiceField(choices=Decision.Outcome.choices)
    message = serializers.CharField(allow_blank=True)
    superseded_by = serializers.UUIDField(allow_null=True)


FACT_TYPES = ["text", "number", "money", "date", "datetime", "boolean"]


class Fact(bodies.Body):
    """A labelled value; money carries its ISO 4217 currency."""

    label = bodies.Line(max_length=80)  # type: ignore[assignment]  # DRF takes it off the class
    value = bodies.Line(max_length=500)
    type = serializers.ChoiceField(choices=FACT_TYPES, default="text")
    currency = bodies.Pattern(r"^[A-Z]{3}$", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Money has a currency, nothing else has."""
        if (attrs["type"] == "money") != ("currency" in attrs):
            raise serializers.ValidationError(
                {"currency": "Money has a currency, and nothing else has one."}
            )
        return attrs


class Link(bodies.Body):
    """A way into a module of the sub-system; never a URL."""

    label = bodies.Line(max_length=80)  # type: ignore[assignment]  # DRF takes it off the class
    module = bodies.Slug(max_length=64)
    path = bodies.Pattern(r"^/[A-Za-z0-9/_.~-]*$", max_length=500, default="/")


class AttachmentShape(bodies.Body):
    """A file that came with an item; `path` is read with the same token, and leads nowhere else."""

    n = serializers.IntegerField()
    name = serializers.CharField()
    type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    path = serializers.CharField()


class SubsystemShape(bodies.Body):
    """Who sent it."""

    key = serializers.CharField()
    name = serializers.CharField()


class Progress(bodies.Body):
    """Which step of a sequence is asked, counted from 1, and of how many."""

    step = serializers.IntegerField()
    steps = serializers.IntegerField()


class OwnAnswer(bodies.Body):
    """What was answered by the reader, or from the reader's seat."""

    verb = serializers.CharField()
    inputs = serializers.DictField(allow_null=True)
    responded_at = serializers.DateTimeField()
    by = DecidedBy()
    on_behalf_of = DecidedBy(allow_null=True)


class SettlementShape(bodies.Body):
    """How the matter was completed elsewhere."""

    outcome = serializers.CharField()
    by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    settled_at = serializers.DateTimeField()


class ReplyShape(bodies.Body):
    """The reply to a question; `by` is null where the sub-system gave it."""

    by = DecidedBy(allow_null=True)
    text = serializers.CharField()
    replied_at = serializers.DateTimeField()


class AskedShape(bodies.Body):
    """A question that an approver asked, and its reply if there is one."""

    id = serializers.UUIDField()
    to = serializers.ChoiceField(choices=Question.To.choices)
    by = DecidedBy()
    text = serializers.CharField()
    asked_at = serializers.DateTimeField()
    reply = ReplyShape(allow_null=True)


class ItemShape(bodies.Body):
    """One copy in an inbox."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Notification.Kind.choices)
    state = serializers.ChoiceField(choices=Notification.State.choices)
    version = serializers.IntegerField()
    category = serializers.CharField()
    subsystem = SubsystemShape()
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)
    priority = serializers.ChoiceField(choices=Notification.Priority.choices)
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    body = serializers.CharField(allow_blank=True)
    facts = Fact(many=True)
    links = Link(many=True)
    attachments = AttachmentShape(many=True)
    progress = Progress(allow_null=True)
    actions = ActionOffered(many=True)
    answer_for = DecidedBy(many=True)
    waiting_for_you = serializers.BooleanField()
    your_answer = OwnAnswer(allow_null=True)
    decision = DecisionShape(allow_null=True)
    thread = AskedShape(many=True)
    arrived_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_reason = serializers.CharField(allow_null=True)
    settlement = SettlementShape(allow_null=True)
    supersedes = serializers.UUIDField(allow_null=True)
    submission = serializers.CharField(
        allow_blank=True, help_text="The reference of what was handed in, where it is about it."
    )


class WavesShape(bodies.Body):
    """At which hour of their own day people get it."""

    by = serializers.ChoiceField(choices=["time_zone"])
    at = serializers.CharField()


class ReportShape(bodies.Body):
    """A notification as its sender reads it."""

    id = serializers.UUIDField()
    uri = serializers.CharField()
    kind = serializers.ChoiceField(choices=Notification.Kind.choices)
    category = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=Notification.State.choices)
    version = serializers.IntegerField()
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)
    priority = serializers.ChoiceField(choices=Notification.Priority.choices)
    created_at = serializers.DateTimeField()
    waves = WavesShape(allow_null=True)
    joiners = serializers.BooleanField()
    send_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    escalation = EscalationStep(many=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_reason = serializers.CharField(allow_null=True)
    settlement = SettlementShape(allow_null=True)
    supersedes = serializers.UUIDField(allow_null=True)
    held_over = serializers.IntegerField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    fanned_out = serializers.BooleanField()
    metadata = serializers.DictField()
    progress = Progress(allow_null=True)
    decision = DecisionShape(allow_null=True)


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
