"""The pull feed misses nothing, in whatever order transactions commit."""

import contextlib
import random
from dataclasses import replace

import pytest

from hub.lib import cursors, errors, ids
from notifications.callbacks import feed
from notifications.models import CallbackEvent
from tests.notifications.test_changes import other_connection

pytestmark = pytest.mark.django_db(transaction=True)


def follow(caller, cursor=None):
    """What a sub-system does: page after page until there is no more; ids and the last cursor."""
    found = []
    while True:
        page = feed.after(caller=caller, cursor=cursor, page_size=2)
        found += [entry["id"] for entry in page.entries]
        cursor = page.cursor
        if not page.more:
            return found, cursor


def write(second, notification, sequence):
    """An event, written by another process that has not committed yet."""
    event_id = ids.uuid7()
    sealed = CallbackEvent._meta.get_field("body").seal({"id": str(event_id)}, row=event_id)
    second.execute(
        "INSERT INTO notifications_callbackevent"
        " (id, subsystem_id, notification_id, type, sequence, body, state, created_at)"
        " VALUES (%s, %s, %s, 'response.recorded', %s, %s, 'kept', now())",
        [event_id, notification.subsystem_id, notification.id, sequence, sealed],
    )
    return str(event_id)


def test_every_event_is_there_from_the_beginning_in_order_and_then_silence(
    caller, make_request, emit, alice
):
    request = make_request(alice)
    made = [str(emit(request).id) for _ in range(5)]

    found, cursor = follow(caller)
    assert found == made
    assert follow(caller, cursor)[0] == []
    later = str(emit(request).id)
    assert follow(caller, cursor)[0] == [later]


def test_they_are_the_events_of_the_callbacks_whether_there_is_an_endpoint_or_not(
    caller, make_request, emit, alice, endpoint
):
    event = emit(make_request(alice), verb="approve")

    [entry] = feed.after(caller=caller, cursor=None).entries
    assert entry == CallbackEvent.objects.get(pk=event.pk).body
    assert (entry["type"], entry["data"]["verb"]) == ("response.recorded", "approve")


def test_nothing_is_there_of_another_sub_system_or_of_the_other_mode(
    caller, make_request, emit, alice, rosters
):
    emit(make_request(alice))

    assert follow(replace(caller, subsystem_id=rosters.pk))[0] == []
    assert follow(replace(caller, mode="test"))[0] == []


def test_a_transaction_that_began_earlier_and_commits_later_is_not_missed(
    caller, make_request, emit, alice
):
    slow, quick = make_request(alice), make_request(alice)
    _, cursor = follow(caller)
    with other_connection() as second:
        first = write(second, slow, 1)  # has the lower transaction id, and is not committed yet
        then = str(emit(quick).id)

        found, cursor = follow(caller, cursor)
        assert found == [], "nothing may be told past a transaction that is still open"
        second.commit()

    assert follow(caller, cursor)[0] == [first, then]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_order_of_begin_and_commit_every_event_is_told_once(
    caller, make_request, alice, seed
):
    order = random.Random(seed)
    requests = [make_request(alice) for _ in range(6)]
    written, told, cursor = [], [], None
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(other_connection()) for _ in requests]
        to_begin, to_commit = list(range(6)), []
        while to_begin or to_commit:
            if to_begin and (not to_commit or order.random() < 0.5):
                place = to_begin.pop(order.randrange(len(to_begin)))
                written.append(write(writers[place], requests[place], 1))
                to_commit.append(place)
            else:
                writers[to_commit.pop(order.randrange(len(to_commit)))].commit()
            found, cursor = follow(caller, cursor)
            told += found
    told += follow(caller, cursor)[0]

    assert sorted(told) == sorted(written)


def test_after_a_restore_it_begins_anew_and_says_so(caller, make_request, emit, alice):
    event = emit(make_request(alice))
    foreign = cursors.encode("123-1", 5, event.id)
    page = feed.after(caller=caller, cursor=foreign)

    assert page.restarted
    assert [entry["id"] for entry in page.entries] == [str(event.id)]


@pytest.mark.parametrize("nonsense", ["x", "ÿ", "MTIz", "a" * 300, "MXx4fHg"])
def test_a_cursor_that_was_not_given_out_is_refused(caller, nonsense):
    with pytest.raises(errors.Invalid):
        feed.after(caller=caller, cursor=nonsense)
