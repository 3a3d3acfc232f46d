"""What a sub-system sent."""

from typing import Any, NotRequired, TypedDict, cast

from django.db import models

from hub.lib import clock, ids
from hub.lib.columns import SealedJSON, SealedText
from hub.lib.personal import Personal
from notifications.models.category import Sensitivity

KEPT = "the category's retention, 2 years by default"


class Input(TypedDict):
    """Something that an answer says besides its verb and its comment."""

    name: str
    label: str
    type: str  # text | number | date | boolean | select | multi-select
    required: bool
    min: NotRequired[float | str]
    max: NotRequired[float | str]
    max_length: NotRequired[int]
    options: NotRequired[list[str]]


class Action(TypedDict):
    """One answer a request offers: its verb, what it counts as, and what it asks for."""

    verb: str
    label: str
    effect: str  # approve | reject | answer
    comment: str  # none | optional | required; empty: the category decides
    inputs: NotRequired[list[Input]]
    step_up: NotRequired[bool]  # only taken signed


class Settlement(TypedDict):
    """How a matter was completed elsewhere: as what, by whom, and what else there is to say."""

    outcome: str
    by: str
    note: str


class Edition(TypedDict):
    """By which template's edition a card was worded, and from which data."""

    id: str
    data: dict[str, Any]


class Card(TypedDict):
    """What a person reads; everything in it may be personal or confidential."""

    title: str
    summary: str
    body: str
    facts: list[dict[str, Any]]
    links: list[dict[str, Any]]
    attachments: NotRequired[list[dict[str, Any]]]  # see notifications.attachments
    actions: NotRequired[list[Action]]
    template: NotRequired[Edition]


