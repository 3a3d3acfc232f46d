"""What the employee database says of people, besides the directory."""

from typing import cast

from django.db import models

from hub.lib.personal import Personal

KEPT = "while in the feed, then a day"
FACTS = ("department", "geo", "affiliate", "title", "manager", "time_zone", "language")


class _Facts(models.Model):
    department = models.CharField(max_length=128, blank=True)
    geo = models.CharField(max_length=64, blank=True)
    affiliate = models.CharField(max_length=128, blank=True, db_default="")
    title = models.CharField(max_length=128, blank=True)
    manager = models.CharField(max_length=64, blank=True)  # that person's employee id
    time_zone = models.CharField(max_length=64, blank=True)  # IANA
    language = models.CharField(max_length=35, blank=True)

    class Meta:
        abstract = True


class FeedRecord(_Facts):
    """One person of the feed, by employee id; "" where it says nothing.

    States: present, or gone since `gone_at`: then it counts no more. Personal data: all of it.
    """

    employee_id = models.CharField(max_length=64, primary_key=True)
    gone_at = models.DateTimeField(null=True)

    personal = {
        "employee_id": Personal("which employee it is of", "contract", KEPT),
        **{fact: Personal("audiences, escalation, good hours", "contract", KEPT) for fact in FACTS},
    }
    not_personal = frozenset[str]()


class StagedRecord(_Facts):
    """A row of the feed that is being read. Unlogged. Personal data: as of FeedRecord."""

    employee_id = models.CharField(max_length=64, primary_key=True)
    bad = models.BooleanField()  # who it is of is clear, and what it says is not

    personal = FeedRecord.personal
    not_personal = frozenset[str]()


def longest(fact: str) -> int:
    """How many characters the column of a fact holds."""
    column = cast("models.CharField[str, str]", FeedRecord._meta.get_field(fact))
    return cast(int, column.max_length)
