"""A sub-system orders that what it sent about somebody is erased."""

import pytest

from accounts import audit
from accounts.models import AuditEvent
from accounts.privacy import holds
from notifications import erasing
from notifications.models import CallbackEvent, Decision, Question, Response
from tests.notifications.acting import answer

pytestmark = pytest.mark.django_db
WORD = "PLANTED-4711"


def test_the_words_go_and_the_decision_stays(alice, bob, make_request, caller, now):
    request = make_request(alice, reference="EXP-1", metadata={"of": WORD}, requester=bob)
    Question.objects.create(
        notification=request, asker=alice, to="subsystem", text=WORD, asked_at=now
    )
    answer(alice, request, comment=WORD)

    done = erasing.by_reference(caller=caller, reference="EXP-1", now=now)

    assert done == erasing.Erased(erased=1, open=0, held=0)
    request.refresh_from_db()
    assert request.card["title"] == "(deleted)"
    assert (request.metadata, request.requester) == ({}, None)
    assert Response.objects.get().comment is None
    assert Question.objects.get().text == "(deleted)"
    assert Decision.objects.get().effect == "approve"
    for event in CallbackEvent.objects.all():
        assert WORD not in str(event.body)
        assert event.body["data"]["reference"] == "EXP-1"
    assert AuditEvent.objects.filter(action="content_erased").count() == 1


def test_what_waits_for_answers_is_withdrawn_first(alice, make_request, caller, now):
    make_request(alice, reference="EXP-1")

    done = erasing.by_reference(caller=caller, reference="EXP-1", now=now)

    assert done == erasing.Erased(erased=0, open=1, held=0)


def test_what_a_legal_hold_covers_stays(alice, make_request, caller, now):
    notice = make_request(readers=(alice,), kind="notice", reference="EXP-1")
    holds.place(
        notification_id=notice.pk, reason="A lawsuit", actor=audit.Actor("staff", "7"), now=now
    )

    done = erasing.by_reference(caller=caller, reference="EXP-1", now=now)

    assert done == erasing.Erased(erased=0, open=0, held=1)


def test_nobody_erases_what_another_sub_system_sent(alice, make_request, caller, rosters, now):
    from dataclasses import replace

    notice = make_request(readers=(alice,), kind="notice", reference="EXP-1")
    stranger = replace(caller, subsystem_id=rosters.pk)
    test_key = replace(caller, mode="test")

    for other in (stranger, test_key):
        done = erasing.by_reference(caller=other, reference="EXP-1", now=now)
        assert done == erasing.Erased(erased=0, open=0, held=0)
    notice.refresh_from_db()
    assert notice.card["title"] == "Expense report"
