"""The feed a phone follows misses nothing, in whatever order transactions commit."""

import contextlib
import uuid

import psycopg
import pytest
from django.db import connection

from notifications import changes, closing, inbox
from notifications.models import BroadcastChange, Recipient

pytestmark = pytest.mark.django_db(transaction=True)


def follow(employee, cursor):
    """What a phone does: page after page until there is no more; ids and the last cursor."""
    found = []
    while True:
        page = changes.since(employee_id=employee.id, cursor=cursor)
        found += [entry["id"] for entry in page.entries]
        cursor = page.cursor
        if not page.more:
            return found, cursor


def start(employee):
    first = changes.since(employee_id=employee.id, cursor=None)
    assert first.full
    return first.cursor


@contextlib.contextmanager
def other_connection():
    """A second writer, with a transaction of its own."""
    settings = connection.get_connection_params()
    settings = {
        k: v for k, v in settings.items() if k in {"host", "port", "user", "dbname", "password"}
    }
    with psycopg.connect(**settings) as second:
        yield second


def touch(second, notification):
    second.execute(
        "UPDATE notifications_recipient SET read_at = now(), changed_in = pg_current_xact_id()"
        " WHERE notification_id = %s",
        [notification.id],
    )


def test_a_change_is_told_once_and_then_there_is_silence(alice, bob, make_request, now):
    cursor = start(alice)
    request = make_request(alice)

    found, cursor = follow(alice, cursor)
    assert found == [str(request.id)]
    assert follow(alice, cursor)[0] == []


def test_a_transaction_that_began_earlier_and_commits_later_is_not_missed(alice, make_request):
    slow, quick = make_request(alice), make_request(alice)
    cursor = start(alice)
    with other_connection() as second:
        touch(second, slow)  # has the lower transaction id, and is not committed yet
        inbox.mark(
            employee_id=alice.id, notification_ids=[quick.id], mark="read", now=slow.created_at
        )

        found, cursor = follow(alice, cursor)
        assert found == [], "nothing may be told past a transaction that is still open"
        second.commit()

    found, cursor = follow(alice, cursor)
    assert found == [str(slow.id), str(quick.id)]


def test_a_transaction_that_fails_holds_nothing_back(alice, make_request):
    slow, quick = make_request(alice), make_request(alice)
    cursor = start(alice)
    with other_connection() as second:
        touch(second, slow)
        inbox.mark(
            employee_id=alice.id, notification_ids=[quick.id], mark="read", now=slow.created_at
        )
        second.rollback()

    assert follow(alice, cursor)[0] == [str(quick.id)]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_order_of_begin_and_commit_every_change_is_told(alice, make_request, seed):
    import random

    order = random.Random(seed)
    requests = [make_request(alice) for _ in range(6)]
    cursor = start(alice)
    told: list[str] = []
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(other_connection()) for _ in requests]
        steps = [("touch", i) for i in range(6)]
        open_writers: list[int] = []
        while steps or open_writers:
            if steps and (not open_writers or order.random() < 0.5):
                _, place = steps.pop(order.randrange(len(steps)))
                touch(writers[place], requests[place])
                open_writers.append(place)
            else:
                writers[open_writers.pop(order.randrange(len(open_writers)))].commit()
            found, cursor = follow(alice, cursor)
            told += found
    found, cursor = follow(alice, cursor)

    assert sorted([*told, *found]) == sorted(str(request.id) for request in requests)


def test_a_broadcast_that_closes_is_one_row_and_reaches_every_copy(
    alice, bob, charlie, make_request, now
):
    notice = make_request(readers=(alice, bob), kind="notice", on_expiry="none")
    cursors = {person: start(person) for person in (alice, bob, charlie)}
    notice.state, notice.closed_at = "withdrawn", now
    notice.save()
    closing.announce(notice, now=now)

    assert BroadcastChange.objects.count() == 1
    assert follow(alice, cursors[alice])[0] == [str(notice.id)]
    assert follow(bob, cursors[bob])[0] == [str(notice.id)]
    assert follow(charlie, cursors[charlie])[0] == []


def test_a_page_that_is_full_says_that_there_is_more_and_nothing_is_skipped(
    alice, make_request, monkeypatch
):
    monkeypatch.setattr(changes, "PAGE", 2)
    cursor = start(alice)
    from django.db import transaction

    with transaction.atomic():  # all of one transaction, so that a page must cut inside of it
        made = [make_request(alice) for _ in range(5)]

    assert sorted(follow(alice, cursor)[0]) == sorted(str(request.id) for request in made)


