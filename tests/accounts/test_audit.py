"""The audit log cannot be edited quietly, and sealing never holds up a decision."""

import threading
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts import audit
from accounts.models import AuditEvent, AuditSeal


def record(now: datetime, action: str = "key_issued", **data: object) -> None:
    audit.record(
        now=now, actor=audit.HUB, action=action, subject_kind="key", subject_id="1", data=data
    )


def tamper(sql: str) -> None:
    """As somebody would who owns the database and switches the trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("accounts_auditevent", "accounts_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in ("accounts_auditevent", "accounts_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def five(db: None, now: datetime) -> list[AuditEvent]:
    for number in range(5):
        record(now, number=number, text="é", share=1.5)
    assert audit.seal(now=now, limit=3) == 3
    assert audit.seal(now=now, limit=3) == 2
    return list(AuditEvent.objects.order_by("id"))


def test_a_chain_made_in_several_rounds_verifies(five: list[AuditEvent], now: datetime) -> None:
    assert audit.verify() == audit.Verdict(sealed=5, unsealed=0)
    assert list(AuditSeal.objects.order_by("sequence").values_list("sequence", flat=True)) == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert audit.seal(now=now, limit=3) == 0


@pytest.mark.parametrize(
    ("sql", "first_bad"),
    [
        ("UPDATE accounts_auditevent SET actor_id = 'bob' WHERE id = {2}", 3),
        ("UPDATE accounts_auditevent SET data = '{{}}' WHERE id = {0}", 1),
        ("UPDATE accounts_auditseal SET sealed_at = '2020-01-01Z' WHERE event_id = {3}", 4),
        ("DELETE FROM accounts_auditseal WHERE event_id = {1}", 2),
        ("DELETE FROM accounts_auditevent WHERE id = {3}", None),
    ],
)  # fmt: skip
def test_the_first_bad_row_is_named(
    five: list[AuditEvent], sql: str, first_bad: int | None
) -> None:
    if first_bad is None:
        # The database itself refuses to drop an event that a seal stands on.
        with pytest.raises(IntegrityError), transaction.atomic():
            tamper(sql.format(*(event.pk for event in five)))
        return
    tamper(sql.format(*(event.pk for event in five)))
    assert audit.verify().bad_sequence == first_bad
    with pytest.raises(CommandError, match=f"sequence {first_bad}"):
        call_command("verify_audit")


def test_no_code_of_the_hub_can_edit_or_delete_an_event(five: list[AuditEvent]) -> None:
    for change in (
        lambda: AuditEvent.objects.update(actor_id="bob"),
        lambda: AuditSeal.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_of_a_transaction_is_refused(now: datetime) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record(now)


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_after_a_later_one_was_sealed_is_sealed_next(now: datetime) -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record(now, "slow")
            written.set()
            assert may_commit.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    with transaction.atomic():
        record(now, "fast")
    assert audit.seal(now=now, limit=10) == 1
    may_commit.set()
    thread.join()
    assert audit.seal(now=now, limit=10) == 1
    actions = list(AuditSeal.objects.order_by("sequence").values_list("event__action", flat=True))
    assert actions == ["fast", "slow"]
    assert audit.verify() == audit.Verdict(sealed=2, unsealed=0)


@pytest.mark.django_db(transaction=True)
def test_while_one_sealer_works_a_second_does_nothing(now: datetime) -> None:
    with transaction.atomic():
        record(now)
    results: list[int] = []

    def second() -> None:
        results.append(audit.seal(now=now, limit=10))
        connection.close()

    with transaction.atomic():
        assert audit.seal(now=now, limit=10) == 1
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert results == [0]


def test_the_search_begins_an_hour_back_and_finds_what_is_new(
    five: list[AuditEvent], now: datetime
) -> None:
    later = now + timedelta(hours=2)
    assert audit._floor(now) == 0
    assert audit._floor(later) == five[-1].pk
    record(later, "late")
    assert audit.seal(now=later, limit=10) == 1
    assert audit.verify() == audit.Verdict(sealed=6, unsealed=0)
