"""The addresses of the story, below /api/v1/."""

from django.urls import path

from notifications.api.mobile.access_log import AccessLog
from notifications.api.mobile.acknowledge import Acknowledge
from notifications.api.mobile.answers import Answers
from notifications.api.mobile.attachment import OneAttachment
from notifications.api.mobile.changes import Changes
from notifications.api.mobile.counts import CategoryCounts, Counts
from notifications.api.mobile.delegations import Delegations, OneDelegation
from notifications.api.mobile.device import OneDevice
from notifications.api.mobile.devices import Devices
from notifications.api.mobile.inbox import Inbox
from notifications.api.mobile.item import Item
from notifications.api.mobile.mark import Mark, ReadUpTo
from notifications.api.mobile.opt_out import OptOut
from notifications.api.mobile.preferences import Preferences
from notifications.api.mobile.questions import Ask, Reply
from notifications.api.mobile.receipts import Receipts
from notifications.api.mobile.response import Respond
from notifications.api.mobile.responses import Responses
from notifications.api.mobile.snooze import Snooze
from notifications.api.receipt_keys import ReceiptKeys
from notifications.api.subsystem.attachments import Attachments
from notifications.api.subsystem.batch import Batch
from notifications.api.subsystem.callbacks import Callbacks, Replay
from notifications.api.subsystem.categories import Categories, OneCategory
from notifications.api.subsystem.decisions import Decisions, Outcome
from notifications.api.subsystem.edit import OneNotification
from notifications.api.subsystem.erase import Erase
from notifications.api.subsystem.notifications import Notifications
from notifications.api.subsystem.preview import Preview
from notifications.api.subsystem.receipt import Receipt
from notifications.api.subsystem.recipients import Recipients
from notifications.api.subsystem.release import Release
from notifications.api.subsystem.reply import SubsystemReply
from notifications.api.subsystem.settle import Settle
from notifications.api.subsystem.simulate import Simulate
from notifications.api.subsystem.subsystem import OwnSubsystem
from notifications.api.subsystem.templates import OneTemplate, Templates
from notifications.api.subsystem.withdraw import Withdraw

urlpatterns = [
    path("notifications", Notifications.as_view()),
    path("notifications/batch", Batch.as_view()),
    path("notifications/erase", Erase.as_view()),
    path("notifications/<uuid:notification_id>", OneNotification.as_view()),
    path("notifications/<uuid:notification_id>/recipients", Recipients.as_view()),
    path("notifications/<uuid:notification_id>/receipt", Receipt.as_view()),
    path("receipt-keys", ReceiptKeys.as_view()),
    path("notifications/<uuid:notification_id>/release", Release.as_view()),
    path("notifications/<uuid:notification_id>/reply", SubsystemReply.as_view()),
    path("notifications/<uuid:notification_id>/settle", Settle.as_view()),
    path("notifications/<uuid:notification_id>/withdraw", Withdraw.as_view()),
    path("decisions", Decisions.as_view()),
    path("decisions/<uuid:notification_id>/outcome", Outcome.as_view()),
    path("callbacks", Callbacks.as_view()),
    path("callbacks/<uuid:event_id>/replay", Replay.as_view()),
    path("categories", Categories.as_view()),
    path("categories/<str:key>", OneCategory.as_view()),
    path("categories/<str:key>/templates", Templates.as_view()),
    path("categories/<str:key>/templates/<str:template>", OneTemplate.as_view()),
    path("subsystem", OwnSubsystem.as_view()),
    path("test/respond", Simulate.as_view()),
    path("attachments", Attachments.as_view()),
    path("audiences/preview", Preview.as_view()),
    path("me/inbox", Inbox.as_view()),
    path("me/inbox/mark", Mark.as_view()),
    path("me/inbox/read-up-to", ReadUpTo.as_view()),
    path("me/inbox/<uuid:notification_id>", Item.as_view()),
    path("me/inbox/<uuid:notification_id>/response", Respond.as_view()),
    path("me/inbox/<uuid:notification_id>/acknowledge", Acknowledge.as_view()),
    path("me/inbox/<uuid:notification_id>/snooze", Snooze.as_view()),
    path("me/inbox/<uuid:notification_id>/attachments/<int:number>", OneAttachment.as_view()),
    path("me/access-log", AccessLog.as_view()),
    path("me/devices", Devices.as_view()),
    path("me/devices/<uuid:device_id>", OneDevice.as_view()),
    path("me/inbox/<uuid:notification_id>/question", Ask.as_view()),
    path("me/inbox/<uuid:notification_id>/reply", Reply.as_view()),
    path("me/responses", Responses.as_view()),
    path("me/answers", Answers.as_view()),
    path("me/delegations", Delegations.as_view()),
    path("me/delegations/<uuid:delegation_id>", OneDelegation.as_view()),
    path("me/counts", Counts.as_view()),
    path("me/opt-out", OptOut.as_view()),
    path("me/preferences", Preferences.as_view()),
    path("me/counts/categories", CategoryCounts.as_view()),
    path("me/receipts", Receipts.as_view()),
    path("me/changes", Changes.as_view()),
]
