"""A sub-system proposes, an administrator approves, employees see what was approved."""

import struct
import zlib
from dataclasses import replace

import pytest

from accounts.models import AuditEvent
from hub.lib import errors
from notifications.categories import LiveKeyNeeded
from selfserve import catalogue, modules, places, png
from selfserve.definition import Definition
from selfserve.models import Icon, Module
from tests.selfserve.conftest import ADMIN, EVERYBODY, FINANCE, caller_of

pytestmark = pytest.mark.django_db

LEAVE = Definition(
    names={"en": "Leave", "de": "Urlaub"},
    descriptions={"en": "Days off", "de": "Freie Tage"},
    audience=EVERYBODY,
    address="https://payroll.corp.example/leave",
)


def picture(width=2, height=2, extra=b"", pixels=None, colour=2, interlace=0):
    rows = b"".join(b"\0" + b"\x80\x20\x10" * width for _ in range(height))

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlace)
    body = chunk(b"IDAT", zlib.compress(rows if pixels is None else pixels))
    return png.SIGNATURE + chunk(b"IHDR", head) + extra + body + chunk(b"IEND", b"")


@pytest.fixture
def put(hosts, payroll, now):
    def put(wanted=LEAVE, key="leave", subsystem=payroll, mode="live", picture=None):
        return modules.put(
            caller=caller_of(subsystem, mode), key=key, wanted=wanted, picture=picture, now=now
        )[0]

    return put


def flaws(act):
    with pytest.raises(errors.Invalid) as refused:
        act()
    return {(flaw.pointer, flaw.code) for flaw in refused.value.errors}


def seen_by(person):
    return [one.name for one in catalogue.seen(employee_id=person.pk)]


def test_a_module_shows_once_an_administrator_has_approved_it(put, alice, now):
    module = put()
    assert seen_by(alice) == []

    modules.approve(module_id=module.pk, actor=ADMIN, now=now)

    assert seen_by(alice) == ["Leave"]


def test_a_change_waits_beside_what_is_shown(put, alice, now):
    module = put()
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)
    put(replace(LEAVE, names={"en": "Sign in again"}))
    assert seen_by(alice) == ["Leave"]

    modules.approve(module_id=module.pk, actor=ADMIN, now=now)

    assert seen_by(alice) == ["Sign in again"]
    assert Module.objects.get().version == 2


def test_proposing_what_is_shown_drops_the_change_that_waits(put, now):
    module = put()
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)
    put(replace(LEAVE, names={"en": "Holidays"}))
    put()

    with pytest.raises(errors.NotFound):
        modules.approve(module_id=module.pk, actor=ADMIN, now=now)


def test_a_declined_proposal_is_gone_and_its_sub_system_reads_why(put, payroll, alice, now):
    module = put()
    modules.decline(module_id=module.pk, reason="Another name, please.", actor=ADMIN, now=now)

    assert seen_by(alice) == []
    declined = modules.one(caller=caller_of(payroll), key="leave")
    assert (declined.proposed, declined.declined_reason) == (None, "Another name, please.")


def test_what_was_looked_at_is_what_is_approved(put, now, monkeypatch):
    module = put()
    check = modules.check

    def meanwhile(wanted, **more):
        check(wanted, **more)
        monkeypatch.setattr(modules, "check", check)
        put(replace(LEAVE, address="https://payroll.corp.example/elsewhere"))

    monkeypatch.setattr(modules, "check", meanwhile)
    with pytest.raises(errors.Invalid):
        modules.approve(module_id=module.pk, actor=ADMIN, now=now)


def test_a_removed_module_is_gone_and_may_be_proposed_again(put, payroll, alice, now):
    module = put()
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)
    modules.remove(caller=caller_of(payroll), key="leave", now=now)
    assert seen_by(alice) == []

    put()
    assert seen_by(alice) == []
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)
    assert seen_by(alice) == ["Leave"]


def test_a_key_is_one_sub_systems(put, rosters):
    put()

    elsewhere = replace(LEAVE, address="https://rosters.corp.example/")
    assert flaws(lambda: put(elsewhere, subsystem=rosters)) == {("/key", "taken")}
    with pytest.raises(errors.NotFound):
        modules.one(caller=caller_of(rosters), key="leave")
    with pytest.raises(errors.NotFound):
        modules.remove(caller=caller_of(rosters), key="leave", now=None)


@pytest.mark.parametrize("key", ["", "Leave", "a b", "exchange", "x" * 65, "-x", "é"])
def test_a_key_that_is_none(put, key):
    assert flaws(lambda: put(key=key)) == {("/key", "bad_key")}


