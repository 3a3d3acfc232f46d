"""Files that come with a notification: sent first, named once, read through the item alone."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings

from hub.lib import clock
from notifications import attachments
from notifications.models import Attachment, Notification
from tests.hub.api import codes
from tests.hub.api.test_hostile_input import MALFORMED, NOT_OBJECTS
from tests.hub.api.world import MARK, NOTICE

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + MARK.encode()
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SEND = "/api/v1/notifications"


def upload(world, content=PDF, *, kind="application/pdf", name="receipt.pdf", caller="sender"):
    path = f"/api/v1/attachments?name={name}"
    return world.call(caller, "POST", path, content, content_type=kind)


def send(world, *ids, caller="sender", **more):
    body = {**NOTICE, "attachments": list(ids), **more}
    return world.call(caller, "POST", SEND, body)


@pytest.fixture
def sent(world):
    """A notice for alice with a file and a picture."""
    ids = [
        upload(world, name="Beleg%20M%C3%BCller.pdf").json()["id"],
        upload(world, PNG, kind="image/png", name="photo.png").json()["id"],
    ]
    return send(world, *ids).json()["id"]


def test_the_recipient_reads_it_through_the_item(world, sent):
    item = world.call("owner", "GET", f"/api/v1/me/inbox/{sent}").json()
    first, second = item["attachments"]
    assert first == {
        "n": 0, "name": "Beleg Müller.pdf", "type": "application/pdf", "size": len(PDF),
        "path": f"/api/v1/me/inbox/{sent}/attachments/0",
    }  # fmt: skip
    answer = world.call("owner", "GET", first["path"])

    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''Beleg%20M%C3%BCller.pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert world.call("owner", "GET", second["path"]).content == PNG


@pytest.mark.parametrize("number", ["2", "99999999999999999999", "0000000000000002"])
def test_there_is_no_other_number(world, sent, number):
    answer = world.call("owner", "GET", f"/api/v1/me/inbox/{sent}/attachments/{number}")

    assert codes.problem(answer)["code"] == "not_found"


def test_a_stranger_gets_nothing_by_any_number_or_id(world, sent):
    for caller in ("other_employee", "reader"):
        answer = world.call(caller, "GET", f"/api/v1/me/inbox/{sent}/attachments/0")
        assert codes.problem(answer)["code"] == "not_found"
        assert MARK.encode() not in answer.content


def test_neither_the_file_nor_its_name_lies_in_clear_in_the_database(world, sent):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT name, content FROM notifications_attachment")
        rows = cursor.fetchall()
    assert len(rows) == 2
    for name, content in rows:
        assert not {b"photo", b"Beleg"} & set(bytes(name).split(b"."))
        assert MARK.encode() not in bytes(content)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"<html>", "application/pdf", 415),
        (b"<script>", "text/html", 415),
        (b"<svg/>", "image/svg+xml", 415),
        (b"\x89PNG", "image/png", 415),
        (b"PK\x03\x04 nothing", DOCX, 415),
        (b"\xff\xfe", "text/plain", 415),
        (b"a\x00b", "text/csv", 415),
        (b"{}", "application/json", 415),
        (PDF, "", 415),
        (b"", "application/pdf", 422),
        (b"a;b\n", "text/csv; charset=utf-8", 201),
        (b"PK\x03\x04 [Content_Types].xml", DOCX, 201),
    ],
)
def test_a_file_is_what_its_first_bytes_say(world, content, kind, status):
    assert upload(world, content, kind=kind).status_code == status


@pytest.mark.parametrize(
    "name", ["", "%20", "..", "a/b.pdf", "a%5Cb.pdf", "a%00.pdf", "a%0Ab.pdf", "x" * 121, "%E2%80%AEfdp.exe"]
)  # fmt: skip
def test_a_name_is_a_files_name_and_no_path(world, name):
    assert codes.problem(upload(world, name=name))["code"] == "invalid"


def test_no_body_and_no_type_breaks_the_door(world):
    kinds = ["", ";", "é/é", "*/*", "x" * 10_000, "text/plain"]
    for content in (*MALFORMED.values(), *NOT_OBJECTS.values()):
        for kind in (*kinds, "application/json", "multipart/form-data; boundary=x"):
            answer = upload(world, content, kind=kind)
            assert answer.status_code in {201, 415, 422}, (kind[:20], content[:20])
            if answer.status_code == 201:
                assert kind == "text/plain", kind[:20]
            else:
                codes.problem(answer)


@pytest.mark.parametrize(
    "query", ["", "?nam=x.pdf", "?name=a.pdf&name=b.pdf", "?name=a.pdf&x=1", "?name[]=a"]
)
def test_a_file_is_named_once_and_nothing_else_is_said(world, query):
    answer = world.call(
        "sender", "POST", f"/api/v1/attachments{query}", PDF, content_type="application/pdf"
    )

    assert codes.problem(answer)["code"] == "invalid"
    assert not Attachment.objects.exists()


def test_a_file_has_a_limit(world, monkeypatch):
    monkeypatch.setattr(settings, "ATTACHMENT_BYTES", len(PDF))
    assert upload(world).status_code == 201
    assert upload(world, PDF + b"x").status_code == 413


def test_a_file_is_of_one_notification_of_its_own_sender_and_mode(world):
    mine = upload(world).json()["id"]
    for caller in ("other_subsystem", "sender_test_key"):
        problem = codes.problem(send(world, mine, caller=caller))
        assert problem["errors"][0]["pointer"] == "/attachments/0"
    assert codes.problem(send(world, mine, mine))["code"] == "invalid"
    assert codes.problem(send(world, str(uuid.uuid4())))["code"] == "invalid"
    assert codes.problem(send(world, *[mine] * 11))["code"] == "invalid"

    assert send(world, mine).status_code == 202
    assert codes.problem(send(world, mine))["errors"][0]["code"] == "unknown_attachment"


def test_a_restricted_one_keeps_its_files(world):
    sent = send(world, upload(world).json()["id"], sensitivity="restricted").json()["id"]

    assert world.call("owner", "GET", f"/api/v1/me/inbox/{sent}/attachments/0").content == PDF


def test_it_goes_with_its_notification_and_unused_ones_after_a_day(world, sent):
    unused = upload(world).json()["id"]
    now = clock.now()
    assert attachments.purge(now=now + timedelta(hours=23)) == 0
    assert attachments.purge(now=now + timedelta(hours=25)) == 1
    assert not Attachment.objects.filter(pk=unused).exists()

    Notification.objects.get(pk=sent).delete()
    assert not Attachment.objects.exists()
