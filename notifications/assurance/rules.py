"""Which answers have to be signed by the person's phone. See docs/receipts.md."""

from django.conf import settings

from notifications.models import Notification
from notifications.models.category import Sensitivity
from notifications.models.notification import Action


def needs_proof(notification: Notification, action: Action) -> bool:
    """Whether this answer to that request is only taken signed.

    By its category, by the action itself, or because the request is restricted. Whoever answers
    what was sent with a test key is simulated, and has no phone to sign with.
    """
    if notification.mode == Notification.Mode.TEST:
        return False
    return (
        bool(action.get("step_up"))
        or notification.category.step_up
        or (notification.sensitivity == Sensitivity.RESTRICTED and settings.STEP_UP_FOR_RESTRICTED)
    )
