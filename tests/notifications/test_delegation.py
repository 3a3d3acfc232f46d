"""Somebody stands in for somebody: what they see, what they answer, and what the record says."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts import audit, people
from accounts.models import AuditEvent, Employee
from hub.lib import errors
from notifications import changes, inbox
from notifications.approvals import delegation, reassign, refusals, respond
from notifications.models import (
    CallbackEvent,
    Category,
    Delegation,
    Notification,
    Recipient,
    Response,
    Seat,
)
from tests.notifications.acting import cleared, shown, work

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BOTH = {"mode": "all", "n": 1, "reject_ends": True}


@pytest.fixture
def lend(now):
    """Somebody lets somebody stand in, from now on for a day unless said otherwise."""

    def make(principal, delegate, starts=0, hours=24, **scope):
        return delegation.give(
            principal_id=principal.id,
            wish=delegation.Wish(
                delegate=delegate.employee_id,
                starts_at=now + starts * HOUR,
                ends_at=now + (starts + hours) * HOUR,
                **scope,
            ),
            now=now,
        )

    return make


def sees(person, request, now):
    try:
        inbox.item(employee_id=person.id, notification_id=request.id, now=now)
    except errors.NotFound:
        return False
    return True


def answer(person, request, now, on_behalf_of=None, verb="approve", comment=""):
    return respond.respond(
        employee_id=person.id,
        notification_id=request.id,
        answer=respond.Answer(
            verb=verb, version=1, comment=comment,
            on_behalf_of=None if on_behalf_of is None else on_behalf_of.employee_id,
        ),
        now=now,
    )  # fmt: skip


def test_a_delegate_answers_and_the_record_says_for_whom(
    accept, alice, bob, charlie, lend, now, provider, payroll
):
    before = accept(alice)
    lend(alice, bob)
    after = accept(alice)
    for request in (before, after):
        item = inbox.item(employee_id=bob.id, notification_id=request.id, now=now)
        assert item["answer_for"] == [{"employee_id": "E1001", "name": "Alice"}]
        assert item["waiting_for_you"]
    assert inbox.counts(employee_id=bob.id, now=now) == {
        "unread": 2,
        "waiting": 2,
        "snoozed": 0,
        "capped": False,
    }

    item = answer(bob, after, now, alice)

    alice_, bob_ = ({"employee_id": p.employee_id, "name": p.display_name} for p in (alice, bob))
    assert (item["decision"]["decided_by"], item["decision"]["on_behalf_of"]) == (bob_, alice_)
    for person in (alice, bob):
        said = inbox.item(employee_id=person.id, notification_id=after.id, now=now)["your_answer"]
        assert (said["by"], said["on_behalf_of"]) == (bob_, alice_)
    response = Response.objects.get()
    assert (response.actor, response.on_behalf_of, response.seat.holder) == (bob, alice, alice)
    event = CallbackEvent.objects.get(type="decision.made")
    assert event.body["data"]["actor"] == {"employee_id": "E1002", "on_behalf_of": "E1001"}
    assert not sees(charlie, after, now)


def test_the_principal_still_sees_and_answers_and_the_first_of_both_wins(
    accept, alice, bob, dana, lend, now
):
    lend(alice, bob)
    request = accept(alice, dana, policy={"mode": "all"})
    answer(alice, request, now)

    with pytest.raises(refusals.AlreadyAnswered):
        answer(bob, request, now, alice, verb="reject", comment="No.")
    assert not inbox.item(employee_id=bob.id, notification_id=request.id, now=now)["answer_for"]
    assert Response.objects.count() == 1


def test_who_holds_a_seat_and_stands_in_answers_each_by_itself(accept, alice, bob, lend, now):
    lend(alice, bob)
    request = accept(alice, bob, policy={"mode": "all"})
    assert len(inbox.item(employee_id=bob.id, notification_id=request.id)["answer_for"]) == 2

    assert answer(bob, request, now)["state"] == "open"
    assert answer(bob, request, now, alice)["state"] == "decided"
    assert set(Response.objects.values_list("on_behalf_of", flat=True)) == {None, alice.id}


def test_a_delegate_says_for_whom(accept, alice, bob, charlie, lend, now):
    lend(alice, bob)
    request = accept(alice)

    with pytest.raises(errors.Invalid) as refusal:
        answer(bob, request, now)
    assert refusal.value.errors[0].pointer == "/on_behalf_of"
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(bob, request, now, charlie)
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(alice, request, now, bob)
    with pytest.raises(errors.NotFound):
        answer(charlie, request, now, alice)


def test_a_delegates_delegate_sees_nothing(accept, alice, bob, charlie, lend, now):
    lend(alice, bob)
    lend(bob, charlie)
    request = accept(alice)

    assert sees(bob, request, now)
    assert not sees(charlie, request, now)
    assert sees(charlie, accept(bob), now)


def test_nobody_approves_their_own_request_by_a_detour(accept, alice, bob, lend, now):
    before = accept(alice, requester="E1002")
    lend(alice, bob)
    after = accept(alice, requester="E1002")

    for request in (before, after):
        assert not sees(bob, request, now)
        with pytest.raises(errors.NotFound):
            answer(bob, request, now, alice)


def test_a_requester_who_reads_along_cannot_answer_in_anothers_name(
    make_request, alice, bob, lend, now
):
    lend(alice, bob)
    request = make_request(alice, readers=(bob,), requester=bob)

    with pytest.raises(refusals.NotYoursToAnswer):
        answer(bob, request, now, alice)


def test_the_window_is_exact_however_late_the_relay_is(accept, alice, bob, lend, now):
    made = lend(alice, bob, starts=1, hours=2)
    request = accept(alice)

    seen_at = [sees(bob, request, now + hours * HOUR) for hours in (0, 1, 2, 3, 4)]
    assert seen_at == [False, True, True, False, False]
    with pytest.raises(errors.NotFound):
        answer(bob, request, made.ends_at, alice)
    assert inbox.counts(employee_id=bob.id, now=now)["unread"] == 0
    assert not inbox.page(employee_id=bob.id, now=made.ends_at).entries
    assert len(inbox.page(employee_id=bob.id, now=made.starts_at).entries) == 1


def test_taking_it_back_ends_it_at_once(accept, alice, bob, charlie, lend, now):
    made = lend(alice, bob)
    request = accept(alice)
    for other in (bob, charlie):
        with pytest.raises(errors.NotFound):
            delegation.take_back(principal_id=other.id, delegation_id=made.id, now=now)

    delegation.take_back(principal_id=alice.id, delegation_id=made.id, now=now)

    assert not sees(bob, request, now)
    assert not sees(bob, accept(alice), now)
    with pytest.raises(errors.NotFound):
        delegation.take_back(principal_id=alice.id, delegation_id=made.id, now=now)
    told = AuditEvent.objects.filter(subject_id=str(made.id)).order_by("id")
    assert [event.action for event in told] == ["delegation_given", "delegation_ended"]


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_it_ends_with_the_account_of_either(request, accept, alice, bob, lend, now, who):
    made = lend(alice, bob)
    asked = accept(alice)
    person = request.getfixturevalue(who)
    people.set_disabled(employee_id=person.id, reason="directory", actor=audit.HUB, now=now)

    if who == "alice":
        assert not sees(bob, asked, now), "at once"
    assert delegation.turn(now) == 1
    made.refresh_from_db()
    assert made.ended_reason == "disabled"
    assert delegation.turn(now) == 0


def cursor(person, now):
    return changes.since(employee_id=person.id, cursor=None, now=now).cursor


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_the_delegate_of_the_beginning_and_the_end(accept, alice, bob, lend, now):
    request = accept(alice)
    made = lend(alice, bob, starts=1, hours=1)
    start = cursor(bob, now)
    ahead = changes.since(employee_id=bob.id, cursor=start, now=now)
    assert (ahead.entries, ahead.removed) == ([], []), "nothing is said of it before its time"

    delegation.turn(made.starts_at)
    begun = changes.since(employee_id=bob.id, cursor=start, now=made.starts_at)
    assert [entry["id"] for entry in begun.entries] == [str(request.id)]
    assert begun.removed == []
    delegation.turn(made.ends_at)
    over = changes.since(employee_id=bob.id, cursor=begun.cursor, now=made.ends_at)
    assert (over.entries, over.removed) == ([], [str(request.id)])
    made.refresh_from_db()
    assert made.ended_reason == "window"


def test_a_delegate_is_pushed_for_what_comes_and_cleared_with_the_others(
    accept, alice, bob, charlie, lend, phone, provider, now
):
    accept(alice)
    work()
    phones = {name: phone(p).push_address for name, p in (("a", alice), ("b", bob))}
    phone(charlie)
    lend(alice, bob)
    lend(alice, charlie, starts=1)
    request = accept(alice)
    work()

    assert shown(provider) == {phones["a"]: 1, phones["b"]: 1}
    [alices, bobs] = [p.wording.data for p in provider.sent]
    assert alices == bobs
    answer(bob, request, now, alice)
    work()
    assert cleared(provider) == {phones["a"]: 1, phones["b"]: 1}


def test_who_becomes_an_approver_keeps_the_copy_that_came_by_delegation(
    accept, alice, bob, dana, lend, now
):
    made = lend(alice, bob)
    policy = {
        "mode": "sequence",
        "steps": [
            {"mode": "any", "audience": {"any": [{"employees": [p.employee_id]}]}}
            for p in (alice, bob)
        ],
    }
    request = accept(audience={}, policy=policy)
    answer(alice, request, now)
    delegation.take_back(principal_id=alice.id, delegation_id=made.id, now=now)

    assert sees(bob, request, now)
    assert answer(bob, request, now)["state"] == "decided"


def test_the_sender_is_told_of_recipients_not_of_who_stands_in(accept, alice, bob, lend, now):
    from notifications import reports

    lend(alice, bob)
    request = accept(alice)
    answer(bob, request, now, alice)

    counted = reports.counts(request)
    assert (counted["recipients"], counted["responded"]) == (1, 1)


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"delegate": "E1001"}, "/delegate"),
        ({"delegate": "nobody"}, "/delegate"),
        ({"delegate": "E1009"}, "/delegate"),
        ({"ends_at": -1}, "/until"),
        ({"starts_at": 2, "ends_at": 2}, "/until"),
        ({"ends_at": 24 * 91}, "/until"),
        ({"starts_at": 24 * 400, "ends_at": 24 * 401}, "/from"),
        ({"subsystem": "nobody"}, "/subsystem"),
        ({"category": "approval"}, "/subsystem"),
        ({"subsystem": "rosters", "category": "approval"}, "/category"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(alice, bob, approval, rosters, now, wish, pointer):
    Employee.objects.filter(pk=bob.pk).update(employee_id="E1009", disabled_at=now)
    Employee.objects.create(
        object_guid=bob.id, employee_id="E1002", user_name="b", display_name="B",
        seen_in_directory_at=now,
    )  # fmt: skip
    asked = {"delegate": "E1002", "starts_at": 0, "ends_at": 1, **wish}
    asked |= {name: now + asked[name] * HOUR for name in ("starts_at", "ends_at")}

    with pytest.raises(errors.Invalid) as refusal:
        delegation.give(principal_id=alice.id, wish=delegation.Wish(**asked), now=now)
    assert refusal.value.errors[0].pointer == pointer


def test_a_person_gives_so_many_at_a_time_and_no_more(alice, bob, lend, settings):
    settings.DELEGATIONS_AT_MOST = 2
    lend(alice, bob)
    lend(alice, bob)
    with pytest.raises(errors.Invalid):
        lend(alice, bob)


def test_a_reader_for_whom_nobody_is_away_costs_one_small_query_more(
    accept, alice, bob, django_assert_num_queries, now
):
    accept(alice, bob)
    # What waits, its copies, the others, seats, answers, decisions, threads: the question for whom
    # one stands in is not Django's.
    with django_assert_num_queries(7):
        inbox.page(employee_id=bob.id, now=now)


# --- What a delegate sees, against an oracle that knows nothing of copies and triggers ----------

PEOPLE = 4
lent = st.tuples(
    st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.integers(-3, 6), st.integers(1, 6),
    st.sampled_from([None, "payroll", "rosters", "payroll/approval", "payroll/leave"]),
)  # fmt: skip
asked = st.tuples(
    st.sampled_from(["payroll/approval", "payroll/leave", "rosters/approval"]),
    st.sets(st.integers(0, PEOPLE - 1), min_size=1, max_size=3),
    st.none() | st.integers(0, PEOPLE - 1),
    st.none() | st.integers(-3, 6),  # closed at
)
acts = st.lists(st.one_of(lent, asked), min_size=1, max_size=8)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=acts, hour=st.integers(-4, 12), off=st.none() | st.integers(0, PEOPLE - 1))
def test_a_delegate_sees_exactly_the_window_and_the_scope(
    django_db_setup, alice, bob, charlie, dana, payroll, rosters, now, acts, hour, off
):
    cast = [alice, bob, charlie, dana]
    _clean()
    for person in cast:
        Employee.objects.filter(pk=person.pk).update(disabled_at=None)
    kinds = {
        f"{system.key}/{key}": Category.objects.get_or_create(
            subsystem=system, key=key, defaults={"name": key}
        )[0]
        for system in (payroll, rosters)
        for key in ("approval", "leave")
    }
    lendings, requests = [], []
    for act in acts:
        if len(act) == 5:
            lendings += _lend(cast, act, now)
        else:
            requests += _ask(cast, act, kinds, now)
    if off is not None:
        Employee.objects.filter(pk=cast[off].pk).update(disabled_at=now)
    at = now + hour * HOUR
    for me, person in enumerate(cast):
        if me == off:
            continue
        mine = {}
        for request, kind, seats, requester, closed in requests:
            own = me in seats
            for principal in seats - {me, off}:
                held = [
                    one for one in lendings
                    if one[:2] == (principal, me) and one[2] <= hour < one[3]
                    and (one[4] is None or f"{kind}/".startswith(f"{one[4]}/"))
                    and (closed is None or closed >= one[2])
                ]  # fmt: skip
                if held and requester != me:
                    mine.setdefault(request.id, set()).add(principal)
            if own:
                mine.setdefault(request.id, set()).add(me)
        _compare(person, mine, requests, cast, at)


def _clean():
    for model in (Response, CallbackEvent, Recipient, Seat, Delegation):
        model.objects.all().delete()
    Notification.objects.all().delete()


def _lend(cast, act, now):
    principal, delegate, starts, hours, scope = act
    if principal == delegate:
        return []
    subsystem, _, category = (scope or "").partition("/")
    given_at = now + min(starts, 0) * HOUR
    delegation.give(
        principal_id=cast[principal].id,
        wish=delegation.Wish(
            delegate=cast[delegate].employee_id, starts_at=now + starts * HOUR,
            ends_at=now + (starts + hours) * HOUR, subsystem=subsystem or None,
            category=category or None,
        ),
        now=given_at,
    )  # fmt: skip
    return [(principal, delegate, starts, starts + hours, scope)]


def _ask(cast, act, kinds, now):
    kind, seats, requester, closed = act
    seats = seats - {requester}
    if not seats:
        return []
    request = Notification(
        subsystem=kinds[kind].subsystem, category=kinds[kind], mode="live", kind="request",
        state="open", sensitivity="internal", audience={}, policy={**BOTH}, created_at=now,
        requester=None if requester is None else cast[requester],
    )  # fmt: skip
    request.card = {
        "title": "T", "summary": "", "body": "", "facts": [], "links": [],
        "actions": [{"verb": "approve", "label": "A", "effect": "approve", "comment": ""}],
    }  # fmt: skip
    request.save()
    for one in seats:
        Recipient.objects.create(employee=cast[one], notification=request, arrived_at=now)
    for one in seats:
        Seat.objects.create(notification=request, principal=cast[one], holder=cast[one])
    if closed is not None:
        Notification.objects.filter(pk=request.pk).update(
            state="withdrawn", closed_at=now + closed * HOUR
        )
    return [(request, kind, seats, requester, closed)]


def _compare(person, mine, requests, cast, at):
    listed = {entry["id"]: entry for entry in inbox.page(employee_id=person.id, now=at).entries}
    assert set(listed) == {str(one) for one in mine}
    counted = inbox.counts(employee_id=person.id, now=at)
    still_open = {
        request.id for request, _, _, _, closed in requests if closed is None and request.id in mine
    }
    assert (counted["unread"], counted["waiting"]) == (len(mine), len(still_open))
    for request, _, _, _, closed in requests:
        if request.id not in mine:
            assert not sees(person, request, at)
            with pytest.raises(errors.NotFound):
                answer(person, request, at)
            continue
        names = {cast[one].employee_id for one in mine[request.id]} if closed is None else set()
        assert {one["employee_id"] for one in listed[str(request.id)]["answer_for"]} == names


# --- Reassignment --------------------------------------------------------------------------------


def move(request, holder, to, now, reason="On leave"):
    return reassign.reassign(
        notification_id=request.id, holder=holder.employee_id, to=to.employee_id, reason=reason,
        actor=audit.Actor("staff", "1"), now=now,
    )  # fmt: skip


def test_a_reassigned_seat_is_answered_by_its_new_holder(accept, alice, bob, phone, provider, now):
    request = accept(alice)
    work()
    bobs = phone(bob).push_address
    seat = move(request, alice, bob, now)
    work()

    assert shown(provider)[bobs] == 1
    seat.refresh_from_db()
    assert (seat.source, seat.principal, seat.reason) == ("reassignment", alice, "On leave")
    [event] = AuditEvent.objects.filter(action="seat_reassigned")
    assert event.data == {"seat": str(seat.pk), "from": str(alice.pk), "to": str(bob.pk)}
    assert sees(alice, request, now)
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(alice, request, now)
    assert answer(bob, request, now)["state"] == "decided"


def test_it_goes_to_nobody_who_must_not_have_it(accept, alice, bob, charlie, dana, now):
    request = accept(alice, bob, requester="E1003", policy={"mode": "all"})
    Employee.objects.filter(pk=dana.pk).update(disabled_at=now)
    for holder, to, pointer in (
        (alice, charlie, "/to"),  # the requester
        (alice, bob, "/to"),  # sits there already
        (alice, alice, "/to"),
        (alice, dana, "/to"),  # has left
        (charlie, dana, "/holder"),
    ):
        with pytest.raises(errors.Invalid) as refusal:
            move(request, holder, to, now)
        assert refusal.value.errors[0].pointer == pointer
    answer(alice, request, now)
    Employee.objects.filter(pk=dana.pk).update(disabled_at=None)
    with pytest.raises(errors.Invalid):
        move(request, alice, dana, now)
    assert not Seat.objects.filter(source="reassignment").exists()


def test_a_copy_that_came_by_delegation_stays_with_a_reassigned_seat(accept, alice, bob, lend, now):
    made = lend(alice, bob)
    request = accept(alice)
    move(request, alice, bob, now)
    delegation.take_back(principal_id=alice.id, delegation_id=made.id, now=now)

    assert sees(bob, request, now)
    assert answer(bob, request, now)["decision"]["on_behalf_of"] is None


def test_what_is_closed_is_not_reassigned(accept, alice, bob, now):
    request = accept(alice)
    answer(alice, request, now)
    with pytest.raises(errors.Invalid):
        move(request, alice, bob, now)


def test_who_stands_in_for_the_new_holder_sees_a_reassigned_seat(
    accept, alice, bob, charlie, lend, now
):
    lend(bob, charlie)
    request = accept(alice)
    assert not sees(charlie, request, now)

    move(request, alice, bob, now)

    assert answer(charlie, request, now, bob)["state"] == "decided"
