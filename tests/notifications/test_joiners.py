"""Who joins or moves into the audience of an open notice gets it, once, until it ends."""

from collections import Counter
from datetime import timedelta

import pytest

from accounts.models import Employee
from hub.lib import clock, errors
from notifications.models import Errand, Recipient
from tests.conftest import employee
from tests.notifications.acting import shown, work

pytestmark = pytest.mark.django_db

FINANCE = {"any": [{"department": "Finance"}]}


@pytest.fixture(params=[500, 0], ids=["at once", "by fan-out"])
def notice(request, accept, alice, charlie, dana, phone, provider, settings, now):
    """A notice to Finance with joiners; alice has it, charlie and dana are of IT."""
    Employee.objects.filter(id=dana.id).update(department="IT")
    settings.SEATS_AT_MOST, settings.FAN_OUT_BATCH = request.param, 1
    phone(alice), phone(charlie)
    made = accept(kind="notice", audience=FINANCE, joiners=True, expires_at=now + timedelta(days=7))
    work()
    return made


def look_again():
    Errand.objects.filter(kind="joiners").update(due_at=clock.now())
    work()


def test_who_joined_or_moved_gets_it_and_nobody_gets_it_twice(
    notice, alice, dana, phone, provider, settings, now
):
    settings.FAN_OUT_BATCH = 2000  # alice's copy lies between those of dana and erin
    assert Errand.objects.get(kind="joiners").due_at >= now + timedelta(minutes=15)
    Employee.objects.filter(id=dana.id).update(department="Finance")
    mover, newcomer = phone(dana), phone(employee("erin", "E1009"))
    late = phone(alice)  # a second phone of somebody who has it: not told of old news
    provider.sent = []
    look_again()

    assert set(Recipient.objects.values_list("employee__user_name", flat=True)) == {
        "alice", "dana", "erin",
    }  # fmt: skip
    assert shown(provider) == Counter([mover.push_address, newcomer.push_address])
    assert late.push_address not in shown(provider)
    notice.refresh_from_db()
    assert notice.recipient_count == 3
    look_again()
    assert sum(shown(provider).values()) == 2


def test_it_looks_every_quarter_of_an_hour_by_a_new_errand(notice):
    first = Errand.objects.get(kind="joiners")
    look_again()
    [second] = Errand.objects.filter(kind="joiners")

    assert second.id != first.id
    assert second.attempts == 0
    assert second.due_at > clock.now() + timedelta(minutes=14)


@pytest.mark.parametrize("end", ["expired", "withdrawn"])
def test_it_ends_with_the_notice(notice, charlie, provider, now, end):
    Employee.objects.filter(id=charlie.id).update(department="Finance")
    if end == "expired":
        type(notice).objects.update(expires_at=now)
    else:
        type(notice).objects.update(state="withdrawn", closed_at=now)
    look_again()

    assert not Recipient.objects.filter(employee=charlie).exists()
    assert not Errand.objects.filter(kind="joiners").exists()


def test_a_notice_without_joiners_looks_for_nobody(accept, alice, provider):
    accept(alice, kind="notice")
    work()

    assert not Errand.objects.exists()
    assert shown(provider) == Counter()


def test_joiners_need_an_end(accept, alice):
    with pytest.raises(errors.Invalid) as refusal:
        accept(alice, kind="notice", joiners=True)
    assert (refusal.value.errors[0].pointer, refusal.value.errors[0].code) == (
        "/joiners",
        "needs_expires_at",
    )
