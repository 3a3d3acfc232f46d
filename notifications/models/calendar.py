"""When people work, by geo: reminders wait for it."""

from django.db import models

from hub.lib.personal import Personal


class Calendar(models.Model):
    """The working time of a geo: days of the week, hours of the day, holidays.

    The calendar of the empty geo is for everybody whose geo has none of its own. Where there is a
    right to disconnect, nothing is pushed outside of working time, until `lifted_until` only.
    Personal data: none.
    """

    geo = models.CharField(max_length=64, unique=True, blank=True)
    week_days = models.JSONField(default=list)  # [0, 1, 2, 3, 4]; Monday is 0
    opens_at = models.TimeField(null=True)  # null: midnight
    closes_at = models.TimeField(null=True)  # not included; null: midnight
    # The right to disconnect: nothing is pushed outside of working time, …
    disconnects = models.BooleanField(default=False, db_default=False)
    urgent_passes = models.BooleanField(default=True, db_default=True)  # … but what is urgent
    lifted_until = models.DateTimeField(null=True)  # in an emergency

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"geo", "week_days"})

    def __str__(self) -> str:
        return self.geo or "default"


class Holiday(models.Model):
    """A day on which nobody of a geo works. Personal data: none."""

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE)
    day = models.DateField()
    name = models.CharField(max_length=128, blank=True)

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"name"})

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="holiday_once_per_calendar")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
