"""What the tables of accounts promise by themselves."""

import pytest
from django.db import IntegrityError, connection

from accounts.models import AuditEvent, Device, Employee
from hub.lib import crypto


def make_device(alice: Employee, now: object, **more: object) -> Device:
    return Device.objects.create(
        employee=alice, installation="inst-1", installation_index=b"i" * 32, platform="android",
        created_at=now, last_seen_at=now, access_digest=b"a" * 32, access_expires_at=now,
        session_expires_at=now, **more,
    )  # fmt: skip


def test_a_push_address_is_readable_through_the_model_and_not_in_the_table(alice, now):
    device = make_device(alice, now, push_address="fcm-secret", push_address_index=b"p" * 32)

    assert Device.objects.get().push_address == "fcm-secret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT push_address FROM accounts_device")
        assert b"fcm-secret" not in bytes(cursor.fetchone()[0])
    assert str(device) == str(device.id)


def test_a_ciphertext_moved_to_another_row_does_not_open(alice, now):
    make_device(alice, now, push_address="fcm-secret", push_address_index=b"p" * 32)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_device SET id = gen_random_uuid()")

    with pytest.raises(crypto.DecryptionError):
        _ = Device.objects.get().push_address


def test_an_update_that_would_write_plain_text_into_a_sealed_column_is_refused(alice, now):
    make_device(alice, now)

    with pytest.raises(TypeError, match="sealed"):
        Device.objects.update(push_address="plain")


def test_an_audit_event_can_be_neither_edited_nor_deleted(db, now):
    event = AuditEvent.objects.create(
        at=now, actor_kind="hub", action="tested", subject_kind="test", subject_id="1"
    )

    event.action = "quietly_edited"
    with pytest.raises(IntegrityError):
        event.save()
