"""A form is handed in once, told to its sub-system, and kept track of under its reference."""

import base64
import json
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEvent, Employee
from hub.lib import errors
from hub.lib.portions import Person
from notifications import ingest
from notifications.approvals.refusals import VersionChanged
from notifications.callbacks import deliver, feed, ledger, replay
from notifications.callbacks.calling import Said
from notifications.callbacks.verdicts import Meaning, Verdict
from notifications.models import CallbackEvent, Category, Errand
from selfserve import captures, catalogue, forms, privacy, retention, submissions
from selfserve.models import Captured, Submission
from tests.selfserve.conftest import ADMIN, FINANCE, caller_of

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\nwhatever follows"
ASKED = [
    {"name": "first", "label": "First day", "labels": {"de": "Erster Tag"}, "type": "date", "required": True},
    {"name": "days", "label": "Days", "type": "number", "required": True, "min": 1, "max": 30},
    {"name": "note", "label": "Note", "type": "file", "required": False, "max_bytes": 100,
     "media_types": ["application/pdf", "text/plain"]},
    {"name": "photo", "label": "Photo", "type": "photo", "required": False},
    {"name": "where", "label": "Where", "type": "location", "required": False},
]  # fmt: skip
GIVEN = {"first": "2026-12-24", "days": 2}
PLACE = {"latitude": 12.97, "longitude": 77.59, "accuracy_metres": 20.0}


@pytest.fixture
def leave(offer):
    return offer("leave", audience=FINANCE, form={"inputs": ASKED}, claims=["employee_id", "mail"])


@pytest.fixture
def hand_in(leave, alice, now):
    def hand_in(person=alice, version=1, **more):
        given = {**GIVEN, **more}
        return forms.hand_in(
            employee_id=person.pk, key="leave", version=version, given=given, now=now
        )

    return hand_in


@pytest.fixture
def upload(leave, alice, now):
    def upload(name="note", media_type="text/plain", content=b"Three words here", person=alice):
        kept = captures.upload(
            employee_id=person.pk, key="leave", name=name, media_type=media_type,
            content=content, now=now,
        )  # fmt: skip
        return str(kept.pk)

    return upload


@pytest.fixture
def agree(leave, alice, now):
    def agree(*kinds, person=alice):
        for kind in kinds:
            captures.agree(employee_id=person.pk, key="leave", kind=kind, now=now)

    return agree


def flaws(act):
    with pytest.raises(errors.Invalid) as refused:
        act()
    return {(flaw.pointer, flaw.code) for flaw in refused.value.errors}


def test_a_form_is_read_in_ones_language(leave, alice, charlie):
    Employee.objects.filter(pk=alice.pk).update(language="de-DE")
    form = forms.read(employee_id=alice.pk, key="leave")

    assert [one["label"] for one in form.inputs][:2] == ["Erster Tag", "Days"]
    assert "labels" not in form.inputs[0]
    with pytest.raises(errors.NotFound):
        forms.read(employee_id=charlie.pk, key="leave")


def test_a_page_has_no_form(offer, alice):
    offer()
    with pytest.raises(errors.NotFound):
        forms.read(employee_id=alice.pk, key="payslips")


def test_what_was_handed_in_is_told_with_what_the_sub_system_may_know(hand_in):
    made = hand_in()
    told = CallbackEvent.objects.get().body

    assert (told["type"], told["data"]["reference"]) == ("form.submitted", made.reference)
    assert told["data"]["inputs"] == GIVEN
    assert told["data"]["employee"] == {"employee_id": "E1001", "mail": "alice@corp.example"}


@pytest.mark.django_db(transaction=True)
def test_only_its_own_sub_system_is_told_and_only_by_a_live_key(hand_in, payroll, rosters):
    hand_in()
    assert len(feed.after(caller=caller_of(payroll), cursor=None).entries) == 1
    for who in (caller_of(rosters), caller_of(payroll, "test")):
        assert feed.after(caller=who, cursor=None).entries == []
        assert ledger.page(caller=who).entries == []
    [entry] = ledger.page(caller=caller_of(payroll)).entries
    assert (entry["type"], entry["notification_id"]) == ("form.submitted", None)
    assert entry["reference"] == Submission.objects.get().reference


