"""What left the premises is counted, by whom it went to and how sensitive it was."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from accounts import audit
from accounts.privacy import notices, outside
from hub.lib import clock
from notifications.models import Delivery, Errand, Outbound
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db(transaction=True)


def ledger():
    columns = ("recipient", "purpose", "sensitivity", "count")
    return sorted(Outbound.objects.values_list(*columns))


@pytest.mark.parametrize("sensitivity", ["public", "internal", "restricted"])
def test_a_broadcast_adds_one_row_however_many_phones_it_reaches(
    alice, bob, charlie, phone, provider, accept, approval, sensitivity, settings
):
    settings.FAN_OUT_BATCH = 1  # as many batches as people
    approval.sensitivity = "public"
    approval.save()
    for person in (alice, alice, bob, charlie):
        phone(person)

    accept(kind="notice", audience={"any": [{"everybody": True}]}, sensitivity=sensitivity)
    work()

    assert Delivery.objects.filter(state="sent").count() == 4
    assert ledger() == [("firebase", "show", sensitivity, 4)]


def test_the_clearing_of_a_request_and_a_try_that_failed_count_as_well(
    alice, bob, phone, provider, accept
):
    hers, his = phone(alice), phone(bob)
    provider.says[his.push_address] = Outcome(Fate.OURS, reason="invalid_argument")
    request = accept(alice, bob)
    work()
    answer(alice, request)
    work()

    assert ("firebase", "show", "internal", 2) in ledger()
    assert [row for row in ledger() if row[1] == "clear"] != []
    assert hers.pk != his.pk


def test_what_a_test_key_causes_leaves_nowhere(alice, phone, provider, accept, caller):
    from dataclasses import replace

    from notifications import ingest

    phone(alice)
    card = {"title": "T", "summary": "", "body": "", "facts": [], "links": []}
    draft = ingest.Draft(
        category="approval", kind="notice", card=card,
        audience={"any": [{"employees": ["E1001"]}]},
    )  # fmt: skip
    ingest.accept(draft, caller=replace(caller, mode="test"), now=clock.now())
    work()

    assert ledger() == []


@pytest.fixture
def strict(settings):
    """As in production."""
    settings.OUTSIDE_NEEDS_NOTICE = True
    outside.forget()
    yield
    outside.forget()


def publish(version, *, recipients, now):
    words = {"language": "en", "title": "Privacy notice", "text": "We know."}
    notices.draft(version=version, material=False, recipients=recipients, actor=audit.HUB, now=now)
    notices.write(version=version, actor=audit.HUB, now=now, **words)
    notices.publish(version=version, effective_at=now, actor=audit.HUB, now=now)


def test_nothing_is_pushed_before_a_notice_names_the_provider(
    alice, phone, provider, accept, strict, now
):
    hers = phone(alice)
    accept(alice, kind="notice")
    work()

    assert shown(provider) == {}
    held = Errand.objects.get(kind="push")
    assert held.last_error == "not_named"
    assert held.due_at > clock.now() + timedelta(seconds=30)

    publish("2026-1", recipients=["mail"], now=now)
    outside.forget()
    Errand.objects.update(due_at=now)
    work()
    assert shown(provider) == {}

    publish("2026-2", recipients=["mail", "firebase"], now=now)
    outside.forget()
    Errand.objects.update(due_at=now)
    work()
    assert shown(provider) == {hers.push_address: 1}


def test_whether_somebody_is_named_is_asked_now_and_then_only(
    strict, now, django_assert_num_queries
):
    publish("2026-1", recipients=["firebase"], now=now)

    with django_assert_num_queries(1):
        for _ in range(10):
            assert outside.may_get("firebase", now=now)


def test_the_ledger_comes_out_as_a_table(alice, phone, provider, accept, capsys):
    phone(alice)
    notice = accept(alice, kind="notice")
    work()

    call_command("outbound_ledger", "--days", "1")

    head, row = capsys.readouterr().out.splitlines()
    assert head.startswith("notification,recipient,purpose,sensitivity,count")
    assert row.startswith(f"{notice.pk},firebase,show,internal,1")
