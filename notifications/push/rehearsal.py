"""Whether a push would leave: one to an address that is nobody's, over the wire of all others.

Firebase looks at the credentials and the project first and at the address last, so a complaint
about the address is the good answer.
"""

from datetime import timedelta

from django.conf import settings

from notifications.push import send
from notifications.push.gateway import Address, Outcome, Push, Wording

NOBODY = "nobody:this-is-no-registration-token"
_NOTHING = Wording(
    platform="android",
    data={"v": "1", "type": "changes"},
    alert=None,
    urgent=False,
    ttl=timedelta(0),
    tag="",
    collapse_key=None,
    category=None,
)
GOOD = frozenset({"bad_token", "unregistered"})


def rehearse() -> dict[str, Outcome]:
    """What the provider says, by project; its reason is in GOOD if pushes would leave."""
    return {
        project or "default": send.gateway().send(
            [Push(Address("token", NOBODY, project=project), _NOTHING)]
        )[0]
        for project in settings.FCM_PROJECTS or {"": ""}
    }
