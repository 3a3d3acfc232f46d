"""A person in the directory."""

from django.db import models
from django.db.models.functions import Lower

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "while employed, then 30 days"


class Employee(models.Model):
    """A person in the directory; identity is the directory's objectGUID, never a name.

    States: enabled, or disabled since `disabled_at` (every call refused, no pushes).
    Personal data: everything but the ids; see `personal`.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    object_guid = models.UUIDField(unique=True)
    employee_id = models.CharField(max_length=64, unique=True)
    user_name = models.CharField(max_length=256)
    mail = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=256)
    department = models.CharField(max_length=128, blank=True)
    geo = models.CharField(max_length=64, blank=True)
    affiliate = models.CharField(max_length=128, blank=True, db_default="", default="")
    title = models.CharField(max_length=128, blank=True)
    manager = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    language = models.CharField(max_length=35, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, db_default="")  # IANA; "": the geo's
    expires_at = models.DateTimeField(null=True, blank=True)  # the account's last moment
    disabled_at = models.DateTimeField(null=True, blank=True)
    # Why: one of `accounts.people.BY_DIRECTORY`, which the directory may undo, or another word.
    disabled_reason = models.CharField(max_length=32, blank=True, db_default="")
    seen_in_directory_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)  # only a name plate is left
    # The number of the latest privacy notice they accepted; 0: of none.
    accepted_notice = models.PositiveIntegerField(default=0, db_default=0)

    personal = {
        "object_guid": Personal("identity across renames", "contract", KEPT),
        "employee_id": Personal("naming the person to sub-systems", "contract", KEPT),
        "user_name": Personal("sign-in", "contract", KEPT),
        "mail": Personal("finding and reaching the person", "contract", KEPT),
        "display_name": Personal("showing who answered", "contract", KEPT),
        "department": Personal("audiences", "contract", KEPT),
        "geo": Personal("audiences, working calendar", "contract", KEPT),
        "affiliate": Personal("audiences, keeping affiliates apart", "contract", KEPT),
        "title": Personal("audiences", "contract", KEPT),
        "manager": Personal("escalation", "contract", KEPT),
        "time_zone": Personal("arriving at a good hour", "contract", KEPT),
        "language": Personal("wording in the person's language", "contract", KEPT),
    }
    not_personal = frozenset({"disabled_reason"})

    class Meta:
        indexes = [
            # Each synchronisation: whose last moment has come.
            models.Index(
                fields=["expires_at"],
                condition=models.Q(disabled_at=None, expires_at__isnull=False),
                name="employee_expires",
            ),
            # Audiences by department, geo, affiliate and title, over those who can be reached.
            models.Index(
                fields=["department"],
                condition=models.Q(disabled_at=None),
                name="employee_department",
            ),
            models.Index(fields=["geo"], condition=models.Q(disabled_at=None), name="employee_geo"),
            models.Index(
                fields=["affiliate"],
                condition=models.Q(disabled_at=None),
                name="employee_affiliate",
            ),
            models.Index(
                fields=["title"], condition=models.Q(disabled_at=None), name="employee_title"
            ),
            # Audience items `upn:` and `mail:`, and the admin's search.
            models.Index(Lower("user_name"), name="employee_user_name"),
            models.Index(Lower("mail"), name="employee_mail"),
        ]
        constraints = [
            models.CheckConstraint(
                name="employee_is_not_own_manager",
                condition=models.Q(manager=None) | ~models.Q(manager=models.F("id")),
            )
        ]

    def __str__(self) -> str:
        return self.employee_id
