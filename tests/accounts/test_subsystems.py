"""Keys prove a sub-system, are shown once, and end when they are said to end."""

from datetime import datetime, timedelta

import pytest

from accounts import audit, refusals, subsystems
from accounts.models import ApiKey, AuditEvent, CallbackSecret, Subsystem
from hub.lib import errors

STAFF = audit.Actor("staff", "1")


def issue(payroll: Subsystem, now: datetime, **more: object) -> subsystems.IssuedKey:
    wanted = {"mode": "live", "name": "", "expires_at": None, **more}
    return subsystems.issue_key(subsystem=payroll, actor=STAFF, now=now, **wanted)


@pytest.mark.parametrize(("mode", "prefix"), [("live", "hub_sk_"), ("test", "hub_tk_")])
def test_a_key_proves_its_subsystem_and_mode_by_one_query(
    payroll: Subsystem, now: datetime, mode: str, prefix: str, django_assert_num_queries: object
) -> None:
    issued = issue(payroll, now, mode=mode)
    assert issued.text.startswith(prefix)
    subsystems.authenticate_key(text=issued.text, now=now)
    with django_assert_num_queries(1):  # type: ignore[operator]
        caller = subsystems.authenticate_key(text=issued.text, now=now + timedelta(seconds=59))
    assert caller == subsystems.Caller(payroll.pk, issued.key.pk, mode)


def test_nobody_gets_a_key_to_speak_as_the_hub_itself(db: None, now: datetime) -> None:
    wanted = {"key": subsystems.BUILT_IN, "name": "The hub", "now": now}
    with pytest.raises(errors.Invalid) as refusal:
        subsystems.create(actor=STAFF, **wanted)
    assert [flaw.code for flaw in refusal.value.errors] == ["reserved"]
    own = subsystems.create(actor=audit.HUB, **wanted)

    for mode in ("live", "test"):
        with pytest.raises(errors.Invalid, match="speaks for itself"):
            issue(own, now, mode=mode)

    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.filter(action="key_issued").exists()


def test_the_text_of_a_key_is_kept_nowhere(payroll: Subsystem, now: datetime) -> None:
    issued = issue(payroll, now)
    kept = repr([list(ApiKey.objects.values()), list(AuditEvent.objects.values()), issued])
    assert issued.text not in kept
    assert issued.text[7:30] not in kept


def test_the_last_use_is_written_at_most_once_a_minute(payroll: Subsystem, now: datetime) -> None:
    issued = issue(payroll, now)
    for seconds, expected in ((0, 0), (59, 0), (60, 60), (61, 60)):
        subsystems.authenticate_key(text=issued.text, now=now + timedelta(seconds=seconds))
        issued.key.refresh_from_db()
        assert issued.key.last_used_at == now + timedelta(seconds=expected)


def test_expired_revoked_and_unknown_keys_are_refused_alike(
    payroll: Subsystem, now: datetime
) -> None:
    expired = issue(payroll, now, expires_at=now + timedelta(hours=1))
    revoked = issue(payroll, now)
    subsystems.revoke_key(key_id=revoked.key.pk, actor=STAFF, now=now)
    subsystems.revoke_key(key_id=revoked.key.pk, actor=STAFF, now=now + timedelta(hours=1))
    unknown = issue(payroll, now)
    unknown.key.delete()
    subsystems.authenticate_key(text=expired.text, now=now)
    said = set()
    for key in (expired, revoked, unknown):
        with pytest.raises(refusals.NotAuthenticated) as refusal:
            subsystems.authenticate_key(text=key.text, now=now + timedelta(hours=1))
        said.add(refusal.value.detail)
    assert len(said) == 1
    assert AuditEvent.objects.filter(action="key_revoked").count() == 1


@pytest.mark.parametrize("text", ["", "hub_at_x", "hub_sk_", "hub_sk_" + "\0" * 49, "é" * 56])
def test_what_is_no_key_is_refused_without_asking_the_database(
    db: None, now: datetime, text: str, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0), pytest.raises(refusals.NotAuthenticated):  # type: ignore[operator]
        subsystems.authenticate_key(text=text, now=now)


def test_a_paused_subsystem_is_told_so_until_it_is_resumed(
    payroll: Subsystem, now: datetime
) -> None:
    issued = issue(payroll, now)
    subsystems.pause(subsystem_id=payroll.pk, actor=STAFF, now=now)
    with pytest.raises(refusals.SubsystemPaused):
        subsystems.authenticate_key(text=issued.text, now=now)
    subsystems.resume(subsystem_id=payroll.pk, actor=STAFF, now=now)
    subsystems.authenticate_key(text=issued.text, now=now)


def test_two_callback_secrets_live_during_a_rotation_and_no_third(
    payroll: Subsystem, now: datetime
) -> None:
    old = subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=STAFF, now=now)
    later = now + timedelta(days=1)
    new = subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=STAFF, now=later)
    assert subsystems.live_callback_secrets(subsystem_id=payroll.pk) == [new, old]
    with pytest.raises(errors.Invalid):
        subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=STAFF, now=later)
    first = CallbackSecret.objects.earliest("created_at")
    subsystems.retire_callback_secret(secret_id=first.pk, actor=STAFF, now=later)
    assert subsystems.live_callback_secrets(subsystem_id=payroll.pk) == [new]
    assert old not in repr(list(CallbackSecret.objects.values()))


def test_every_change_of_rights_is_audited(payroll: Subsystem, now: datetime) -> None:
    made = subsystems.create(key="expenses", name="Expenses", actor=STAFF, now=now)
    key = issue(made, now).key
    subsystems.add_callback_secret(subsystem_id=made.pk, actor=STAFF, now=now)
    subsystems.revoke_key(key_id=key.pk, actor=STAFF, now=now)
    events = AuditEvent.objects.filter(subject_kind="subsystem", subject_id=str(made.pk))
    assert list(events.order_by("id").values_list("action", "actor_kind")) == [
        ("subsystem_created", "staff"),
        ("key_issued", "staff"),
        ("callback_secret_added", "staff"),
        ("key_revoked", "staff"),
    ]
    with pytest.raises(errors.Invalid):
        subsystems.create(key="expenses", name="Again", actor=STAFF, now=now)
