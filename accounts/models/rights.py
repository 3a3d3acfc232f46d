"""What people ask about their data, what they are given, and what must not be deleted yet."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "3 years after it was answered"


class PrivacyRequest(models.Model):
    """What somebody asks about their data, or staff in the name of an authority (a disclosure).

    States: received → approved (the hub carries it out) → done; or done by a sentence of staff, or
    refused with a reason. `told` is the state the person was last told of.
    Personal data: who asks what, and what they are answered (sealed).
    """

    class Kind(models.TextChoices):
        EXPORT = "export"
        CORRECTION = "correction"
        RESTRICTION = "restriction"
        ERASURE = "erasure"
        COMPLAINT = "complaint"
        DISCLOSURE = "disclosure"  # to somebody else, by law; asked for by staff

    class State(models.TextChoices):
        RECEIVED = "received"
        APPROVED = "approved"
        DONE = "done"
        REFUSED = "refused"

    OPEN = frozenset({State.RECEIVED, State.APPROVED})

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    words = SealedText(null=True)  # what they say; of a disclosure: to whom, and by which law
    answer = SealedText(null=True)  # what they are told; of a refusal: why
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    asked_by = models.CharField(max_length=64, blank=True)  # staff; empty: the person
    answered_by = models.CharField(max_length=64, blank=True)  # staff; empty: the hub
    answered_at = models.DateTimeField(null=True)
    receipt = models.JSONField(default=dict)  # what was done: rows by table, digests
    told = models.CharField(max_length=8, blank=True)

    personal = {
        "employee": Personal("answering the request", "legal_obligation", KEPT),
        "words": Personal("answering the request", "legal_obligation", KEPT),
        "answer": Personal("answering the request", "legal_obligation", KEPT),
        "asked_by": Personal("accountability", "legal_obligation", KEPT),
        "answered_by": Personal("accountability", "legal_obligation", KEPT),
    }
    not_personal = frozenset({"kind", "state", "receipt", "told"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "kind"],
                condition=models.Q(state__in=["received", "approved"])
                & ~models.Q(kind="disclosure"),
                name="privacy_request_one_at_a_time",
            ),
            models.CheckConstraint(
                name="privacy_request_disclosure_by_two",
                condition=~models.Q(kind="disclosure", state="approved")
                | (~models.Q(asked_by="") & ~models.Q(asked_by=models.F("answered_by"))),
            ),
        ]
        indexes = [
            # The queue, and what the hub carries out.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["received", "approved"]),
                name="privacy_request_queue",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class PrivacyArchive(models.Model):
    """A copy of somebody's data, to be fetched once.

    States: waiting until `expires_at`, then purged; or fetched at `fetched_at`, when the content
    goes. Personal data: all of it, sealed.
    """

    request = models.OneToOneField(PrivacyRequest, primary_key=True, on_delete=models.CASCADE)
    content = SealedText(null=True)  # a zip, in base64
    size = models.PositiveBigIntegerField()  # bytes of the zip
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    personal = {"content": Personal("handing over a copy", "legal_obligation", "7 days")}
    not_personal = frozenset[str]()


class LegalHold(models.Model):
    """What must not be deleted for now: the data of a person, or a notification with all its rows.

    States: holds, or lifted since `lifted_at`, final. Personal data: whose data are held, and why
    (sealed).
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", null=True, on_delete=models.PROTECT)
    notification = models.UUIDField(null=True)
    reason = SealedText()
    placed_by = models.CharField(max_length=64)
    placed_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=64, blank=True)
    lifted_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("keeping evidence", "legal_obligation", KEPT),
        "reason": Personal("keeping evidence", "legal_obligation", KEPT),
        "placed_by": Personal("accountability", "legal_obligation", KEPT),
        "lifted_by": Personal("accountability", "legal_obligation", KEPT),
    }
    not_personal = frozenset[str]()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="legal_hold_of_one_thing",
                condition=models.Q(employee__isnull=False, notification=None)
                | models.Q(employee=None, notification__isnull=False),
            )
        ]
        indexes = [
            # Every purge: what is held.
            models.Index(
                fields=["employee", "notification"],
                condition=models.Q(lifted_at=None),
                name="legal_hold_present",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
