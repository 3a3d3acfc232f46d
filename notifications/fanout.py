"""From an audience to inbox rows and push errands, set by set; rerunnable after any crash."""

import uuid
from datetime import datetime, time, timedelta
from typing import cast

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from accounts import audience
from accounts.models import Employee
from hub.lib import clock, logging, metrics
from notifications import errands, hints, lifecycle, queues, waves
from notifications.models import Delivery, Errand, Notification, Recipient, Seat

log = logging.get(__name__)

AT_A_TIME = timedelta(seconds=10)
JOINERS_EVERY = timedelta(minutes=15)

# The employees of one batch, and their copies. The constraint makes a second run harmless, and
# the SELECT from employees is the check that a foreign key would have been.
INSERT = """
WITH batch AS MATERIALIZED ({employees}),
     copied AS (INSERT INTO notifications_recipient AS copy (
                    employee_id, notification_id, arrived_at, acknowledged_version)
                SELECT id, %s, %s, %s FROM batch
                    ON CONFLICT (employee_id, notification_id) DO UPDATE
                   SET by_delegation = false WHERE copy.by_delegation RETURNING employee_id)
SELECT (SELECT id FROM batch ORDER BY id LIMIT 1),
       (SELECT id FROM batch ORDER BY id DESC LIMIT 1),
       (SELECT count(*) FROM batch), (SELECT count(*) FROM copied)
"""


def run(errand: Errand, now: datetime) -> None:
    """Give every member of the audience a copy, batch by batch, each with its push errand.

    Each batch is one transaction with the errand's progress in it, so that a crash repeats
    nothing and skips nothing. Stops where the notification is no longer open. After a while the
    errand is given back, to go on in another task: one task's time is limited.
    """
    ends_at = now + AT_A_TIME
    while _batch(errand, now):
        now = clock.now()
        if now >= ends_at:
            errands.postpone(errand, until=now, error="", tried=False)
            queues.wake(errand.queue)
            return
        if not errands.extend(errand, now=now):
            return  # another worker took the errand over


def start(notification: Notification, *, now: datetime) -> None:
    """Write the errand that sends a notification at its time, in the caller's transaction."""
    due_at = notification.send_at
    errands.add(
        kind=Errand.Kind.FAN_OUT,
        notification=notification,
        due_at=due_at if due_at is not None and due_at > now else now,
        now=now,
    )


@transaction.atomic
def _batch(errand: Errand, now: datetime) -> bool:
    """Copy one batch; False when there is nothing more to do and the errand is gone."""
    notification = Notification.objects.select_for_update(no_key=True).get(id=errand.about)
    if notification.state == Notification.State.SCHEDULED:
        lifecycle.move(notification, to=Notification.State.OPEN, now=now)
    if notification.state != Notification.State.OPEN:
        errands.finish(errand)
        return False
    people = recipients_of(notification)
    if notification.waves and errand.moment is None:
        _plan(notification, people=people, now=now)
        errands.finish(errand)
        return False
    if errand.moment is not None:
        people = _of_wave(errand, notification=notification, people=people)
    if copy(errand, notification=notification, people=people, now=now):
        return True
    errands.finish(errand)
    hints.notifications([notification.id])  # once, however many have got it
    if not _fan_outs(notification).exists():
        _finish(notification, now=now)
    return False


def copy(
    errand: Errand, *, notification: Notification, people: QuerySet[Employee], now: datetime
) -> bool:
    """Give the next batch of these people their copies, with a push errand, in a transaction.

    The errand keeps how far it is. Returns False when nobody is left. Where the copies of others
    lie between theirs, the push is for those alone that came now.
    """
    first, last, size, copied = _insert(
        notification, people=people, after=errand.employee_from, now=now
    )
    metrics.recipients.inc(copied)
    if first is None or last is None:
        return False
    Notification.objects.filter(id=notification.id).update(
        recipient_count=F("recipient_count") + copied
    )
    alone = errand.moment is None and errand.kind == Errand.Kind.FAN_OUT
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.SHOW,
        size=size,
        employees=(first, last),
        moment=None if alone else now,
        due_at=now,
        now=now,
    )
    errand.employee_from = last
    Errand.objects.filter(id=errand.id, lease_token=errand.lease_token).update(employee_from=last)
    return True


