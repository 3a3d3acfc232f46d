"""Employees, devices and a sub-system, quickly: COPY, with real ciphertexts in the sealed columns.

Call after `benchmarks.hub.running`, in whose process Django is set up.
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from hub.lib import clock, ids
from hub.lib.columns import SealedText

if TYPE_CHECKING:
    from accounts.models import Employee

GEOS = ("DE", "IN", "US", "BR")
DEPARTMENTS = 50
SECOND_DEVICE_OF_TEN = 3


def people(employees: int) -> int:
    """So many employees, three in ten of them with a second device; the number of devices."""
    from accounts import devices
    from accounts.models import Device, Employee

    now = clock.now()
    staff = [ids.uuid7() for _ in range(employees)]
    pattern = Employee(seen_in_directory_at=now, title="Engineer", language="en")
    varying = ("id", "object_guid", "employee_id", "user_name", "mail", "display_name",
               "department", "geo")  # fmt: skip
    _insert(
        pattern,
        varying,
        (
            (
                one, uuid.uuid4(), f"E{n:07d}", f"user{n}", f"user{n}@bench.example",
                f"User Number {n}", f"Department {n % DEPARTMENTS}", GEOS[n % len(GEOS)],
            )
            for n, one in enumerate(staff)
        ),
    )  # fmt: skip
    owners = [
        owner
        for n, owner in enumerate(staff)
        for _ in range(2 if n % 10 < SECOND_DEVICE_OF_TEN else 1)
    ]
    phone = Device(
        os_version="17", model="Pixel 10", app_version="1.0", name="phone", created_at=now,
        last_seen_at=now, access_expires_at=now, session_expires_at=now, push_registered_at=now,
    )  # fmt: skip
    installation, address = sealed(Device, "installation"), sealed(Device, "push_address")

    def phones() -> Iterator[tuple[Any, ...]]:
        for n, owner in enumerate(owners):
            row, token = ids.uuid7(), address_of(n)
            yield (
                row, owner, "ios" if n % 3 == 0 else "android",
                installation.seal(f"bench-{n}", row=row),
                devices.installation_index(f"bench-{n}"),
                hashlib.sha256(b"access %d" % n).digest(),
                address.seal(token, row=row), devices.push_address_index(token),
            )  # fmt: skip

    varying = ("id", "employee_id", "platform", "installation", "installation_index",
               "access_digest", "push_address", "push_address_index")  # fmt: skip
    _insert(phone, varying, phones())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE accounts_employee, accounts_device")
    return len(owners)


def sealed(model: type[models.Model], name: str) -> SealedText:
    """A sealed column of a model."""
    found = model._meta.get_field(name)
    assert isinstance(found, SealedText)
    return found


def address_of(number: int) -> str:
    """A registration token of the usual length, by whose number the emulator knows the device."""
    return f"bench-{number:010d}:" + "APA91b" + hashlib.sha256(b"%d" % number).hexdigest() * 2


def subsystem() -> str:
    """A sub-system with a category; the text of its key."""
    from accounts import audit, subsystems
    from notifications.models import Category

    now = clock.now()
    made = subsystems.create(key="bench", name="Benchmark", actor=audit.HUB, now=now)
    Category.objects.create(subsystem=made, key="news", name="News", sensitivity="public")
    return subsystems.issue_key(
        subsystem=made, mode="live", name="bench", expires_at=None, actor=audit.HUB, now=now
    ).text


def reader(number: int = 0) -> str:
    """Open a session on a device of this employee; the text of its access token."""
    from accounts.models import Device
    from hub.lib import bearer

    issued = bearer.issue("hub_at_")
    now = clock.now()
    device = Device.objects.filter(employee__employee_id=f"E{number:07d}").order_by("id")[0]
    Device.objects.filter(pk=device.pk).update(
        access_digest=issued.digest,
        access_expires_at=now.replace(year=now.year + 1),
        session_expires_at=now.replace(year=now.year + 1),
    )
    return issued.text


def notice(audience: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of POST /notifications that the benchmarks send."""
    return {
        "category": "news",
        "kind": "notice",
        "reference": secrets.token_hex(8),
        "title": "Canteen closed on Friday",
        "summary": "The canteen of building 4 stays closed on Friday; the one in 7 is open.",
        "audience": audience,
        **more,
    }


@transaction.atomic
def _insert(
    pattern: "models.Model | Employee", varying: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Rows that differ from `pattern` in these columns only, whatever other columns there are."""
    table = pattern._meta.db_table
    constant = {
        field.column: field.get_db_prep_save(field.pre_save(pattern, add=True), connection)
        for field in pattern._meta.concrete_fields
        if field.column not in varying and not field.has_db_default()
    }
    names = ", ".join(varying)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # a million rows take their time
        cursor.execute(
            f"CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0"
        )
        with cursor.copy(f"COPY fresh ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        more = "".join(f", {column}" for column in constant)
        values = ", %s" * len(constant)
        cursor.execute(
            f"INSERT INTO {table} ({names}{more}) SELECT {names}{values} FROM fresh",
            list(constant.values()),
        )
        cursor.execute("DROP TABLE fresh")
