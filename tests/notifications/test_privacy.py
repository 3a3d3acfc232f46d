"""A copy of somebody's data, and their end: across all apps, and after a backup came back."""

import base64
import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from accounts import audit, devices, people, sessions
from accounts.models import (
    AuditEvent,
    Device,
    Employee,
    Group,
    GroupMember,
    KeptOut,
    PrivacyArchive,
    PrivacyRequest,
)
from accounts.privacy import archives, consents, holds, requests
from hub import privacy
from hub.lib import errors
from notifications.approvals import delegation
from notifications.models import Delivery, Question, Recipient, Response
from tests.accounts.conftest import person, phone
from tests.notifications.acting import answer

pytestmark = pytest.mark.django_db
OFFICER, COLLEAGUE = audit.Actor("staff", "7"), audit.Actor("staff", "8")
MARK = "PLANTED-4711"


@pytest.fixture
def life(alice, bob, make_request, now):
    """alice has used the hub: on a phone, in a group, asked, answering, standing in."""
    Employee.objects.filter(pk=alice.pk).update(display_name=MARK, mail=f"{MARK}@corp.example")
    opened = sessions.open_session(
        employee_id=alice.pk,
        claim=phone(f"{MARK}-installation", push_address=f"{MARK}-push", name=MARK),
        client_address="192.0.2.7",
        now=now,
    )
    session = devices.Session(opened.device_id, alice.pk)
    consents.give(session=session, purpose="photos", now=now)
    group = Group.objects.create(object_guid=uuid.uuid4(), name="Staff", seen_in_directory_at=now)
    GroupMember.objects.create(group=group, employee=alice)
    request = make_request(alice, bob)
    Question.objects.create(
        notification=request, asker=alice, to="subsystem", text=f"{MARK} why?", asked_at=now
    )
    Delivery.objects.create(
        notification=request, device_id=opened.device_id, employee=alice, purpose="show",
        version=1, state="sent", first_tried_at=now,
    )  # fmt: skip
    wish = delegation.Wish(delegate=bob.employee_id, starts_at=now, ends_at=now + timedelta(days=1))
    delegation.give(principal_id=alice.pk, wish=wish, now=now)
    return request


def models_with_personal_columns():
    return [
        model
        for model in apps.get_models()
        if getattr(model, "personal", None) and not model._meta.abstract
    ]


@pytest.mark.parametrize("model", models_with_personal_columns(), ids=lambda m: m._meta.label)
def test_every_table_with_personal_columns_is_exported_and_ended_or_says_why_not(model):
    label = model._meta.label
    portions = [portion for portion in privacy.PORTIONS if portion.model is model]

    assert bool(portions) != (label in privacy.ELSEWHERE), (
        f"{label}: list a Portion in its app's privacy module, or the reason in ELSEWHERE"
    )
    for portion in portions:
        assert (portion.erase is None) == bool(portion.kept), label
    assert privacy.ELSEWHERE.get(label, "a reason")


def test_a_copy_holds_what_every_table_has_of_the_person_to_be_read_by_people_and_machines(
    alice, bob, life, now
):
    answer(alice, life, comment=f"{MARK} fine")
    content = privacy.copy(employee_id=alice.pk, now=now)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        said = json.loads(archive.read("data.json"))
        page = archive.read("data.html").decode()
    tables = {table["table"]: table["rows"] for table in said["tables"]}
    assert tables["accounts.Activation"][0]["address"] == f"{MARK}-push"
    assert tables["accounts.Device"][0]["last_address"] == "192.0.2.7"
    assert tables["notifications.Response"][0]["comment"] == f"{MARK} fine"
    assert tables["notifications.Question"][0]["text"] == f"{MARK} why?"
    assert tables["notifications.Notification"][0]["title"] == "Expense report"
    assert tables["accounts.Consent"][0]["purpose"] == "photos"
    assert MARK in page
    assert "access_digest" not in page
    assert bob.display_name not in page