def test_the_stranger_is_told_nothing(alice, charlie, make_request):
    cursor = start(charlie)
    make_request(alice)

    assert follow(charlie, cursor)[0] == []


def test_a_cursor_of_another_timeline_says_to_read_everything_anew(alice):
    from hub.lib import cursors

    foreign = cursors.encode("123-1", 5, uuid.UUID(int=0), 20_000)

    assert changes.since(employee_id=alice.id, cursor=foreign).full


@pytest.mark.parametrize("nonsense", ["", "x", "ÿ", "MTIz", "a" * 300, "MXx4fHg"])
def test_a_cursor_that_was_not_given_out_is_refused(alice, nonsense):
    from hub.lib import errors

    if nonsense:
        with pytest.raises(errors.Invalid):
            changes.since(employee_id=alice.id, cursor=nonsense)
    assert Recipient.objects.count() == 0


@pytest.mark.parametrize("seed", range(3))
def test_snoozing_archiving_and_deleting_between_open_writers_are_told_as_well(
    alice, bob, make_request, now, seed
):
    import random
    from datetime import timedelta

    order = random.Random(seed)
    sent = [make_request(readers=(alice, bob), kind="notice") for _ in range(9)]
    slow = [make_request(alice) for _ in range(3)]
    cursor = start(alice)
    told: list[str] = []

    def snooze(one):
        until = now + timedelta(hours=1)
        inbox.snooze(employee_id=alice.id, notification_id=one.id, until=until, now=now)

    def archive(one):
        inbox.mark(employee_id=alice.id, notification_ids=[one.id], mark="archived", now=now)

    def delete(one):
        Recipient.objects.filter(notification=one, employee=alice).delete()

    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(other_connection()) for _ in slow]
        steps = [(deed, sent.pop()) for deed in (snooze, archive, delete) for _ in range(3)]
        steps += [(touch, one) for one in slow]
        deleted = [str(one.id) for deed, one in steps if deed is delete]
        expected = sorted(str(one.id) for _, one in steps)
        order.shuffle(steps)
        for deed, one in steps:
            if deed is touch:
                touch(writers[slow.index(one)], one)
            else:
                deed(one)
            if order.random() < 0.5:
                writers[order.randrange(len(writers))].commit()
            page = changes.since(employee_id=alice.id, cursor=cursor)
            cursor = page.cursor
            told += [entry["id"] for entry in page.entries] + page.removed
        for writer in writers:
            writer.commit()
    page = changes.since(employee_id=alice.id, cursor=cursor)
    told += [entry["id"] for entry in page.entries] + page.removed

    assert sorted(told) == expected
    assert set(deleted) <= set(told)


def test_a_copy_that_is_gone_is_a_tombstone_for_whoever_had_it(alice, bob, charlie, make_request):
    notice = make_request(readers=(alice, bob), kind="notice")
    cursors = {person: start(person) for person in (alice, bob, charlie)}
    gone = [str(notice.id)]
    notice.delete()

    for person, removed in ((alice, gone), (bob, gone), (charlie, [])):
        page = changes.since(employee_id=person.id, cursor=cursors[person])
        assert (page.entries, page.removed) == ([], removed)
        assert changes.since(employee_id=person.id, cursor=page.cursor).removed == []


def test_a_cursor_is_good_for_thirty_days_and_what_it_needs_is_kept_longer(
    alice, make_request, now
):
    from datetime import timedelta

    from notifications.models import Tombstone

    notice = make_request(readers=(alice,), kind="notice")
    cursor = start(alice)
    gone = [str(notice.id)]
    notice.delete()
    day = timedelta(days=1)
    last = now + changes.CURSOR_LIFE
    changes.purge(now=last)
    assert changes.since(employee_id=alice.id, cursor=cursor, now=last).removed == gone
    assert changes.since(employee_id=alice.id, cursor=cursor, now=last + day).full

    assert changes.purge(now=last + 6 * day) == 1
    assert not Tombstone.objects.exists()


def test_a_cursor_that_is_handed_back_every_day_never_grows_old(alice, now):
    from datetime import timedelta

    cursor = start(alice)
    for days in range(0, 100, 20):
        page = changes.since(employee_id=alice.id, cursor=cursor, now=now + timedelta(days=days))
        assert not page.full
        cursor = page.cursor
