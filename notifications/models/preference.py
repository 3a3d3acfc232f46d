"""What somebody wants to be reached with, and when."""

from django.db import models

from hub.lib import digest_windows
from hub.lib.personal import Personal

KEPT = "while employed"


class Preference(models.Model):
    """What an employee chose; who has no row chose nothing, and everything is as usual.

    `version` counts the changes, so that two devices never undo each other's unseen.
    Personal data: all of it.
    """

    class Digest(models.TextChoices):
        IMMEDIATE = digest_windows.IMMEDIATE
        HOURLY = digest_windows.HOURLY
        DAILY = digest_windows.DAILY

    employee = models.OneToOneField(
        "accounts.Employee", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=35, blank=True)  # BCP 47; "": as the directory has it
    time_zone = models.CharField(
        max_length=64, blank=True
    )  # IANA; "": the phone's, the directory's
    push = models.BooleanField(default=True)  # optional notices ring a phone
    mail = models.BooleanField(default=True, db_default=True)  # optional notices, and fallbacks
    # [{"days": ["monday", …], "from": "22:00", "until": "07:00"}, …] by the person's own clocks.
    quiet_hours = models.JSONField(default=list)
    # Optional notices one by one, or together: each full hour, or each day at `digest_at`.
    digest = models.CharField(
        max_length=9,
        choices=Digest,
        default=Digest.IMMEDIATE,
        db_default=digest_windows.IMMEDIATE,
    )
    digest_at = models.CharField(  # HH:MM by the person's own clocks
        max_length=5, default=digest_windows.USUAL_HOUR, db_default=digest_windows.USUAL_HOUR
    )
    changed_at = models.DateTimeField()

    personal = {
        "employee": Personal("whose choice it is", "contract", KEPT),
        "language": Personal("wording in the person's language", "contract", KEPT),
        "time_zone": Personal("the person's own clocks", "contract", KEPT),
        "quiet_hours": Personal("silence when the person is off duty", "contract", KEPT),
        "digest": Personal("telling the person together", "contract", KEPT),
        "digest_at": Personal("telling the person together", "contract", KEPT),
    }
    not_personal = frozenset[str]()

    def __str__(self) -> str:
        return str(self.employee_id)


class OptOut(models.Model):
    """A category whose notices an employee does not want to be told of.

    It holds for notices of categories that are not essential; a category that becomes essential
    rings again. Personal data: whose choice it is.
    """

    pk = models.CompositePrimaryKey("category_id", "employee_id")
    category = models.ForeignKey("notifications.Category", on_delete=models.CASCADE, db_index=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    personal = {"employee": Personal("whose choice it is", "contract", KEPT)}
    not_personal = frozenset[str]()
