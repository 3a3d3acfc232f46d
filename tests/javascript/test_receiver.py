"""The documented receiver in JavaScript, on the public `standardwebhooks`, accepts our callbacks."""

import contextlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from accounts import audit, subsystems
from accounts.models import Subsystem
from notifications.models import CallbackAttempt
from tests.notifications.acting import work

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sub-system-api.md"
LOCK = json.loads((Path(__file__).parent / "package-lock.json").read_text(encoding="utf-8"))


@pytest.fixture
def receiver(javascript, payroll):
    """Starts the documented receiver with a secret, as payroll's endpoint."""
    [documented] = re.findall(r"```javascript\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    (javascript / "receive.mjs").write_text(documented, encoding="utf-8")
    with contextlib.ExitStack() as tidy:

        def start(secret):
            running = tidy.enter_context(
                subprocess.Popen(
                    ["node", "server.mjs", secret],
                    cwd=javascript,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            tidy.callback(running.kill)
            port = int(running.stdout.readline())
            Subsystem.objects.filter(pk=payroll.pk).update(
                callback_url=f"http://127.0.0.1:{port}/", callback_loopback_allowed=True
            )
            payroll.refresh_from_db()

        yield start


@pytest.fixture
def add_secret(payroll, now):
    return lambda: subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=audit.HUB, now=now)


def statuses():
    return list(CallbackAttempt.objects.order_by("id").values_list("status", flat=True))


def test_a_callback_verifies_whatever_is_written_in_it(
    receiver, add_secret, make_request, emit, alice
):
    receiver(add_secret())
    event = emit(make_request(alice), comment='Le reçu manque 🧾 \u2028 "x" <b> \\ \n', n=1.5)
    work()

    assert statuses() == [200]
    event.refresh_from_db()
    assert event.state == "done"


def test_during_a_rotation_a_receiver_with_either_secret_accepts(
    receiver, add_secret, make_request, emit, alice
):
    older, newer = add_secret(), add_secret()
    for secret in (older, newer):
        receiver(secret)
        emit(make_request(alice))
        work()

    assert statuses() == [200, 200]


def test_one_with_another_secret_refuses(receiver, add_secret, make_request, emit, alice):
    add_secret()
    receiver("whsec_" + "A" * 44)
    emit(make_request(alice))
    work()

    assert statuses() == [401]


def test_the_lock_names_hashes_and_no_place_to_fetch_from():
    packages = [one for name, one in LOCK["packages"].items() if name]

    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages)
    assert not any("resolved" in one for one in packages)
