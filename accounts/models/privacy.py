"""What people are told of how their data are used, and what they said to it."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "while employed, then 30 days"


class PrivacyNotice(models.Model):
    """A version of the privacy notice, in several languages.

    States: draft, published since `published_at`, in effect from `effective_at` on; a later one in
    effect takes its place. What is published is never edited. A material one has to be accepted.
    `number` is its place among the published ones. Personal data: none.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.SlugField(max_length=32, unique=True)
    material = models.BooleanField()
    # language -> {"title", "text"}
    texts = models.JSONField(default=dict)
    # Who outside gets data: firebase, mail, …
    recipients = models.JSONField(default=list)
    created_at = models.DateTimeField()
    number = models.PositiveIntegerField(null=True, unique=True)
    published_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)  # sent to everybody

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"version", "texts", "recipients"})

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="privacy_notice_published_whole",
                condition=models.Q(number=None, published_at=None, effective_at=None)
                | models.Q(
                    number__isnull=False, published_at__isnull=False, effective_at__isnull=False
                ),
            )
        ]

    def __str__(self) -> str:
        return self.version


class Acceptance(models.Model):
    """That somebody accepted a version, when, and on which device. Personal data: who."""

    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    notice = models.ForeignKey(PrivacyNotice, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField()
    device = models.UUIDField()  # devices are purged, this stays

    personal = {"employee": Personal("proving the acceptance", "legal_obligation", KEPT)}
    not_personal = frozenset[str]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "notice"], name="acceptance_once")
        ]


class Consent(models.Model):
    """Somebody's consent to one purpose.

    States: given, or withdrawn since `withdrawn_at`, final; a new consent is a new row. `version`
    is of the notice that was in effect. Personal data: who, to what.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    purpose = models.CharField(max_length=32)
    version = models.CharField(max_length=32, blank=True)
    given_at = models.DateTimeField()
    device = models.UUIDField()
    withdrawn_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("proving the consent", "legal_obligation", KEPT),
        "purpose": Personal("proving the consent", "legal_obligation", KEPT),
    }
    not_personal = frozenset({"version"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="consent_given_once",
            )
        ]
