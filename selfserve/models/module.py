"""What sub-systems offer to employees, and where their addresses may lead."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "while the module is registered"


class Module(models.Model):
    """A self-serve entry of a sub-system: an address that the app opens, or a form it renders.

    States: proposed (`proposed` holds what its sub-system wants, `shown` is null), shown (`shown`
    holds what an administrator approved; a later proposal waits beside it), declined
    (`declined_reason`, nothing waits), removed (`removed_at`; proposing it again revives it).
    Personal data: an audience may name employees.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey("accounts.Subsystem", on_delete=models.PROTECT)
    key = models.SlugField(max_length=64, unique=True)
    # Both are definitions, see `selfserve.definition`.
    proposed = models.JSONField(null=True)
    shown = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=0)  # of what is shown: counts the approvals
    declined_reason = models.CharField(max_length=500, blank=True)
    proposed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    personal = {
        "proposed": Personal("who is to see the module", "contract", KEPT),
        "shown": Personal("who sees the module", "contract", KEPT),
    }
    not_personal = frozenset({"key", "declined_reason"})

    class Meta:
        indexes = [
            # GET /me/modules: what is there to be seen at all.
            models.Index(
                fields=["key"],
                condition=models.Q(shown__isnull=False, removed_at=None),
                name="module_shown",
            )
        ]

    def __str__(self) -> str:
        return self.key


class Icon(models.Model):
    """A small PNG that a sub-system uploaded for a module, by its SHA-256. Personal data: none."""

    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    png = models.BinaryField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"digest", "png"})

    class Meta:
        constraints = [models.UniqueConstraint(fields=["module", "digest"], name="icon_once")]


class Places(models.Model):
    """Where the modules of a sub-system may lead: host names, and networks. Personal data: none.

    A sub-system without a row may register forms only.
    """

    subsystem = models.OneToOneField(
        "accounts.Subsystem", on_delete=models.CASCADE, primary_key=True
    )
    hosts = models.JSONField(default=list)  # ["leave.corp.example", "*.hr.corp.example"]
    networks = models.JSONField(default=list)  # ["10.2.0.0/16", …]
    loopback_allowed = models.BooleanField(default=False)  # of no effect in production

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"hosts", "networks"})

    class Meta:
        verbose_name_plural = "places of modules"