def _insert(
    notification: Notification,
    *,
    people: QuerySet[Employee],
    after: uuid.UUID | None,
    now: datetime,
) -> tuple[uuid.UUID | None, uuid.UUID | None, int, int]:
    """Insert the next batch: its first and last employee, its size, how many are new."""
    if after is not None:
        people = people.filter(id__gt=after)
    batch = people.order_by("id").values("id")[: settings.FAN_OUT_BATCH]
    try:
        sql, parameters = batch.query.sql_with_params()
    except EmptyResultSet:  # Django sees that nobody can match, and makes no statement
        return None, None, 0, 0
    confirmed = 0 if notification.kind == Notification.Kind.ACKNOWLEDGEMENT else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(employees=sql), [*parameters, notification.id, now, confirmed])
        return cast(
            "tuple[uuid.UUID | None, uuid.UUID | None, int, int]", tuple(cursor.fetchone() or ())
        )


def without_copy(notification: Notification, *, people: QuerySet[Employee]) -> QuerySet[Employee]:
    """Those of the people who have no copy yet."""
    copies = Recipient.objects.filter(notification=notification, employee_id=OuterRef("pk"))
    return people.filter(~Exists(copies))


def _plan(notification: Notification, *, people: QuerySet[Employee], now: datetime) -> None:
    """Write a fan-out errand for each wave."""
    at, start_at = _hour(notification)
    for moment in waves.plan(people, at=at, start=start_at) or [now]:
        errands.add(
            kind=Errand.Kind.FAN_OUT,
            notification=notification,
            moment=moment,
            due_at=moment,
            now=now,
        )


def _of_wave(
    errand: Errand, *, notification: Notification, people: QuerySet[Employee]
) -> QuerySet[Employee]:
    """Those whose hour it is; of the last wave, whoever is left: people move between the waves."""
    assert errand.moment is not None
    people = without_copy(notification, people=people)
    if not _fan_outs(notification).filter(moment__gt=errand.moment).exists():
        return people
    at, start_at = _hour(notification)
    return waves.of(people, wave_at=errand.moment, at=at, start=start_at)


def _hour(notification: Notification) -> tuple[time, datetime]:
    """The hour of the waves, and the moment from which on it is looked for: always the same one."""
    times = (notification.created_at, notification.send_at, notification.released_at)
    hour = time.fromisoformat((notification.waves or {})["at"])
    return hour, max(moment for moment in times if moment is not None)


def _fan_outs(notification: Notification) -> QuerySet[Errand]:
    """The fan-out errands of a notification, by the index that claiming uses."""
    lane = errands.lane_of(notification)
    return Errand.objects.filter(
        queue=queues.queue_of(Errand.Kind.FAN_OUT, lane),
        lane=lane,
        subsystem_id=notification.subsystem_id,
        dead_at=None,
        notification=notification,
        kind=Errand.Kind.FAN_OUT,
    )


def _finish(notification: Notification, *, now: datetime) -> None:
    """Everybody has a copy; whoever joins later gets one by an errand of its own."""
    notification.fanned_out_at = now
    notification.save(update_fields=["fanned_out_at"])
    await_joiners(notification, now=now)
    log.info("fanned_out", notification=str(notification.id), of=notification.recipient_count)


def await_joiners(notification: Notification, *, now: datetime) -> None:
    """Write the errand that looks for joiners next, where the sender asked for it."""
    if notification.joiners:
        errands.add(
            kind=Errand.Kind.JOINERS,
            notification=notification,
            due_at=now + JOINERS_EVERY,
            now=now,
        )


def recipients_of(notification: Notification) -> QuerySet[Employee]:
    """Who sees it: the seats of a request, frozen when it was accepted; else the audience.

    Those of a later step see it when their step opens.
    """
    if notification.kind == Notification.Kind.REQUEST:
        seated = Seat.objects.filter(notification=notification, step__lte=notification.step).values(
            "holder_id"
        )
        return Employee.objects.filter(id__in=seated, disabled_at=None)
    return audience.matching(audience.restore(notification.audience))
