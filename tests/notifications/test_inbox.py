"""The list as people expect it: what waits on top, filters that narrow it down, words looked for."""

import itertools
from datetime import timedelta

import pytest

from notifications import inbox
from notifications.inbox import searching
from notifications.models import Category, Recipient

pytestmark = pytest.mark.django_db


def shown(person, **more):
    return [entry["title"] for entry in inbox.page(employee_id=person.id, **more).entries]


@pytest.fixture
def receive(make_request, now):
    """A notification with a title, which came to these people some minutes ago."""

    def make(title, *people, minutes=0, asks=(), **more):
        sent = make_request(*asks, readers=people, kind=more.pop("kind", "notice"), **more)
        sent.card = {**sent.card, "title": title, **more.pop("card", {})}
        sent.save()
        Recipient.objects.filter(notification=sent).update(
            arrived_at=now - timedelta(minutes=minutes)
        )
        return sent

    return make


def ask(receive, title, person, **more):
    return receive(title, asks=(person,), kind="request", **more)


def test_what_waits_for_me_stands_above_newer_things(alice, bob, receive):
    receive("newest", alice)
    ask(receive, "old request", alice, minutes=600)
    ask(receive, "bob's request", bob)
    receive("older", alice, minutes=60)
    ask(receive, "request", alice, minutes=300)

    assert shown(alice) == ["request", "old request", "newest", "older"]


def test_pages_lead_over_from_what_waits_to_the_rest_and_back(alice, receive):
    for number in range(5):
        ask(receive, f"request {number}", alice, minutes=100 + number)
    for number in range(5):
        receive(f"notice {number}", alice, minutes=number)
    everything = shown(alice)
    pages, cursor = [], None
    while True:
        pages.append(inbox.page(employee_id=alice.id, after=cursor, page_size=3))
        cursor = pages[-1].after
        if cursor is None:
            break
    assert [e["title"] for page in pages for e in page.entries] == everything
    assert [len(page.entries) for page in pages] == [3, 3, 3, 1]
    for earlier, later in itertools.pairwise(pages):
        back = inbox.page(employee_id=alice.id, before=later.before, page_size=3)
        assert back.entries == earlier.entries


def test_a_request_that_was_archived_and_asks_anew_is_in_the_list(alice, bob, receive, now):
    request = ask(receive, "request", alice)
    Recipient.objects.filter(notification=request).update(archived_at=now)

    assert shown(alice) == ["request"]


def test_a_list_is_narrowed_down_by_sub_system_and_category(alice, receive, rosters, approval):
    shifts = Category.objects.create(subsystem=rosters, key="shift", name="Shifts")
    twin = Category.objects.create(subsystem=rosters, key="approval", name="Approval")
    receive("payslip", alice)
    receive("shift", alice, subsystem=rosters, category=shifts)
    receive("swap", alice, subsystem=rosters, category=twin)

    assert shown(alice, subsystem="rosters") == ["swap", "shift"]
    assert shown(alice, category="approval") == ["swap", "payslip"]
    assert shown(alice, category="approval", subsystem="payroll") == ["payslip"]
    assert shown(alice, subsystem="nobody") == []


@pytest.mark.parametrize(
    "text",
    [
        "müller",
        "MULLER",
        "mu\u0308ller",
        "ller",
        "ﬁnal",
        "FINAL müller",
        "payroll",
        "Küche",
        "請求",
    ],
)
def test_words_are_found_whatever_their_accents_and_case(alice, bob, charlie, receive, text):
    facts = [{"label": "Küche", "value": "請求書", "type": "text"}]
    receive("Rechnung Müller", alice, bob, card={"body": "The final one.", "facts": facts})

    assert shown(alice, text=text) == ["Rechnung Müller"]
    assert shown(charlie, text=text) == []


@pytest.mark.parametrize("text", ["text", "label", "100%", "_", "'; --", "\\", "müller maier"])
def test_what_is_not_written_there_is_not_found(alice, receive, text):
    facts = [{"label": "Kitchen", "value": "9", "type": "text"}]
    receive("Invoice Müller", alice, card={"facts": facts})

    assert shown(alice, text=text) == []


def test_what_is_sealed_is_looked_through_too(alice, charlie, receive):
    receive("Warning", alice, sensitivity="restricted")

    assert shown(alice, text="warning") == ["Warning"]
    assert shown(charlie, text="warning") == []


def test_a_search_reads_a_bounded_number_of_copies_and_goes_on_where_it_ended(
    alice, receive, monkeypatch
):
    monkeypatch.setattr(searching, "CHUNKS", (1, 2))
    for number in range(8):
        receive("needle" if number in {1, 6} else "hay", alice, minutes=number)
    first = inbox.page(employee_id=alice.id, text="needle")
    assert len(first.entries) == 1
    second = inbox.page(employee_id=alice.id, text="needle", after=first.after)
    assert second.entries == []
    third = inbox.page(employee_id=alice.id, text="needle", after=second.after)

    assert (len(third.entries), third.after) == (1, None)


def test_a_search_finds_what_waits_and_what_is_archived_each_in_its_list(alice, receive, now):
    ask(receive, "invoice one", alice)
    old = receive("invoice two", alice, minutes=5)
    inbox.mark(employee_id=alice.id, notification_ids=[old.id], mark="archived", now=now)

    assert shown(alice, text="invoice") == ["invoice one"]
    assert shown(alice, text="invoice", state="waiting") == ["invoice one"]
    assert shown(alice, text="invoice", state="archived") == ["invoice two"]


def test_each_category_has_its_own_counts(alice, charlie, receive, rosters, monkeypatch):
    shifts = Category.objects.create(subsystem=rosters, key="shift", name="Shifts")
    ask(receive, "request", alice)
    receive("payslip", alice)
    receive("shift", alice, subsystem=rosters, category=shifts)

    def told(person):
        return [
            (one["subsystem"]["key"], one["category"]["key"], one["unread"], one["waiting"])
            for one in inbox.counts_by_category(employee_id=person.id)
        ]

    assert told(alice) == [("payroll", "approval", 2, 1), ("rosters", "shift", 1, 0)]
    assert told(charlie) == []


def test_everything_up_to_an_item_is_read_and_what_came_meanwhile_is_not(
    alice, bob, receive, now, monkeypatch
):
    from notifications.inbox import marking

    top = receive("top", alice, bob, minutes=5)
    for number in range(4):
        receive(f"older {number}", alice, bob, minutes=10 + number)
    receive("meanwhile", alice)
    monkeypatch.setattr(marking, "MARKED_AT_ONCE", 3)

    def read():
        return inbox.mark_up_to(employee_id=alice.id, notification_id=top.id, now=now)

    assert [read(), read(), read()] == [(3, True), (2, False), (0, False)]
    assert inbox.counts(employee_id=alice.id)["unread"] == 1
    assert inbox.counts(employee_id=bob.id)["unread"] == 5