@pytest.mark.parametrize(
    ("given", "flaw"),
    [
        ({"days": None}, ("/inputs/days", "required")),
        ({"days": 31}, ("/inputs/days", "max_value")),
        ({"first": "Christmas"}, ("/inputs/first", "invalid")),
        ({"colour": "red"}, ("/inputs/colour", "unknown_field")),
        ({"note": "mine"}, ("/inputs/note", "unknown_file")),
        ({"note": 7}, ("/inputs/note", "unknown_file")),
        ({"where": {"latitude": 91, "longitude": 0}}, ("/inputs/where", "bad_place")),
        ({"where": {"latitude": 1}}, ("/inputs/where", "bad_place")),
        ({"where": {**PLACE, "altitude": 1}}, ("/inputs/where", "bad_place")),
        ({"where": {"latitude": True, "longitude": 0}}, ("/inputs/where", "bad_place")),
        ({"where": "home"}, ("/inputs/where", "bad_place")),
    ],
)
def test_what_is_not_asked_for_is_refused_by_its_place(hand_in, given, flaw):
    assert flaws(lambda: hand_in(**given)) == {flaw}
    assert not Submission.objects.exists()


def test_all_flaws_are_told_at_once(hand_in):
    assert len(flaws(lambda: hand_in(days=99, first="x", where="x", note="x"))) == 4


def test_a_form_that_changed_meanwhile_is_read_again(hand_in, offer):
    offer("leave", audience=FINANCE, form={"inputs": ASKED[:2]})

    with pytest.raises(VersionChanged) as refused:
        hand_in()
    assert refused.value.data == {"version": 2}
    assert hand_in(version=2)


def test_nothing_is_captured_without_consent(upload, hand_in):
    with pytest.raises(captures.ConsentNeeded) as refused:
        upload()
    assert refused.value.data == {"kind": "file"}
    with pytest.raises(captures.ConsentNeeded):
        hand_in(where=PLACE)
    assert not Captured.objects.exists()
    assert not Submission.objects.exists()


def test_what_was_captured_is_fetched_and_never_in_the_event(agree, upload, hand_in, payroll, now):
    agree("file", "photo", "location")
    photo = upload("photo", "image/png", PNG)
    made = hand_in(note=upload(), photo=photo, where=PLACE)
    told = CallbackEvent.objects.get().body

    assert told["data"]["inputs"] == GIVEN
    assert {one["input"]: one["media_type"] for one in told["data"]["files"]} == {
        "note": "text/plain", "photo": "image/png", "where": "application/json",
    }  # fmt: skip

    def fetch(name, subsystem=payroll, mode="live"):
        who = caller_of(subsystem, mode)
        found = forms.file_for(caller=who, reference=made.reference, name=name, now=now)
        return bytes(found.content)

    assert fetch("note") == b"Three words here"
    assert fetch("photo") == PNG
    assert json.loads(fetch("where")) == PLACE
    assert AuditEvent.objects.filter(action="submission_file_fetched").count() == 3


def test_nobody_else_fetches_it(agree, upload, hand_in, payroll, rosters, now):
    agree("file")
    made = hand_in(note=upload())

    with pytest.raises(errors.NotFound):
        forms.file_for(caller=caller_of(rosters), reference=made.reference, name="note", now=now)
    with pytest.raises(errors.HubError):
        forms.file_for(
            caller=caller_of(payroll, "test"), reference=made.reference, name="note", now=now
        )


def test_a_file_is_ones_own_and_is_handed_in_once(agree, upload, hand_in, bob):
    agree("file", "photo")
    agree("file", person=bob)
    mine, photo = upload(), upload("photo", "image/png", PNG)
    unknown = {("/inputs/note", "unknown_file")}
    assert flaws(lambda: hand_in(person=bob, note=mine)) == unknown
    assert flaws(lambda: hand_in(note=photo)) == unknown

    hand_in(note=mine)

    assert flaws(lambda: hand_in(note=mine)) == unknown
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "flaw"),
    [
        ({"content": b"x" * 101}, ("/content", "too_long")),
        ({"media_type": "image/png", "content": PNG}, ("/media_type", "invalid_choice")),
        ({"media_type": "application/pdf"}, ("/content", "not_of_type")),
        ({"content": b"\xff\xfe"}, ("/content", "not_of_type")),
        ({"content": b"a\x00b"}, ("/content", "not_of_type")),
        ({"name": "days"}, ("/input", "unknown")),
        ({"name": "photo", "media_type": "application/pdf"}, ("/media_type", "invalid_choice")),
        ({"name": "photo", "media_type": "image/jpeg", "content": PNG}, ("/content", "not_of_type")),
    ],
)  # fmt: skip
def test_a_file_is_what_the_form_asks_for(agree, upload, said, flaw):
    agree("file", "photo")
    assert flaws(lambda: upload(**said)) == {flaw}


