"""What is kept for a while only goes in time, and not before."""

from datetime import timedelta

from accounts import retention
from accounts.models import IdempotencyRecord, SignInBudget


def test_an_answer_is_kept_for_a_day_and_then_goes(db, now, monkeypatch):
    monkeypatch.setattr(retention, "ROWS_A_BATCH", 2)
    for number, hours in enumerate((1, 23, 24, 26, 27, 400)):
        IdempotencyRecord.objects.create(
            id=bytes([number]) * 32,
            request_digest=b"d" * 32,
            status=202,
            answer={"hours": hours},
            created_at=now - timedelta(hours=hours),
        )

    assert retention.purge(now=now) == 3
    assert sorted(r.answer["hours"] for r in IdempotencyRecord.objects.all()) == [1, 23, 24]


def test_a_budget_goes_only_when_its_window_is_long_over(db, now, settings):
    for name, age in ((b"a", 1), (b"b", 3)):
        SignInBudget.objects.create(
            name_index=name * 32,
            window_started_at=now - age * settings.SIGN_IN_WINDOW,
            reserved=4,
        )

    assert retention.purge(now=now) == 1
    assert bytes(SignInBudget.objects.get().name_index) == b"a" * 32
