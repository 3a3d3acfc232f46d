"""The story: what was sent, who sees it, who answers, and what became of the answer."""

from notifications.models.attachment import Attachment
from notifications.models.breaker import Breaker, CallbackCall
from notifications.models.calendar import Calendar, Holiday
from notifications.models.callback import CallbackAttempt, CallbackEvent
from notifications.models.category import Category
from notifications.models.change import BroadcastChange, Tombstone
from notifications.models.decision_receipt import DecisionReceipt
from notifications.models.delegation import Delegation
from notifications.models.delivery import Delivery
from notifications.models.digest import Digest, Digested
from notifications.models.errand import Errand
from notifications.models.mail import Mail
from notifications.models.notification import Notification
from notifications.models.outbound import Outbound
from notifications.models.preference import OptOut, Preference
from notifications.models.prompt import Prompt
from notifications.models.question import Question
from notifications.models.recipient import Recipient
from notifications.models.response import Decision, Response
from notifications.models.seat import Seat
from notifications.models.switch import Switch
from notifications.models.template import Template

__all__ = [
    "Attachment",
    "Breaker",
    "BroadcastChange",
    "Calendar",
    "CallbackAttempt",
    "CallbackCall",
    "CallbackEvent",
    "Category",
    "Decision",
    "DecisionReceipt",
    "Delegation",
    "Delivery",
    "Digest",
    "Digested",
    "Errand",
    "Holiday",
    "Mail",
    "Notification",
    "OptOut",
    "Outbound",
    "Preference",
    "Prompt",
    "Question",
    "Recipient",
    "Response",
    "Seat",
    "Switch",
    "Template",
    "Tombstone",
]
