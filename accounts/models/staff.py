"""People who use the admin."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from hub.lib.personal import Personal

KEPT = "while the role lasts"


class Staff(AbstractUser):
    """A person who may use the admin; rights by roles, or by Django's permissions.

    With an `object_guid` they are the directory's: it proves their password, and its groups say
    what they may do (`accounts.staff_sign_in`). Without, they have a password here.
    Personal data: name and mail.
    """

    object_guid = models.UUIDField(null=True, blank=True, editable=False, unique=True)

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is their password here: the directory's have none, whoever sets one."""
        return super().check_password(raw_password) and self.object_guid is None

    personal = {
        "username": Personal("sign-in to the admin", "contract", KEPT),
        "first_name": Personal("showing who did it", "contract", KEPT),
        "last_name": Personal("showing who did it", "contract", KEPT),
        "email": Personal("reaching staff", "contract", KEPT),
        "password": Personal("sign-in to the admin", "contract", KEPT),
    }
    not_personal = frozenset[str]()

    class Meta:
        verbose_name = "staff member"
