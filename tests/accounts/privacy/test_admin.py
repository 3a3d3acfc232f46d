"""The privacy officer's pages: notices, requests, disclosures, holds."""

import io
import zipfile

import pytest
from django.test import Client

from accounts.models import AuditEvent, LegalHold, PrivacyNotice, PrivacyRequest, Staff
from accounts.privacy import requests
from hub import privacy
from hub.lib import clock

pytestmark = pytest.mark.django_db
ADMIN = "/admin/accounts"


def officer(name):
    client = Client()
    client.force_login(Staff.objects.create_superuser(name, password="right"))
    return client


@pytest.fixture
def ann():
    return officer("ann")


@pytest.fixture
def ben():
    return officer("ben")


def test_a_notice_is_drafted_written_and_published(ann):
    draft = {"version": "2026-1", "material": "on", "recipients": ["firebase"]}
    ann.post(f"{ADMIN}/privacynotice/new/draft/", draft)
    page = f"{ADMIN}/privacynotice/{PrivacyNotice.objects.get().pk}"
    words = {"language": "en", "title": "Privacy", "text": "We know."}
    assert ann.post(f"{page}/act/write/", words).status_code == 302
    early = ann.post(f"{page}/act/publish/", {"effective_at": "2020-01-01 00:00"})
    assert "It can take effect from" in early.content.decode()
    assert ann.post(f"{page}/act/publish/", {"effective_at": "2090-01-01 00:00"}).status_code == 302

    notice = PrivacyNotice.objects.get()
    assert (notice.number, notice.recipients) == (1, ["firebase"])
    shown = ann.get(f"{page}/change/").content.decode()
    assert "We know." in shown
    assert "/act/publish/" not in shown


def test_a_request_is_answered_and_reading_it_is_on_the_audit_log(ann, alice):
    asked = requests.ask(
        employee_id=alice.pk, kind="correction", words="My name is Alicia.", now=clock.now()
    )
    page = f"{ADMIN}/privacyrequest/{asked.pk}"

    assert "My name is Alicia." in ann.get(f"{page}/change/").content.decode()
    assert AuditEvent.objects.filter(action="personal_data_read", subject_id=str(asked.pk)).exists()
    assert ann.post(f"{page}/act/approve/", {}).status_code == 302  # nothing the hub could do
    assert ann.post(f"{page}/act/answer/", {"words": "It is corrected."}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("done", "It is corrected.")
    assert asked.answered_by


def test_a_disclosure_needs_another_officer_and_is_fetched_once(ann, ben, alice):
    words = {"employee": "E1001", "words": "The court"}
    assert ann.post(f"{ADMIN}/privacyrequest/new/disclose/", words).status_code == 302
    asked = PrivacyRequest.objects.get()
    page = f"{ADMIN}/privacyrequest/{asked.pk}"

    own = ann.post(f"{page}/act/approve/", {})
    assert "Somebody else" in own.content.decode()
    assert ben.post(f"{page}/act/approve/", {}).status_code == 302
    privacy.carry_out(now=clock.now())
    assert "Fetch the copy" in ann.get(f"{page}/change/").content.decode()
    fetched = ann.get(f"{page}/archive/")

    assert "no-store" in fetched["Cache-Control"]
    assert "data.json" in zipfile.ZipFile(io.BytesIO(fetched.content)).namelist()
    assert ann.get(f"{page}/archive/").status_code == 302  # gone
    assert AuditEvent.objects.filter(action="archive_fetched").count() == 1


def test_a_hold_is_placed_on_one_thing_and_lifted(ann, alice):
    new = f"{ADMIN}/legalhold/new/place/"
    assert "either" in ann.post(new, {"reason": "A lawsuit"}).content.decode()
    assert ann.post(new, {"employee": "E1001", "reason": "A lawsuit"}).status_code == 302
    hold = LegalHold.objects.get()
    assert ann.post(f"{ADMIN}/legalhold/{hold.pk}/act/lift/", {}).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_at is not None


def test_who_may_not_does_not(alice):
    member = Client()
    member.force_login(Staff.objects.create_user("carl", password="right", is_staff=True))

    for page in ("privacynotice", "privacyrequest", "legalhold"):
        assert member.get(f"{ADMIN}/{page}/").status_code == 403
        assert member.get(f"{ADMIN}/{page}/new/draft/").status_code in {403, 404}