def test_what_people_wrote_cannot_become_a_script_of_the_page(alice, now):
    Employee.objects.filter(pk=alice.pk).update(title="<script>alert(1)</script>")

    with zipfile.ZipFile(io.BytesIO(privacy.copy(employee_id=alice.pk, now=now))) as archive:
        page = archive.read("data.html").decode()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_copy_waits_sealed_is_fetched_once_and_not_by_somebody_else(alice, bob, now):
    asked = requests.ask(employee_id=alice.pk, kind="export", words="", now=now)

    assert privacy.carry_out(now=now) == 1

    stored = bytes(PrivacyArchive.objects.values_list("content", flat=True).get())
    assert b"E1001" not in stored
    assert base64.b64encode(b"PK\x03\x04")[:4] not in stored
    with pytest.raises(errors.NotFound):
        archives.fetch(employee_id=bob.pk, request_id=asked.pk, now=now)
    assert archives.fetch(employee_id=alice.pk, request_id=asked.pk, now=now)[:2] == b"PK"
    with pytest.raises(archives.ArchiveGone):
        archives.fetch(employee_id=alice.pk, request_id=asked.pk, now=now)
    asked.refresh_from_db()
    assert asked.state == "done"
    assert len(asked.receipt["sha256"]) == 64


def test_a_copy_that_nobody_fetches_is_gone_after_a_week(alice, now):
    asked = requests.ask(employee_id=alice.pk, kind="export", words="", now=now)
    privacy.carry_out(now=now)
    late = now + archives.LIFE

    with pytest.raises(archives.ArchiveGone):
        archives.fetch(employee_id=alice.pk, request_id=asked.pk, now=late)
    assert archives.purge(now=late) == 1
    assert not PrivacyArchive.objects.exclude(content=None).exists()


