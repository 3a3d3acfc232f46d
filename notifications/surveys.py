"""What a survey has gathered."""

from django.db.models import Count

from notifications.models import Notification, Response


def answers(notification: Notification) -> dict[str, int] | None:
    """How often each verb was answered to the present version; None for what is no survey."""
    if not notification.collects:
        return None
    verbs = {action["verb"]: 0 for action in notification.card.get("actions", [])}
    given = Response.objects.filter(notification=notification, version=notification.version)
    counted = given.values_list("verb").annotate(number=Count("id"))
    return {**verbs, **dict(counted.order_by("verb"))}


def told(notification: Notification) -> dict[str, dict[str, int]]:
    """What the event that ends a survey says besides; nothing for what is none."""
    counted = answers(notification)
    return {} if counted is None else {"answers": counted}