def test_only_so_many_files_wait_to_be_handed_in(agree, upload):
    agree("file")
    for _ in range(captures.LOOSE_AT_MOST):
        upload()
    with pytest.raises(captures.TooManyLoose):
        upload()


def test_consent_is_asked_for_what_the_form_asks_for_only(leave, offer, alice, now):
    offer("plain", form={"inputs": ASKED[:2]})
    for key, kind in (
        ("plain", "file"),
        ("leave", "number"),
        ("leave", "camera"),
        ("none", "file"),
    ):
        with pytest.raises(errors.NotFound):
            captures.agree(employee_id=alice.pk, key=key, kind=kind, now=now)


def test_withdrawing_consent_erases_what_is_held_of_that_kind(
    agree, upload, hand_in, alice, payroll, now
):
    agree("file", "location")
    made = hand_in(note=upload(), where=PLACE)
    upload()
    captures.withdraw(employee_id=alice.pk, key="leave", kind="file", now=now)
    captures.withdraw(employee_id=alice.pk, key="leave", kind="file", now=now)

    assert list(Captured.objects.values_list("kind", flat=True)) == ["location"]
    with pytest.raises(errors.NotFound):
        forms.file_for(caller=caller_of(payroll), reference=made.reference, name="note", now=now)
    with pytest.raises(captures.ConsentNeeded):
        upload()
    acts = AuditEvent.objects.filter(action__startswith="capture_consent").order_by("id")
    assert [one.action for one in acts][-1:] == ["capture_consent_withdrawn"]
    assert acts.count() == 3


def test_who_sees_the_module_no_more_still_withdraws(agree, upload, alice, charlie, now):
    agree("file")
    upload()
    Employee.objects.filter(pk=alice.pk).update(department="IT")

    captures.withdraw(employee_id=alice.pk, key="leave", kind="file", now=now)

    assert not Captured.objects.exists()
    with pytest.raises(errors.NotFound):
        captures.withdraw(employee_id=charlie.pk, key="leave", kind="file", now=now)


