"""E-mail as the second road, over real SMTP."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts import devices
from hub.lib import clock
from notifications import drain, inbox, preferences, queues
from notifications.mailing import send as mailing
from notifications.mailing import smtp, unsubscribe
from notifications.mailing.gateway import Letter
from notifications.models import Category, Errand, Mail, OptOut, Preference
from notifications.push.gateway import Fate
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db


def later(**span):
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def states():
    rows = Mail.objects.values_list("employee__user_name", "state", "reason")
    return {name: (state, reason) for name, state, reason in rows}


def due_now():
    Errand.objects.update(due_at=clock.now())


def test_who_has_no_phone_is_written_to_and_who_has_one_is_rung(
    box, accept, alice, bob, phone, provider
):
    bobs = phone(bob)
    request = accept(alice, bob)
    work()

    assert list(shown(provider)) == [bobs.push_address]
    [mail] = box.to(alice)
    assert box.to(bob) == []
    assert mail["Subject"] == "Payroll: A request is waiting for your answer."
    assert mail["From"] == "Hub <hub@corp.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    for part in (text_of(mail), html_of(mail)):
        assert f"https://hub.corp.example/#/item/{request.id}" in part
        assert "Expense report" not in part  # the category is internal
    assert mail["List-Unsubscribe"] is None  # it can't be refused
    assert states() == {"alice": ("sent", "")}


@pytest.mark.parametrize(
    ("sensitivity", "named"), [("public", {"Expense report", "Taxi"}), ("internal", {"Payroll"}), ("restricted", set())]
)  # fmt: skip
def test_an_e_mail_says_no_more_than_a_push_may(box, accept, alice, approval, sensitivity, named):
    Category.objects.filter(pk=approval.pk).update(sensitivity=sensitivity)
    accept(alice, sensitivity=sensitivity)
    work()

    [mail] = box.to(alice)
    said = mail.as_string() + text_of(mail) + html_of(mail)
    assert {
        word for word in ("Expense report", "Taxi", "Payroll", "approval") if word in said
    } == named


def test_who_has_a_phone_and_does_not_look_is_written_to_after_a_while_once(
    box, accept, alice, bob, dana, phone, provider, settings
):
    for person in (alice, bob, dana):
        phone(person)
    request = accept(alice, bob, dana)
    work()
    inbox.mark(employee_id=bob.pk, notification_ids=[request.pk], mark="seen", now=clock.now())
    assert box.received == []

    with later(seconds=settings.MAIL_FALLBACK_AFTER.total_seconds() + 60):
        work()
        assert [len(box.to(person)) for person in (alice, bob, dana)] == [1, 0, 1]
        assert "not looked at it" in text_of(box.to(alice)[0])
        work()
    assert len(box.received) == 2
    assert not Errand.objects.exists()


def test_what_can_be_refused_is_not_written_of_to_who_has_a_phone_and_does_not_look(
    box, accept, alice, bob, optional, phone, provider
):
    phone(alice)
    bobs = phone(bob)
    accept(alice, kind="notice")
    accept(bob, kind="notice")
    work()
    devices.withdraw_push_address(device_id=bobs.pk)
    with later(hours=5):
        work()

    assert [len(box.to(person)) for person in (alice, bob)] == [0, 1]
    assert not Errand.objects.exists()


def test_what_is_decided_meanwhile_is_not_written_about(box, accept, alice, bob, phone, provider):
    phone(alice)
    phone(bob)
    request = accept(alice, bob)
    work()
    answer(alice, request)
    work()
    with later(hours=5):
        work()

    assert box.received == []
    assert not Errand.objects.exists()


def test_an_optional_notice_can_be_refused_by_one_click_which_only_a_post_is(
    box, accept, alice, optional
):
    accept(alice, kind="notice")
    work()
    [mail] = box.to(alice)
    address = re.fullmatch(
        r"<(https://hub\.corp\.example(/unsubscribe/\S+))>", mail["List-Unsubscribe"]
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address[1] in text_of(mail)
    browser = Client(enforce_csrf_checks=True)

    page = browser.get(address[2])
    assert page.status_code == 200
    assert "<button" in page.content.decode()
    browser.post(address[2], {"something": "else"})
    assert not OptOut.objects.exists()

    done = browser.post(address[2], {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert OptOut.objects.get().employee == alice
    again = browser.post(address[2], {"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200
    assert preferences.read(employee_id=alice.pk)["version"] == 1
    accept(alice, kind="notice")
    work()
    assert len(box.received) == 1
    assert ("suppressed", "opted_out") in Mail.objects.values_list("state", "reason")


@pytest.mark.parametrize("token", ["x", "A" * 64, "é", "A" * 65, "%00"])
def test_a_link_that_is_not_ours_does_nothing(db, token):
    body = {"List-Unsubscribe": "One-Click"}
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/unsubscribe/{token}", body).status_code == 404
    assert not OptOut.objects.exists()


def test_a_signed_link_speaks_for_one_person_and_category_alone(alice, bob, optional):
    wish = unsubscribe.Wish(alice.pk, optional.pk)
    token = unsubscribe.token(wish)
    assert unsubscribe.read(token) == wish
    other = unsubscribe.token(unsubscribe.Wish(bob.pk, optional.pk))
    mixed = other[:40] + token[40:]
    assert Client().get(f"/unsubscribe/{mixed}").status_code == 404


def test_who_switched_e_mail_off_gets_only_what_cannot_be_refused_and_has_no_other_road(
    box, accept, alice, bob, phone, provider, optional, now
):
    phone(bob)
    for person in (alice, bob):
        Preference.objects.create(employee=person, changed_at=now, mail=False)
    accept(alice, bob, kind="notice")
    work()
    assert box.received == []
    assert states() == {"alice": ("suppressed", "channel_off")}

    accept(alice, bob, kind="request")
    work()
    with later(hours=5):
        work()
    assert len(box.received) == 1
    assert len(box.to(alice)) == 1


def test_in_quiet_hours_nobody_is_written_to_and_afterwards_they_are(
    box, accept, alice, bob, provider, now
):
    Preference.objects.create(
        employee=alice, changed_at=now, time_zone="UTC",
        quiet_hours=[{
            "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            "from": f"{now - timedelta(hours=1):%H:%M}",
            "until": f"{now + timedelta(hours=1):%H:%M}",
        }],
    )  # fmt: skip
    accept(alice, bob)
    work()
    assert [len(box.to(person)) for person in (alice, bob)] == [0, 1]

    with later(minutes=61):
        work()
    assert [len(box.to(person)) for person in (alice, bob)] == [1, 1]


def test_it_is_in_the_readers_language_and_direction(box, accept, alice, bob, dana, provider, now):
    alice.language = "de-AT"
    alice.save()
    Preference.objects.create(employee=bob, changed_at=now, language="ar")
    dana.language = "xx"
    dana.save()
    accept(alice, bob, dana)
    work()

    assert box.to(alice)[0]["Subject"] == "Payroll: Eine Anfrage wartet auf Ihre Antwort."
    assert box.to(alice)[0]["Content-Language"] == "de"
    assert 'lang="ar" dir="rtl"' in html_of(box.to(bob)[0])
    assert "هناك طلب ينتظر ردّك." in text_of(box.to(bob)[0])
    assert "A request is waiting" in text_of(box.to(dana)[0])


def test_who_is_put_off_is_tried_again_under_the_same_id_who_is_refused_is_not_and_others_go_on(
    box, accept, alice, bob, dana, provider
):
    box.says = {alice.mail: "451 later", bob.mail: "550 no such user"}
    accept(alice, bob, dana)
    work()

    assert len(box.to(dana)) == 1
    assert states() == {
        "alice": ("queued", "recipient_451"), "bob": ("failed", "recipient_550"), "dana": ("sent", ""),
    }  # fmt: skip
    box.says.clear()
    with later(minutes=5):
        work()
    assert [len(box.to(person)) for person in (alice, bob, dana)] == [1, 0, 1]
    assert box.to(alice)[0]["Message-ID"] == mailing.message_id(Mail.objects.get(employee=alice).id)


def test_while_the_server_is_away_nothing_is_lost_and_nobody_is_blamed(
    mail_server, box, accept, alice, bob, provider, settings
):
    working = settings.MAILERS
    settings.MAILERS = {"default": {"OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1}}}
    accept(alice, bob)
    work()
    assert states() == {"alice": ("queued", ""), "bob": ("queued", "")}
    assert Errand.objects.get().last_error == "connection"

    settings.MAILERS = working
    with later(minutes=5):
        work()
    assert len(box.received) == 2
    assert set(states().values()) == {("sent", "")}


def test_a_connection_that_breaks_half_way_repeats_nothing_that_was_taken(
    box, accept, alice, bob, dana, provider
):
    box.dies_after = 1
    accept(alice, bob, dana)
    work()
    assert sorted(state for state, _ in states().values()) == ["queued", "queued", "sent"]

    box.dies_after = None
    with later(minutes=5):
        work()
    assert [len(box.to(person)) for person in (alice, bob, dana)] == [1, 1, 1]


def test_a_worker_that_died_before_it_wrote_down_sends_again_under_the_same_id(
    box, accept, alice, provider, monkeypatch
):
    accept(alice)
    with monkeypatch.context() as patched:
        patched.setattr(mailing, "_record", lambda *_: (_ for _ in ()).throw(RuntimeError))
        work()
    assert len(box.to(alice)) == 1
    due_now()
    work()

    first, second = (mail["Message-ID"] for mail in box.to(alice))
    assert first == second
    assert states() == {"alice": ("sent", "")}


def test_the_rate_is_bounded_for_all_workers_together(box, accept, alice, monkeypatch, provider):
    monkeypatch.setattr(mailing.gateway(), "admit", lambda count: timedelta(seconds=7))
    accept(alice)
    drain.drain(queue=queues.PUSH)
    drain.drain(queue=queues.MAIL)

    assert box.received == []
    errand = Errand.objects.get()
    assert (errand.attempts, errand.last_error) == (0, "")


def test_without_a_mail_server_there_is_no_work_for_one(accept, alice, provider, settings):
    settings.MAIL_HOST = ""
    accept(alice)
    work()

    assert not Mail.objects.exists()
    assert not Errand.objects.exists()


HOSTILE = "Hello\r\nBcc: charlie@corp.example\r\n\r\nBody"


@pytest.mark.parametrize(
    "address", ["alice@corp.example\r\nBcc: x@y.example", "a@x.example, b@y.example", "nonsense\n"]
)
def test_no_header_can_be_smuggled_in(box, mail_server, address):
    letter = Letter("<1@corp.example>", address, "en", HOSTILE, "text", "<p>html</p>")
    [refused] = mailing.gateway().send([letter])
    assert (refused.fate, refused.reason) == (Fate.GONE, "bad_address")

    good = Letter("<1@corp.example>", "alice@corp.example", "en", HOSTILE, "text", "<p>html</p>")
    [sent] = mailing.gateway().send([good])
    assert sent.fate is Fate.SENT
    [(to, message)] = box.received
    assert to == "alice@corp.example"
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: charlie@corp.example Body"


def test_words_of_the_sender_are_text_in_the_html(box, accept, alice, approval, provider):
    Category.objects.filter(pk=approval.pk).update(sensitivity="public", name="<script>")
    from notifications import phrases
    from notifications.mailing import wording

    words = wording.words(
        phrases=phrases.of("en"), hub="Hub", sender="<b>", kind="notice", sensitivity="public",
        title="<script>alert(1)</script>", summary='"><img src=x>', purpose="show",
        link='https://hub.corp.example/#/item/1"', category="<i>", unsubscribe='https://x/"><b>',
    )  # fmt: skip
    assert "<script" not in words.html
    assert "<img" not in words.html
    assert "<b>" not in words.html
    assert 'x/">' not in words.html


@pytest.mark.parametrize(
    ("code", "fate"), [(421, Fate.LATER), (452, Fate.LATER), (550, Fate.GONE), (554, Fate.GONE), (-1, Fate.OURS)]
)  # fmt: skip
def test_a_reply_means_what_its_first_digit_says(code, fate):
    outcome = smtp._by_code(code, "refused")

    assert outcome.fate is fate
    assert outcome.stop_lane == (fate is Fate.OURS)