def dump():
    """Every value of every table but the audit log and the directory's own."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" AS t')
            found += [(model._meta.label, row[0]) for row in cursor.fetchall()]
    return found


def test_an_erasure_leaves_nothing_of_the_person_but_a_pseudonym(alice, bob, life, now):
    requests.ask(employee_id=alice.pk, kind="erasure", words="", now=now)
    [asked] = requests.of(alice.pk)
    requests.approve(request_id=asked.pk, actor=OFFICER, now=now)

    assert privacy.carry_out(now=now) == 1

    for table, row in dump():
        for planted in (MARK, "E1001", "alice", str(alice.object_guid)):
            assert planted not in row, table
    assert not Recipient.objects.filter(employee=alice).exists()
    assert not Delivery.objects.filter(employee=alice).exists()
    assert not Device.objects.filter(employee=alice).exists()
    assert Recipient.objects.filter(employee=bob).exists()
    asked.refresh_from_db()
    assert asked.receipt["rows"]["accounts.Device"] == 1
    assert AuditEvent.objects.filter(action="employee_erased").count() == 1


def test_who_decided_is_named_for_the_legal_period_and_a_pseudonym_afterwards(
    alice, bob, life, now, settings
):
    answer(alice, life, comment="fine")
    privacy.erase(employee_id=alice.pk, now=now)

    alice.refresh_from_db()
    assert (alice.employee_id, alice.mail) == ("E1001", "")

    from hub import retention

    retention.purge(now=now + settings.DECISIONS_KEPT + timedelta(days=1))
    alice.refresh_from_db()
    assert alice.employee_id == f"erased:{alice.pk}"
    assert alice.display_name == "(erased)"


def test_an_erased_person_is_not_brought_back_by_the_directory(alice, life, now):
    shown = person(alice)
    privacy.erase(employee_id=alice.pk, now=now)

    people.upsert_all(people=[], now=now)
    from accounts import refusals

    with pytest.raises(refusals.NotAnEmployee):
        people.upsert(person=shown, now=now + timedelta(hours=1))
    assert KeptOut.objects.count() == 1
    assert Employee.objects.filter(employee_id="E1001").count() == 0


def test_a_legal_hold_suspends_an_erasure_until_it_is_lifted(alice, life, now):
    asked = requests.ask(employee_id=alice.pk, kind="erasure", words="", now=now)
    hold = holds.place(employee_id=alice.pk, reason="A lawsuit", actor=OFFICER, now=now)

    with pytest.raises(requests.Held):
        requests.approve(request_id=asked.pk, actor=OFFICER, now=now)
    with pytest.raises(requests.Held):
        privacy.erase(employee_id=alice.pk, now=now)
    holds.lift(hold_id=hold.pk, actor=OFFICER, now=now)
    requests.approve(request_id=asked.pk, actor=OFFICER, now=now)
    again = holds.place(employee_id=alice.pk, reason="Another", actor=OFFICER, now=now)
    assert privacy.carry_out(now=now) == 0  # approved before, and held now
    holds.lift(hold_id=again.pk, actor=OFFICER, now=now)

    assert privacy.carry_out(now=now) == 1


def test_a_restored_backup_has_later_erasures_reapplied_before_it_serves(
    alice, bob, life, now, settings, tmp_path, capsys
):
    settings.ERASURE_JOURNAL = str(tmp_path / "erasures.jsonl")
    before = {
        column: getattr(alice, column)
        for column in ("object_guid", "employee_id", "user_name", "mail", "display_name")
    }
    privacy.erase(employee_id=alice.pk, now=now)
    journal = (tmp_path / "erasures.jsonl").read_text()
    assert "E1001" not in journal
    assert MARK not in journal
    with (tmp_path / "erasures.jsonl").open("a") as file:
        file.write('{"at": "2026-')  # torn by a power cut
    # What a backup from before brings back.
    KeptOut.objects.all().delete()
    Employee.objects.filter(pk=alice.pk).update(erased_at=None, disabled_at=None, **before)

    call_command("migrate", verbosity=0)

    alice.refresh_from_db()
    assert alice.erased_at is not None
    assert alice.employee_id == f"erased:{alice.pk}"
    assert KeptOut.objects.count() == 1
    call_command("reapply_erasures")
    assert "erased again: 0" in capsys.readouterr().out


def test_a_disclosure_takes_two_people_and_leaves_a_trail(alice, now):
    asked = requests.disclose(employee_id=alice.pk, words="The court, § 98", actor=OFFICER, now=now)

    with pytest.raises(requests.AnotherPersonNeeded):
        requests.approve(request_id=asked.pk, actor=OFFICER, now=now)
    requests.approve(request_id=asked.pk, actor=COLLEAGUE, now=now)
    privacy.carry_out(now=now)
    content = archives.fetch_disclosure(request_id=asked.pk, actor=COLLEAGUE, now=now)

    assert content[:2] == b"PK"
    assert requests.of(alice.pk) == []  # she is not told by the hub
    with pytest.raises(errors.NotFound):
        archives.fetch(employee_id=alice.pk, request_id=asked.pk, now=now)
    trail = AuditEvent.objects.filter(subject_id=str(asked.pk)).order_by("pk")
    assert list(trail.values_list("action", flat=True)) == [
        "disclosure_requested",
        "privacy_request_approved",
        "privacy_request_done",
        "archive_fetched",
    ]


def test_one_request_of_a_kind_at_a_time_and_each_ends_once(alice, now):
    asked = requests.ask(employee_id=alice.pk, kind="complaint", words="Why?", now=now)
    assert asked.due_at == now + timedelta(days=30)
    with pytest.raises(requests.AlreadyRequested) as refusal:
        requests.ask(employee_id=alice.pk, kind="complaint", words="Why?", now=now)
    assert refusal.value.data == {"request": str(asked.pk)}

    requests.answer(
        request_id=asked.pk, words="We have mended it.", refused=False, actor=OFFICER, now=now
    )
    with pytest.raises(requests.RequestAnswered):
        requests.answer(request_id=asked.pk, words="No.", refused=True, actor=OFFICER, now=now)

    [seen] = requests.of(alice.pk)
    assert (seen.state, seen.answer) == ("done", "We have mended it.")
    assert requests.ask(employee_id=alice.pk, kind="complaint", words="", now=now).pk != asked.pk
    assert PrivacyRequest.objects.count() == 2
    assert Response.objects.count() == 0
