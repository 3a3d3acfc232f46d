"""What was gathered for who has no phone, or wants no pushes, comes as one e-mail."""

import pytest
import time_machine
from django.test import Client

from hub.lib import clock
from notifications import inbox
from notifications.models import Category, Digest, Mail, Preference
from tests.notifications.acting import work
from tests.notifications.mailing.test_mail import html_of, later, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    moment = clock.now().replace(hour=12, minute=10, second=0, microsecond=0)
    with time_machine.travel(moment, tick=True):
        yield moment


def hourly(person, **more):
    Preference.objects.create(
        employee=person, changed_at=clock.now(), digest="hourly", time_zone="UTC", **more
    )


def test_who_has_no_phone_gets_one_e_mail_that_says_how_many_and_nothing_of_them(
    box, accept, alice, bob, optional, provider, settings
):
    Category.objects.filter(pk=optional.pk).update(sensitivity="public")
    hourly(alice)
    for _ in range(2):
        accept(alice, bob, kind="notice", sensitivity="public")
    work()

    assert [len(box.to(person)) for person in (alice, bob)] == [0, 2]
    rows = Mail.objects.filter(employee=alice).values_list("state", "reason")
    assert set(rows) == {("suppressed", "digest")}
    with later(minutes=51):
        work()
        work()
    [mail] = box.to(alice)
    assert mail["Subject"] == f"{settings.HUB_NAME}: You have 2 new messages."
    assert mail["Message-ID"] == f"<{Digest.objects.get().pk}@corp.example>"
    for part in (text_of(mail), html_of(mail)):
        assert "https://hub.corp.example/#/" in part
        assert "Expense report" not in part
        assert "Payroll" not in part


def test_who_wants_e_mail_and_no_pushes_gets_it_there_and_who_wants_neither_nothing(
    box, accept, alice, bob, optional, phone, provider
):
    for person in (alice, bob):
        phone(person)
    hourly(alice, push=False)
    hourly(bob, push=False, mail=False)
    accept(alice, bob, kind="notice")
    work()
    with later(minutes=51):
        work()
    assert provider.sent == []
    assert [len(box.to(person)) for person in (alice, bob)] == [1, 0]


def test_one_that_is_put_off_comes_again_under_its_message_id_and_not_if_it_was_read(
    box, accept, alice, bob, optional, provider
):
    for person in (alice, bob):
        hourly(person)
        box.says[person.mail] = "451 later"
    notice = accept(alice, bob, kind="notice")
    work()
    with later(minutes=51):
        work()
        inbox.mark(employee_id=bob.pk, notification_ids=[notice.pk], mark="read", now=clock.now())
    assert box.received == []
    box.says.clear()
    with later(minutes=61):
        work()
    assert [len(box.to(person)) for person in (alice, bob)] == [1, 0]


def test_its_one_click_link_switches_e_mail_off_and_a_look_at_it_does_not(
    box, accept, alice, optional, provider
):
    hourly(alice)
    accept(alice, kind="notice")
    work()
    with later(minutes=51):
        work()
    [mail] = box.to(alice)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = mail["List-Unsubscribe"].strip("<>").removeprefix("https://hub.corp.example")
    browser = Client(enforce_csrf_checks=True)

    assert browser.get(path).status_code == 200
    assert Preference.objects.get().mail
    for _ in range(2):
        done = browser.post(path, {"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    assert (Preference.objects.get().mail, Preference.objects.get().version) == (False, 1)


def test_quiet_hours_do_not_keep_a_notice_from_the_digest_of_their_end(
    box, accept, alice, optional, provider
):
    every_day = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hourly(alice, quiet_hours=[{"days": every_day, "from": "11:00", "until": "13:30"}])
    accept(alice, kind="notice")
    work()
    with later(minutes=79):
        work()
        assert box.received == []
    with later(minutes=81):
        work()
    assert len(box.to(alice)) == 1
    assert Digest.objects.count() == 1