def test_a_test_key_changes_nothing_that_employees_see(put, payroll, now):
    with pytest.raises(LiveKeyNeeded):
        put(mode="test")
    put()
    with pytest.raises(LiveKeyNeeded):
        modules.remove(caller=caller_of(payroll, "test"), key="leave", now=now)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"names": {}}, ("/names", "empty")),
        ({"names": {"english": "x"}}, ("/names", "not_a_language")),
        ({"names": {"en": " "}}, ("/names/en", "blank")),
        ({"names": {"en": "x" * 81}}, ("/names/en", "too_long")),
        ({"names": {"en": "a\u202eb"}}, ("/names/en", "bidi_control")),
        (
            {"names": {f"e{a}{b}": "x" for a in "abcdefg" for b in "abcdefg"}},
            ("/names", "too_many"),
        ),
        ({"descriptions": {"en": "x" * 301}}, ("/descriptions/en", "too_long")),
        ({"audience": {"any": [{"geo": 1}]}}, ("/audience/any/0/geo", "not_a_text")),
        ({"permissions": ["camera", "camera"]}, ("/permissions", "repeated")),
        ({"permissions": ["contacts"]}, ("/permissions", "unknown")),
        ({"claims": ["password"]}, ("/claims", "unknown")),
        ({"address": ""}, ("/address", "address_or_form")),
        ({"form": {"inputs": []}}, ("/address", "address_or_form")),
    ],
)
def test_a_definition_that_makes_no_sense(put, change, flaw):
    assert flaws(lambda: put(replace(LEAVE, **change))) == {flaw}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://evil.example/", "refused_address"),
        ("https://payroll.corp.example.evil.example/", "refused_address"),
        ("https://hr.corp.example/", "refused_address"),
        ("https://xhr.corp.example/", "refused_address"),
        ("https://10.1.2.3/", "refused_address"),
        ("http://payroll.corp.example/", "bad_url"),
        ("https://payroll.corp.example/#x", "bad_url"),
        ("https://user@payroll.corp.example/", "bad_url"),
        ("https://payroll.corp.example@evil.example/", "bad_url"),
        ("https://payroll.corp.example\\@evil.example/", "bad_url"),
        ("javascript:alert(1)//payroll.corp.example", "bad_url"),
        ("//payroll.corp.example/", "bad_url"),
        ("https://", "bad_url"),
    ],
)
def test_an_address_leads_where_an_administrator_lets_it(put, address, code):
    assert flaws(lambda: put(replace(LEAVE, address=address))) == {("/address", code)}


def test_an_address_by_host_by_a_name_below_it_and_by_network(put, payroll, now):
    put(replace(LEAVE, address="https://PAYROLL.corp.example:8443/a?b=c"))
    put(replace(LEAVE, address="https://leave.hr.corp.example/"))
    allowed = places.Allowed(networks=["10.2.0.0/16"])
    places.allow(subsystem_id=payroll.pk, allowed=allowed, actor=ADMIN, now=now)

    put(replace(LEAVE, address="https://10.2.3.4/leave"))

    for outside in ("https://10.3.0.1/", "https://127.0.0.1/", "https://169.254.169.254/"):
        assert flaws(lambda at=outside: put(replace(LEAVE, address=at))) == {
            ("/address", "refused_address")
        }


def test_what_is_allowed_no_more_is_not_approved_any_more(put, payroll, now):
    module = put()
    places.allow(subsystem_id=payroll.pk, allowed=places.Allowed(), actor=ADMIN, now=now)

    with pytest.raises(errors.Invalid):
        modules.approve(module_id=module.pk, actor=ADMIN, now=now)


@pytest.mark.parametrize(
    "host", ["*", "*.", "corp example", "https://x", "-x", "é.example", "a..b"]
)
def test_a_host_that_is_none_is_not_allowed(payroll, now, host):
    allowed = places.Allowed(hosts=[host])
    with pytest.raises(errors.Invalid):
        places.allow(subsystem_id=payroll.pk, allowed=allowed, actor=ADMIN, now=now)


def test_an_icon_is_kept_as_a_picture_and_nothing_else(put, alice, now):
    secret = b"Author\0alice"
    text = struct.pack(">I", len(secret)) + b"tEXt" + secret
    text += struct.pack(">I", zlib.crc32(b"tEXt" + secret))
    module = put(picture=picture(extra=text))
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)

    digest, kept = catalogue.icon(employee_id=alice.pk, key="leave")

    assert kept == picture()
    assert Icon.objects.get().digest == digest


def test_an_icon_that_nobody_needs_any_more_goes(put, now):
    for colour in (b"\1", b"\2", b"\3"):
        put(picture=picture(pixels=b"".join(b"\0" + colour * 6 for _ in range(2))))

    assert Icon.objects.count() <= 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xff\xd8\xff\xe0 JFIF",
        picture()[:-1],
        picture() + b"<script>",
        picture().replace(b"IDAT", b"IDAU"),
        picture(width=513),
        picture(height=0),
        picture(pixels=b"\0" * 10_000_000),
        picture(pixels=b""),
        picture(colour=7),
        picture(interlace=1),
        picture() + b"\0" * png.BYTES_AT_MOST,
        png.SIGNATURE,
    ],
    ids=range(14),
)
def test_what_is_no_small_png_is_no_icon(put, data):
    assert flaws(lambda: put(picture=data)) == {("/icon/png", "no_picture")}


def test_where_a_module_leads_is_on_the_audit_log_and_who_sees_it_is_not(put, now):
    module = put(replace(LEAVE, audience=FINANCE))
    modules.approve(module_id=module.pk, actor=ADMIN, now=now)

    said = AuditEvent.objects.filter(subject_id=str(module.pk)).order_by("id")
    assert [one.action for one in said] == ["module_proposed", "module_approved"]
    assert said[0].data["address"] == LEAVE.address
    assert "Finance" not in str([one.data for one in said])
