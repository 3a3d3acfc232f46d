"""Rotating the encryption key: every sealed column, while others write."""

import base64
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import CallbackSecret
from hub import rotation
from hub.lib import crypto, keys
from hub.lib.columns import SealedText
from notifications.models import Category, Notification

pytestmark = pytest.mark.django_db

FIRST = "k1:" + base64.b64encode(bytes(range(32))).decode()  # that of tests/environment.py
SECOND = "k2:" + base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture(autouse=True)
def _keys_are_read_again():
    yield
    keys.ring.cache_clear()


@pytest.fixture
def keys_are(settings):
    def given(value):
        settings.HUB_ENCRYPTION_KEYS = value
        keys.ring.cache_clear()

    return given


@pytest.fixture
def secrets(payroll, now):
    """Five secrets, sealed with the first key."""
    return [
        CallbackSecret.objects.create(subsystem=payroll, secret=f"whsec_{n}", created_at=now)
        for n in range(5)
    ]


def sealed_with(table="accounts_callbacksecret", column="secret"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return {crypto.key_id(bytes(value)) for (value,) in cursor.fetchall()}


def column(name="accounts_callbacksecret.secret"):
    [found] = [
        one for one in rotation.columns() if f"{one.model._meta.db_table}.{one.column}" == name
    ]
    return found


def run():
    out = StringIO()
    call_command("rotate_keys", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_after_a_rotation_the_old_key_can_go(secrets, keys_are):
    keys_are(f"{SECOND},{FIRST}")
    assert "5 values sealed anew with k2" in run()
    keys_are(SECOND)
    assert sorted(one.secret for one in CallbackSecret.objects.all()) == [
        f"whsec_{n}" for n in range(5)
    ]
    assert "0 values sealed anew" in run()


def test_every_sealed_column_of_every_app_is_among_them():
    names = {f"{one.model._meta.label}.{one.name}" for one in rotation.columns()}
    assert {"accounts.Device.push_address", "notifications.Response.comment"} <= names
    assert len(names) > 12


def test_a_batch_after_the_other_reaches_all(secrets, keys_are):
    keys_are(f"{SECOND},{FIRST}")
    told = list(rotation.rotate(column(), rows_a_batch=2))
    assert [one.rotated for one in told] == [2, 4, 5]
    assert sealed_with() == {"k2"}


def test_what_is_written_meanwhile_stays(secrets, keys_are, monkeypatch):
    keys_are(f"{SECOND},{FIRST}")
    again = rotation._again

    def others_write(of, sealed, *, row):
        if row == secrets[2].id:
            CallbackSecret(
                id=row, subsystem=secrets[2].subsystem, secret="whsec_new",
                created_at=secrets[2].created_at,
            ).save(force_update=True)  # fmt: skip
        return again(of, sealed, row=row)

    monkeypatch.setattr(rotation, "_again", others_write)
    [told] = rotation.rotate(column())
    assert told.rotated == 4
    assert CallbackSecret.objects.get(id=secrets[2].id).secret == "whsec_new"
    assert sealed_with() == {"k2"}


def test_a_value_without_its_key_is_left_and_told(secrets, keys_are):
    keys_are(SECOND)
    with pytest.raises(CommandError, match="5 cannot be opened: an older key is missing"):
        run()
    assert sealed_with() == {"k1"}
    keys_are(FIRST)
    assert CallbackSecret.objects.get(id=secrets[0].id).secret == "whsec_0"


def test_the_key_of_a_table_may_be_of_any_type(keys_are):
    keys_are(f"{SECOND},{FIRST}")
    for one in rotation.columns():
        assert isinstance(one, SealedText)
        value = b"sealed"
        assert rotation._write(one, [(_key_of(one), value, value)]) == 0


def _key_of(one):
    """A key of the column's table that no row has."""
    key = one.model._meta.pk
    kind = getattr(key, "target_field", key).get_internal_type()
    return {
        "UUIDField": "0197c0de-0000-7000-8000-000000000000", "BinaryField": b"\x00" * 32,
    }.get(kind, 0)  # fmt: skip


def test_the_card_of_a_restricted_notification_is_rotated_too(payroll, now, keys_are):
    category = Category.objects.create(subsystem=payroll, key="salary", name="Salary")
    restricted = Notification.objects.create(
        subsystem=payroll, category=category, mode="live", kind="notice", state="open",
        sensitivity="restricted", sealed_content={"title": "Your salary"}, audience={},
        created_at=now,
    )  # fmt: skip
    keys_are(f"{SECOND},{FIRST}")
    run()
    keys_are(SECOND)
    assert Notification.objects.get(id=restricted.id).card == {"title": "Your salary"}
