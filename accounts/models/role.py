"""What members of the staff may do, and within which limits."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "while the role lasts"


class Limits(models.Model):
    """A role with its limits: one sub-system's, or that of the people of one geo or affiliate.

    `ceiling` is an audience expression: what its bearer sends reaches nobody outside it.
    """

    class Role(models.TextChoices):
        OWNER = "owner"
        SENDER = "sender"
        AUDITOR = "auditor"
        ADMINISTRATOR = "administrator"
        PRIVACY_OFFICER = "privacy_officer"
        HELPDESK = "helpdesk"

    OF_A_SUBSYSTEM = (Role.OWNER, Role.SENDER)  # never without one; an auditor may be the hub's
    OF_PEOPLE = (Role.ADMINISTRATOR, Role.PRIVACY_OFFICER, Role.HELPDESK)  # never with one

    role = models.CharField(max_length=16, choices=Role)
    subsystem = models.ForeignKey("accounts.Subsystem", null=True, on_delete=models.CASCADE)
    geo = models.CharField(max_length=64, blank=True, db_default="", default="")  # "": any
    affiliate = models.CharField(max_length=128, blank=True, db_default="", default="")  # "": any
    ceiling = models.JSONField(null=True)

    class Meta:
        abstract = True


class RoleGrant(Limits):
    """A role that a member of the staff has until it is taken back; its row goes with it.

    Sources: `hand`, given and taken back by staff; `directory`, by a group of the directory
    (`GroupRole`), looked at again at every sign-in.
    Personal data: who has it, and who gave it.
    """

    class Source(models.TextChoices):
        HAND = "hand"
        DIRECTORY = "directory"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    staff = models.ForeignKey("accounts.Staff", on_delete=models.CASCADE)
    source = models.CharField(max_length=16, choices=Source, default=Source.HAND)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=64, blank=True)  # a member of the staff; "": the hub

    personal = {"given_by": Personal("a second pair of eyes", "legitimate_interest", KEPT)}
    not_personal = frozenset({"role", "geo", "affiliate", "ceiling", "source"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "subsystem", "geo", "affiliate", "source"],
                name="role_grant_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(subsystem__isnull=False)
                | ~models.Q(role__in=Limits.OF_A_SUBSYSTEM),
                name="role_grant_of_a_subsystem",
            ),
            models.CheckConstraint(
                condition=models.Q(subsystem=None) | ~models.Q(role__in=Limits.OF_PEOPLE),
                name="role_grant_of_people",
            ),
            models.CheckConstraint(
                condition=models.Q(subsystem=None) | models.Q(geo="", affiliate=""),
                name="role_grant_limited_by_one",
            ),
        ]

    def __str__(self) -> str:
        return str(self.role)


class GroupRole(Limits):
    """The role that members of a group of the directory have from their next sign-in on.

    The group is known by its objectGUID: another one that gets its name gives nobody a role.
    Personal data: none.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    group_guid = models.UUIDField()
    group_name = models.CharField(max_length=256)  # when it was chosen; for people to read

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"group_name", "role", "geo", "affiliate", "ceiling"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_guid", "role", "subsystem", "geo", "affiliate"],
                name="group_role_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.group_name
