"""Pushes by Celery: a broadcast in chunks of about 490 devices, or a task for each person."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")

app = Celery("peers", broker=os.environ["PEERS_BROKER_URL"])
app.conf.update(
    task_default_queue="peers",
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
)

import django  # noqa: E402  # after the application, which knows the settings' module

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from fcm_django.models import FCMDevice  # noqa: E402
from firebase_admin import messaging  # noqa: E402
from push_notifications.models import GCMDevice  # noqa: E402

from benchmarks.peers.models import Delivery, Notification, Recipient  # noqa: E402

# Three devices for ten people beyond the first: below the 500 that firebase-admin takes at once.
PEOPLE_A_CHUNK = 380


def message_of(notification: Notification) -> messaging.Message:
    """The same words, and about as many bytes, as the hub's push."""
    return messaging.Message(
        data={
            "v": "1",
            "type": "notification",
            "id": str(notification.pk),
            "kind": notification.kind,
            "category": "news",
            "title": notification.title,
            "body": notification.summary,
            "reference": notification.reference,
        },
        android=messaging.AndroidConfig(priority="normal", ttl=28 * 86_400),
        apns=messaging.APNSConfig(
            headers={"apns-priority": "5", "apns-push-type": "alert"},
            payload=messaging.APNSPayload(
                messaging.Aps(
                    alert=messaging.ApsAlert(title=notification.title, body=notification.summary),
                    sound="default",
                )
            ),
        ),
    )


def push(peer: str, notification: Notification, people: list[int]) -> None:
    """Push to the devices of these people and write down every result."""
    model = {"fcm-django": FCMDevice, "django-push-notifications": GCMDevice}[peer]
    devices = model.objects.filter(user_id__in=people, active=True).order_by("pk")
    owners = dict(devices.values_list("registration_id", "user_id"))
    said = devices.send_message(message_of(notification))
    responses = said.response.responses if peer == "fcm-django" else said.responses
    Delivery.objects.bulk_create(
        Delivery(
            notification=notification,
            user_id=owner,
            registration_id=address,
            sent=response.success,
            provider_name=response.message_id or "",
        )
        for (address, owner), response in zip(owners.items(), responses, strict=True)
    )


@app.task
def broadcast(peer: str, notification_id: int, count: int) -> None:
    """Divide the first `count` people into chunks, a task each."""
    people = list(User.objects.order_by("pk").values_list("pk", flat=True)[:count])
    for first in range(0, len(people), PEOPLE_A_CHUNK):
        part = people[first : first + PEOPLE_A_CHUNK]
        chunk.apply_async((peer, notification_id, part), queue=peer)


@app.task
def chunk(peer: str, notification_id: int, people: list[int]) -> None:
    """Copies and pushes for some people of a broadcast."""
    notification = Notification.objects.get(pk=notification_id)
    Recipient.objects.bulk_create(
        [Recipient(notification=notification, user_id=person) for person in people],
        ignore_conflicts=True,
    )
    push(peer, notification, people)


@app.task
def single(peer: str, notification_id: int, person: int) -> None:
    """The copy and the pushes of one person."""
    notification = Notification.objects.get(pk=notification_id)
    Recipient.objects.get_or_create(notification=notification, user_id=person)
    push(peer, notification, [person])


@app.task
def fan_out(notification_id: int) -> None:
    """What the plain view asks for; its cost is not part of the comparison of POSTs."""
