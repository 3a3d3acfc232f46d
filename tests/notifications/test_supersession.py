"""A new notification takes the place of one whose decision the sub-system refused."""

import uuid
from dataclasses import replace

import pytest

from hub.lib import errors
from notifications import changes, inbox, ingest, reports
from notifications.callbacks import outcomes
from tests.notifications.acting import answer, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(accept, alice, provider, caller, now):
    request = accept(alice)
    work()
    answer(alice, request)
    outcomes.tell(
        caller=caller, notification_id=request.id, status="refused", message="Closed.", now=now
    )
    return request


def test_the_link_is_shown_both_ways_in_item_and_report(accept, refused, alice, caller):
    new = accept(alice, supersedes=refused.id)

    report = reports.one(caller=caller, notification_id=refused.id)
    assert report["decision"]["superseded_by"] == str(new.id)
    assert reports.one(caller=caller, notification_id=new.id)["supersedes"] == str(refused.id)
    item = inbox.item(employee_id=alice.id, notification_id=refused.id)
    assert item["decision"]["superseded_by"] == str(new.id)
    assert item["state"] == "decided", "it never reopens"
    item = inbox.item(employee_id=alice.id, notification_id=new.id)
    assert (item["supersedes"], item["waiting_for_you"]) == (str(refused.id), True)


def test_of_several_the_first_stays_on_the_refused_one(accept, refused, alice, caller):
    first = accept(alice, supersedes=refused.id)
    accept(alice, supersedes=refused.id)

    report = reports.one(caller=caller, notification_id=refused.id)
    assert report["decision"]["superseded_by"] == str(first.id)


@pytest.mark.django_db(transaction=True)
def test_who_was_asked_the_first_time_sees_it_in_the_feed(accept, refused, alice, bob):
    cursor = changes.since(employee_id=alice.id, cursor=None).cursor
    accept(bob, supersedes=refused.id)

    entries = changes.since(employee_id=alice.id, cursor=cursor).entries
    assert [entry["id"] for entry in entries] == [str(refused.id)]


def test_only_an_own_decision_that_was_refused_is_superseded(
    accept, refused, alice, caller, rosters, provider, now
):
    undecided, confirmed = accept(alice), accept(alice)
    work()
    answer(alice, confirmed)

    def code(earlier_id, by=caller):
        draft = ingest.Draft(
            category="approval", kind="notice", supersedes=earlier_id,
            card={"title": "T", "summary": "", "body": "", "facts": [], "links": []},
            audience={"any": [{"employees": ["E1001"]}]},
        )  # fmt: skip
        with pytest.raises(errors.Invalid) as flawed:
            ingest.accept(draft, caller=by, now=now)
        [flaw] = flawed.value.errors
        assert flaw.pointer == "/supersedes"
        return flaw.code

    assert code(undecided.id) == code(uuid.uuid4()) == "unknown_notification"
    assert code(refused.id, replace(caller, mode="test")) == "unknown_notification"
    assert code(confirmed.id) == "not_refused"