def test_at_rest_nothing_of_it_can_be_read(agree, upload, hand_in):
    agree("file", "location")
    hand_in(note=upload(), where=PLACE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM selfserve_captured c")
        kept = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT row_to_json(s)::text FROM selfserve_submission s")
        kept += [row[0] for row in cursor.fetchall()]

    assert len(kept) == 3
    for text in ("Three words", b"Three words".hex(), "77.59", b"77.59".hex(), "2026-12-24"):
        assert not any(text in one for one in kept)


def test_what_was_not_handed_in_goes_after_a_day_and_the_rest_after_thirty(
    agree, upload, hand_in, now
):
    agree("file")
    hand_in(note=upload())
    upload()
    day = timedelta(days=1, seconds=1)

    assert retention.purge(now=now + timedelta(hours=23)) == 0
    assert retention.purge(now=now + day) == 1
    assert retention.purge(now=now + 30 * day) == 1
    assert Submission.objects.count() == 1


# --- what became of it ---------------------------------------------------------------------


@pytest.fixture
def endpoint(payroll):
    payroll.callback_url = "https://payroll.corp.example/callbacks"
    payroll.save()


def answer(status, verdict, now):
    """The sub-system answers what is due to it like this."""
    claimed = list(Errand.objects.filter(kind="call_back"))
    calls = deliver.prepare(claimed, now=now)
    assert [call.strict for call in calls] == [False]
    deliver.record([(call, Said(status, "", verdict, now, 1)) for call in calls], now=now)


@pytest.mark.parametrize(
    ("status", "verdict", "outcome", "state"),
    [
        (200, Verdict(Meaning.CONFIRMED, "Enjoy."), "confirmed", "done"),
        (409, Verdict(Meaning.REFUSED, "No days left."), "refused", "done"),
        (202, Verdict(Meaning.PENDING), "sent", "done"),
        (503, Verdict(Meaning.LATER), "recorded", "pending"),
        (410, Verdict(Meaning.OFF), "undeliverable", "dead"),
    ],
)
def test_the_employee_reads_what_became_of_it(
    endpoint, hand_in, alice, now, status, verdict, outcome, state
):
    made = hand_in()
    answer(status, verdict, now)

    [told] = submissions.page(employee_id=alice.pk, now=now).entries
    assert (told["reference"], told["outcome"]) == (made.reference, outcome)
    assert told["message"] == (verdict.message or None)
    assert CallbackEvent.objects.get().state == state


def test_what_could_not_be_told_is_told_again_by_a_replay(endpoint, hand_in, alice, payroll, now):
    hand_in()
    answer(410, Verdict(Meaning.OFF), now)
    payroll.refresh_from_db()
    payroll.callback_off_at = None
    payroll.save()
    replay.replay(event_id=CallbackEvent.objects.get().pk, actor=ADMIN, now=now)
    assert Submission.objects.get().outcome == "recorded"

    answer(200, Verdict(Meaning.CONFIRMED, "Enjoy."), now)

    assert Submission.objects.get().outcome == "confirmed"


def test_a_final_word_stays(hand_in, now):
    made, keeper = hand_in(), submissions.Keeper()
    for outcome in ("sent", "refused", "confirmed", "undeliverable"):
        keeper.settle(reference=made.reference, outcome=outcome, message=outcome, now=now)

    kept = Submission.objects.get()
    assert (kept.outcome, kept.outcome_message) == ("refused", "refused")


@pytest.fixture
def notify(payroll, now):
    def notify(reference, *people, subsystem=payroll, mode="live", title="Approved"):
        Category.objects.get_or_create(subsystem=subsystem, key="leave", name="Leave")
        draft = ingest.Draft(
            category="leave", kind="notice", submission=reference,
            card={"title": title, "summary": "", "body": "", "facts": [], "links": []},
            audience={"any": [{"employees": [one.employee_id for one in people]}]},
        )  # fmt: skip
        return ingest.accept(draft, caller=caller_of(subsystem, mode), now=now)

    return notify


def test_its_progress_comes_back_as_notifications(hand_in, notify, alice, bob, now):
    made, other = hand_in(), hand_in()
    notify(made.reference, alice, title="Received")
    notify(made.reference, bob, title="Look at this")
    notify(made.reference, alice, title="Approved")

    entries = submissions.page(employee_id=alice.pk, now=now).entries
    titles = {one["reference"]: [n["title"] for n in one["notifications"]] for one in entries}

    assert titles == {made.reference: ["Received", "Approved"], other.reference: []}
    assert submissions.page(employee_id=bob.pk, now=now).entries == []


def test_a_notification_is_about_what_was_handed_in_to_its_sender(hand_in, notify, alice, rosters):
    made = hand_in()
    unknown = {("/submission", "unknown_submission")}

    assert flaws(lambda: notify("S-00000-00000", alice)) == unknown
    assert flaws(lambda: notify(made.reference, alice, subsystem=rosters)) == unknown
    assert flaws(lambda: notify(made.reference, alice, mode="test")) == unknown


def test_submissions_are_paged_newest_first(hand_in, alice, now):
    references = [hand_in().reference for _ in range(3)]
    first = submissions.page(employee_id=alice.pk, now=now, page_size=2)
    rest = submissions.page(employee_id=alice.pk, now=now, page_size=2, after=first.after)

    assert [one["reference"] for one in (*first.entries, *rest.entries)] == references[::-1]
    assert rest.after is None


# --- a person's rights ----------------------------------------------------------------------


def test_a_copy_holds_everything_and_erasure_leaves_nothing(
    endpoint, agree, upload, hand_in, alice, bob, now
):
    agree("file")
    agree("file", person=bob)
    hand_in(note=upload())
    hand_in(person=bob)
    catalogue.set_favourite(employee_id=alice.pk, key="leave", favourite=True, now=now)

    person = Person(alice.pk, alice.employee_id)
    shown = {one.name: list(one.shown(person)) for one in privacy.PORTIONS}
    assert {name: len(rows) for name, rows in shown.items()} == {
        "selfserve.Captured": 1, "selfserve.CaptureConsent": 1, "selfserve.Submission": 1,
        "selfserve.LaunchCode": 0, "selfserve.ModuleUse": 1,
    }  # fmt: skip
    assert shown["selfserve.Submission"][0]["inputs"] == GIVEN
    assert base64.b64decode(shown["selfserve.Captured"][0]["content_base64"]) == b"Three words here"

    for portion in privacy.PORTIONS:
        portion.erase(portion.rows(person))

    assert not any(list(one.shown(person)) for one in privacy.PORTIONS)
    assert Submission.objects.get().employee == bob
    assert CallbackEvent.objects.count() == Errand.objects.filter(kind="call_back").count() == 1


def test_a_reference_can_be_read_aloud():
    made = {forms.new_reference() for _ in range(200)}

    assert len(made) == 200
    assert all(len(one) == 13 and not set("ILOU") & set(one) for one in made)
