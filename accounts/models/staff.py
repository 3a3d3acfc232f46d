"""People who use the admin."""

from django.contrib.auth.models import AbstractUser

from hub.lib.personal import Personal

KEPT = "while the role lasts"


class Staff(AbstractUser):
    """A person who may use the admin; rights by Django's permissions.

    Personal data: name and mail.
    """

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
