"""How the hub follows the directory: how far it is, and what it has just read."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "while a synchronisation runs"


class Synchronisation(models.Model):
    """How far the hub is with one source of people: `directory` or `feed`, a row each.

    States: running while `lease_until` lies ahead, by whom `lease_token` says; else idle. Stopped
    since `stopped_at` as long as more people are missing than may be.
    Personal data: none.
    """

    name = models.CharField(max_length=16, primary_key=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    # The beginning of the last run that was whole: what the source showed then, the hub knows.
    known_at = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)  # … and that read everything
    complete_due = models.BooleanField(default=True)
    # How often everybody was asked for by somebody else, and how many of these are answered.
    asked = models.PositiveIntegerField(db_default=0)
    answered = models.PositiveIntegerField(db_default=0)
    ended_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=32, default="")  # of the last run, in one word
    figures = models.JSONField(default=dict)  # of the last whole run
    marks = models.JSONField(default=dict)  # how far, by controller
    strangers = models.PositiveIntegerField(default=0)  # whom it shows and the hub does not have
    stopped_at = models.DateTimeField(null=True)
    missing = models.PositiveIntegerField(default=0)  # who waits for an override
    allowed_at = models.DateTimeField(null=True)  # the last override

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"name", "result", "figures", "marks"})

    def __str__(self) -> str:
        return self.name


class KeptOut(models.Model):
    """Somebody who is not to be taken from the directory again: erased, or opted out.

    Personal data: a keyed hash of the objectGUID, by which they are recognised.
    """

    class Reason(models.TextChoices):
        ERASED = "erased"
        OPTED_OUT = "opted_out"

    guid_index = models.BinaryField(max_length=32, primary_key=True)
    reason = models.CharField(max_length=16, choices=Reason)
    since = models.DateTimeField()

    personal = {
        "guid_index": Personal(
            "not taking an erased person up again", "legal_obligation", "for good"
        )
    }
    not_personal = frozenset({"reason"})


class StagedPerson(models.Model):
    """A person as the directory has just shown them, until the hub's own row follows.

    Unlogged: emptied at every run, and by a crash. Personal data: as of Employee.
    """

    id = models.BigAutoField(primary_key=True)
    new_id = models.UUIDField(default=ids.uuid7)  # of the employee, should this be a new one
    object_guid = models.UUIDField()
    manager_guid = models.UUIDField(null=True)
    user_name = models.TextField()
    employee_id = models.TextField()
    mail = models.TextField()
    display_name = models.TextField()
    department = models.TextField()
    geo = models.TextField()
    affiliate = models.TextField(db_default="")
    title = models.TextField()
    enabled = models.BooleanField()
    expires_at = models.DateTimeField(null=True)
    taken = models.BooleanField()  # has an employee id, and nobody else has a better claim to it

    personal = {
        column: Personal("following the directory", "contract", KEPT)
        for column in (
            "user_name", "employee_id", "mail", "display_name", "department", "geo", "affiliate",
            "title",
        )
    }  # fmt: skip
    not_personal = frozenset[str]()


class StagedPresence(models.Model):
    """That somebody, or a group, is there. Unlogged. Personal data: the objectGUID."""

    object_guid = models.UUIDField()
    is_group = models.BooleanField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset[str]()


class StagedGroup(models.Model):
    """A group as the directory has just shown it. Unlogged. Personal data: none."""

    id = models.BigAutoField(primary_key=True)
    new_id = models.UUIDField(default=ids.uuid7)
    object_guid = models.UUIDField()
    name = models.TextField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"name"})


class StagedMember(models.Model):
    """What is directly in a staged group. Unlogged. Personal data: the membership."""

    group_guid = models.UUIDField()
    member_guid = models.UUIDField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset[str]()

    class Meta:
        # Merging: the members of some groups at a time.
        indexes = [models.Index(fields=["group_guid"], name="staged_member_group")]
