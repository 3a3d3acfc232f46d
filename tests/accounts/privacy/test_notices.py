"""What people are told of their data, what they accept, and what they consent to."""

from datetime import timedelta

import pytest

from accounts import audit, devices, sessions
from accounts.models import Acceptance, AuditEvent, Consent, PrivacyNotice
from accounts.privacy import consents, notices
from hub.lib import errors
from tests.accounts.conftest import phone

pytestmark = pytest.mark.django_db
OFFICER = audit.Actor("staff", "7")


@pytest.fixture
def publish(now):
    """A published notice."""

    def make(version, *, material=True, effective_at=None, recipients=(), at=now):
        notices.draft(
            version=version, material=material, recipients=recipients, actor=OFFICER, now=at
        )
        notices.write(
            version=version, language="en", title="Privacy", text="We know.", actor=OFFICER, now=at
        )
        return notices.publish(
            version=version, effective_at=effective_at or at, actor=OFFICER, now=at
        )

    return make


@pytest.fixture
def session(alice, now):
    """alice on her phone."""
    opened = sessions.open_session(employee_id=alice.pk, claim=phone(), client_address="", now=now)
    return devices.Session(opened.device_id, alice.pk)


def flaw(refusal):
    return [(one.pointer, one.code) for one in refusal.value.errors]


def test_a_material_change_is_published_thirty_days_before_it_takes_effect(publish, now):
    publish("2026-1")

    with pytest.raises(errors.Invalid) as refusal:
        publish("2027-1", effective_at=now + timedelta(days=30) - timedelta(seconds=1))
    later = notices.publish(
        version="2027-1", effective_at=now + timedelta(days=30), actor=OFFICER, now=now
    )

    assert flaw(refusal) == [("/effective_at", "too_early")]
    assert later.number == 2


def test_the_first_notice_and_one_that_is_not_material_may_take_effect_at_once(publish, now):
    publish("2026-1")
    publish("2026-2", material=False)

    assert notices.in_effect(now=now).version == "2026-2"
    assert notices.to_accept(now=now).version == "2026-1"


def test_a_version_does_not_overtake_one_that_was_published_before_it(publish, now):
    publish("2026-1")
    publish("2027-1", effective_at=now + timedelta(days=60))

    with pytest.raises(errors.Invalid) as refusal:
        publish("2027-2", material=False, effective_at=now + timedelta(days=10))

    assert flaw(refusal) == [("/effective_at", "too_early")]


def test_what_is_published_is_never_changed_and_every_step_is_audited(publish, now):
    publish("2026-1")

    with pytest.raises(errors.Invalid) as refusal:
        notices.write(version="2026-1", language="de", title="D", text="D", actor=OFFICER, now=now)

    assert flaw(refusal) == [("/version", "not_a_draft")]
    steps = AuditEvent.objects.filter(subject_kind="privacy_notice").order_by("pk")
    assert list(steps.values_list("action", flat=True)) == [
        "privacy_notice_drafted",
        "privacy_notice_written",
        "privacy_notice_published",
    ]


def test_a_draft_is_read_by_nobody_and_goes_out_only_with_english_words(now):
    notices.draft(version="2026-1", material=True, recipients=[], actor=OFFICER, now=now)

    with pytest.raises(errors.NotFound):
        notices.read("2026-1")
    with pytest.raises(errors.Invalid) as refusal:
        notices.publish(version="2026-1", effective_at=now, actor=OFFICER, now=now)

    assert flaw(refusal) == [("/version", "needs_english")]
    assert notices.published() == []


def test_old_versions_stay_readable_and_the_clock_says_which_one_holds(publish, now):
    publish("2026-1")
    publish("2027-1", effective_at=now + timedelta(days=40))

    assert [notice.version for notice in notices.published()] == ["2027-1", "2026-1"]
    assert notices.in_effect(now=now + timedelta(days=39)).version == "2026-1"
    assert notices.in_effect(now=now + timedelta(days=40)).version == "2027-1"
    assert notices.read("2026-1").texts["en"]["text"] == "We know."


def test_an_acceptance_is_recorded_once_with_version_time_and_device(publish, session, now):
    publish("2026-1")

    for later in (timedelta(0), timedelta(hours=1)):
        consents.accept(session=session, version="2026-1", now=now + later)

    [accepted] = Acceptance.objects.all()
    assert (accepted.notice.version, accepted.accepted_at, accepted.device) == (
        "2026-1", now, session.device_id,
    )  # fmt: skip
    assert AuditEvent.objects.filter(action="privacy_notice_accepted").count() == 1


def test_a_notice_can_be_accepted_before_it_takes_effect(publish, session, now):
    publish("2026-1")
    publish("2027-1", effective_at=now + timedelta(days=40))

    consents.accept(session=session, version="2027-1", now=now)

    later = now + timedelta(days=41)
    assert consents.of(employee_id=session.employee_id, now=later).due is None


def due(access, at):
    return sessions.authenticate_access(text=access, client_address="", now=at).notice_due


def test_whether_a_notice_is_due_is_known_without_another_statement(
    publish, alice, now, django_assert_num_queries
):
    access = sessions.open_session(
        employee_id=alice.pk, claim=phone(), client_address="", now=now
    ).pair.access
    publish("2026-1", effective_at=now + timedelta(minutes=1))

    with django_assert_num_queries(1):
        assert not due(access, now)
    with django_assert_num_queries(1):
        assert due(access, now + timedelta(minutes=1))

    session = sessions.authenticate_access(text=access, client_address="", now=now)
    consents.accept(session=session, version="2026-1", now=now)
    assert not due(access, now + timedelta(minutes=1))


def test_a_draft_and_a_change_that_is_not_material_hold_nobody_up(publish, alice, now):
    access = sessions.open_session(
        employee_id=alice.pk, claim=phone(), client_address="", now=now
    ).pair.access
    notices.draft(version="draft", material=True, recipients=[], actor=OFFICER, now=now)
    publish("2026-1", material=False)

    assert not due(access, now)


def test_a_consent_is_given_taken_back_and_given_anew(session, alice, now):
    for _ in range(2):
        consents.give(session=session, purpose="location", now=now)
    assert consents.holds(employee_id=alice.pk, purpose="location")
    consents.withdraw(session=session, purpose="location", now=now)
    assert not consents.holds(employee_id=alice.pk, purpose="location")
    with pytest.raises(errors.NotFound):
        consents.withdraw(session=session, purpose="location", now=now)
    consents.give(session=session, purpose="location", now=now)

    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    assert Consent.objects.exclude(withdrawn_at=None).count() == 1


def test_nobody_consents_to_what_is_not_asked(session, now):
    with pytest.raises(errors.Invalid) as refusal:
        consents.give(session=session, purpose="palm_reading", now=now)

    assert flaw(refusal) == [("/purpose", "unknown_purpose")]


def test_nobody_accepts_what_nobody_can_read(session, now):
    notices.draft(version="2026-1", material=True, recipients=[], actor=OFFICER, now=now)

    with pytest.raises(errors.Invalid) as refusal:
        consents.accept(session=session, version="2026-1", now=now)

    assert flaw(refusal) == [("/notice", "unknown_notice")]


def test_only_the_notice_in_effect_names_who_gets_data(publish, now):
    publish("2026-1")
    publish("2027-1", effective_at=now + timedelta(days=40), recipients=["firebase"])

    assert not notices.names("firebase", now=now)
    assert notices.names("firebase", now=now + timedelta(days=40))
    assert PrivacyNotice.objects.get(version="2027-1").recipients == ["firebase"]
