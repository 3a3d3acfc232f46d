"""Callbacks go where an administrator said, and never where nobody may send the hub."""

import uuid
from datetime import datetime

import pytest

from accounts import audit, callback_endpoints
from accounts.callback_endpoints import Endpoint
from accounts.models import AuditEvent, Subsystem
from hub.lib import errors

STAFF = audit.Actor("staff", "1")


def test_an_endpoint_is_kept_audited_and_on_again(payroll: Subsystem, now: datetime) -> None:
    Subsystem.objects.update(callback_off_at=now)
    wanted = Endpoint(url="https://10.2.3.4:8443/hub", networks=("10.2.0.0/16",), ports=(8443,))
    callback_endpoints.register(subsystem_id=payroll.pk, endpoint=wanted, actor=STAFF, now=now)
    payroll.refresh_from_db()
    assert callback_endpoints.of(subsystem=payroll) == wanted
    assert payroll.callback_off_at is None
    assert AuditEvent.objects.get().data == {"url": wanted.url, "before": ""}


@pytest.mark.parametrize(
    ("endpoint", "pointer"),
    [
        (Endpoint(url="ftp://10.2.3.4/"), "/url"),
        (Endpoint(url="https://169.254.169.254/latest"), "/url"),
        (Endpoint(url="https://127.0.0.1/"), "/url"),
        (Endpoint(url="https://10.9.0.1/", networks=("10.2.0.0/16",)), "/url"),
        (Endpoint(url="https://10.2.0.1:22/", ports=(443,)), "/url"),
        (Endpoint(url="https://10.2.0.1/", networks=("10.2.0.1/16",)), "/networks/0"),
        (Endpoint(url="https://10.2.0.1/", ports=(443, 70000)), "/ports/1"),
    ],
)
def test_an_endpoint_that_leads_astray_is_refused(
    payroll: Subsystem, now: datetime, endpoint: Endpoint, pointer: str
) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        callback_endpoints.register(
            subsystem_id=payroll.pk, endpoint=endpoint, actor=STAFF, now=now
        )
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    payroll.refresh_from_db()
    assert payroll.callback_url == ""


def test_nobody_elses_endpoint_is_touched(payroll: Subsystem, now: datetime) -> None:
    with pytest.raises(errors.NotFound):
        callback_endpoints.register(
            subsystem_id=uuid.uuid4(), endpoint=Endpoint(url="https://10.2.3.4/"),
            actor=STAFF, now=now,
        )  # fmt: skip