class Notification(models.Model):
    """What a sub-system sent.

    States: held → scheduled → open → decided | settled | withdrawn | expired; each closing state is
    final (notifications.lifecycle). The state is the truth that every read joins. Fan-out progress
    is apart from it. Personal data: the card (sealed where restricted), the audience, requester,
    metadata, and the reason for which it was closed (sealed).
    """

    class Kind(models.TextChoices):
        NOTICE = "notice"
        ACKNOWLEDGEMENT = "acknowledgement"
        REQUEST = "request"

    class State(models.TextChoices):
        HELD = "held"
        SCHEDULED = "scheduled"
        OPEN = "open"
        DECIDED = "decided"
        SETTLED = "settled"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    class Mode(models.TextChoices):
        LIVE = "live"
        TEST = "test"

    class Priority(models.TextChoices):
        BULK = "bulk"
        NORMAL = "normal"
        HIGH = "high"
        URGENT = "urgent"

    CLOSED = frozenset({State.DECIDED, State.SETTLED, State.WITHDRAWN, State.EXPIRED})

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey("accounts.Subsystem", on_delete=models.PROTECT)
    category = models.ForeignKey("notifications.Category", on_delete=models.PROTECT)
    mode = models.CharField(max_length=4, choices=Mode)
    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=10, choices=State)
    version = models.PositiveIntegerField(default=1)
    sensitivity = models.CharField(max_length=10, choices=Sensitivity)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    content = models.JSONField(null=True)
    sealed_content = SealedJSON(null=True)
    audience = models.JSONField()
    policy = models.JSONField(default=dict)
    # Of a sequence: which step is asked. It moves with the answer that opens the next one.
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    step_opened_at = models.DateTimeField(null=True)  # null: with the notification
    requester = models.ForeignKey(
        "accounts.Employee", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    collapse_key = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict)
    # {"by": "time_zone", "at": "09:00"}: when in the day of each recipient; null: all at once.
    waves = models.JSONField(null=True)
    # Whoever enters the audience before it expires gets it too.
    joiners = models.BooleanField(default=False, db_default=False)
    # So few must confirm it that its sender is told of each; of more there is the report.
    tells_each = models.BooleanField(default=False, db_default=False)
    send_at = models.DateTimeField(null=True)
    # [{"after": "P1D", "do": "remind"}, …]: what happens while nobody answers.
    escalation = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    on_expiry = models.CharField(max_length=8, default="none")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    sent_with = models.UUIDField(null=True)  # the API key; keys are revoked, never deleted
    held_over = models.PositiveIntegerField(null=True)  # the blast radius it exceeded
    released_at = models.DateTimeField(null=True)
    closed_reason = SealedText(null=True)  # the sender's word for the people
    settlement = SealedJSON(null=True)  # how the matter was completed elsewhere
    # The reference of what was handed in by a form, where this is about it.
    submission = models.CharField(max_length=16, blank=True, default="", db_default="")
    supersedes = models.UUIDField(null=True)  # an earlier one, whose decision was refused
    forgotten_at = models.DateTimeField(null=True)  # only its decision is left
    fanned_out_at = models.DateTimeField(null=True)
    recipient_count = models.PositiveIntegerField(default=0)
    next_sequence = models.PositiveIntegerField(default=1)  # of its callback events

    personal = {
        "content": Personal("telling the recipients", "contract", KEPT),
        "sealed_content": Personal("telling the recipients", "contract", KEPT),
        "audience": Personal("naming the recipients", "contract", KEPT),
        "closed_reason": Personal("telling the recipients", "contract", KEPT),
        "settlement": Personal("telling the recipients", "contract", KEPT),
        "requester": Personal("no approval of one's own request", "contract", KEPT),
        "metadata": Personal("opaque to the hub, the sender's", "contract", KEPT),
        "reference": Personal("the sender's own number for it", "contract", KEPT),
    }
    not_personal = frozenset(
        {
            "waves",
            "submission",
            "mode",
            "kind",
            "state",
            "sensitivity",
            "priority",
            "policy",
            "collapse_key",
            "on_expiry",
            "escalation",
        }
    )

    class Meta:
        # For staff: what a restricted notification says; any other may be read with `view`.
        permissions = [("read_content", "Can read the content of restricted notifications")]
        constraints = [
            models.CheckConstraint(
                name="notification_restricted_is_sealed",
                condition=models.Q(
                    sensitivity="restricted", content__isnull=True, sealed_content__isnull=False
                )
                | (
                    ~models.Q(sensitivity="restricted")
                    & models.Q(content__isnull=False, sealed_content__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="notification_closed_has_time",
                condition=models.Q(state__in=["held", "scheduled", "open"], closed_at=None)
                | models.Q(
                    state__in=["decided", "settled", "withdrawn", "expired"],
                    closed_at__isnull=False,
                ),
            ),
        ]
        indexes = [
            # GET /notifications?reference=, and the list of a sub-system by age.
            models.Index(
                fields=["subsystem", "mode", "reference", "id"], name="notification_reference"
            ),
            models.Index(fields=["subsystem", "mode", "id"], name="notification_by_subsystem"),
            # Those who wait for a second person: metrics, and the page that lists them.
            models.Index(
                fields=["created_at"], condition=models.Q(state="held"), name="notification_held"
            ),
            # GET /me/submissions: what was sent about them.
            models.Index(
                fields=["submission"],
                condition=~models.Q(submission=""),
                name="notification_about",
            ),
        ]

    @property
    def card(self) -> Card:
        """What a person reads, opened if it is sealed."""
        return cast(Card, self.content if self.sealed_content is None else self.sealed_content)

    @card.setter
    def card(self, value: Card) -> None:
        restricted = self.sensitivity == Sensitivity.RESTRICTED
        self.sealed_content = value if restricted else None
        self.content = None if restricted else value

    @property
    def reason(self) -> str | None:
        """What the sender told the people when it was closed; None where nothing was said."""
        return cast("str | None", self.closed_reason)

    @property
    def collects(self) -> bool:
        """Whether it gathers answers and decides nothing."""
        return bool(self.policy.get("mode") == "collect")

    @property
    def progress(self) -> dict[str, int] | None:
        """Of a sequence: which step is asked, counted from 1, and of how many."""
        steps = self.policy.get("steps")
        return {"step": self.step + 1, "steps": len(steps)} if steps else None

    @property
    def settled(self) -> dict[str, Any] | None:
        """How the matter was completed elsewhere, and when; None if it was not."""
        if self.settlement is None:
            return None
        return {**cast(Settlement, self.settlement), "settled_at": clock.text(self.closed_at)}

    def action(self, verb: str) -> Action | None:
        """The action of that verb; None if this notification does not offer it."""
        return next((a for a in self.card.get("actions", []) if a["verb"] == verb), None)

    def __str__(self) -> str:
        return str(self.id)
