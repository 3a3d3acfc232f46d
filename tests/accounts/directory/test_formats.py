"""What cannot be had from the test domain: every sub-code, every odd shape of an answer."""

import uuid
from datetime import UTC, datetime

import pytest

from accounts.directory import active_directory, credentials, refusals
from hub.lib.errors import HubError

GUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SPELLING = active_directory.Spelling()
ENTRY = {
    "objectguid": [bytes.fromhex("33221100554477668899aabbccddeeff")],
    "samaccountname": [b"alice"],
    "useraccountcontrol": [b"512"],
}


def said(data: str) -> HubError:
    text = (
        f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, {data}, v3839\0"
    )
    return active_directory.refusal(text)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("data 525", refusals.InvalidCredentials),
        ("data 52e", refusals.InvalidCredentials),
        ("data 52f", refusals.InvalidCredentials),
        ("data 530", refusals.SignInRestricted),
        ("data 531", refusals.SignInRestricted),
        ("data 532", refusals.PasswordExpired),
        ("data 533", refusals.AccountDisabled),
        ("data 568", refusals.InvalidCredentials),
        ("data 701", refusals.AccountDisabled),
        ("data 773", refusals.PasswordMustChange),
        ("data 775", refusals.AccountLocked),
        ("DATA 52E", refusals.InvalidCredentials),
        ("data 5330", refusals.InvalidCredentials),
        ("", refusals.InvalidCredentials),
    ],
)
def test_each_sub_code_has_its_refusal(data: str, expected: type[HubError]) -> None:
    assert type(said(data)) is expected


@pytest.mark.parametrize("code", ["530", "531"])
def test_a_restricted_hour_is_never_taken_for_a_disabled_account(code: str) -> None:
    assert not isinstance(said(f"data {code}"), refusals.AccountDisabled)


def test_the_guid_is_read_in_microsofts_byte_order() -> None:
    assert active_directory.person(ENTRY, spelling=SPELLING, now=NOW).object_guid == GUID


@pytest.mark.parametrize(
    ("expires", "enabled"),
    [
        (b"0", True),
        (b"9223372036854775807", True),
        (b"9223372036854775806", True),  # a year no calendar has
        (b"134398656000000000", True),  # 2026-11-23 00:00 +00:00 is 134398656000000000
        (b"132000000000000000", False),
    ],
)
def test_an_account_expires_at_a_filetime_and_two_values_mean_never(
    expires: bytes, enabled: bool
) -> None:
    entry = ENTRY | {"accountexpires": [expires]}
    before = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    assert active_directory.person(entry, spelling=SPELLING, now=before).enabled is enabled


def test_an_account_is_over_at_its_very_moment() -> None:
    entry = ENTRY | {"accountexpires": [b"134398656000000000"]}
    assert not active_directory.person(entry, spelling=SPELLING, now=NOW).enabled


@pytest.mark.parametrize(
    "spoilt",
    [
        {"objectguid": []},
        {"objectguid": [b"short"]},
        {"useraccountcontrol": []},
        {"useraccountcontrol": [b"yes"]},
        {"accountexpires": [b"soon"]},
        {"title": [b"\xff"]},
    ],
)
def test_an_entry_without_identity_or_standing_is_nonsense(spoilt: dict[str, list[bytes]]) -> None:
    with pytest.raises(active_directory.Nonsense):
        active_directory.person(ENTRY | spoilt, spelling=SPELLING, now=NOW)


def test_a_nul_in_a_text_is_dropped() -> None:
    entry = ENTRY | {"title": [b"Account\0ant"]}
    assert active_directory.person(entry, spelling=SPELLING, now=NOW).title == "Accountant"


def test_a_member_list_tells_where_it_goes_on() -> None:
    member = f"<GUID={GUID}>;<SID=S-1-5-21-1>;CN=Abel\\, Alice,DC=corp".encode()
    assert active_directory.members({}) == ([], None)
    assert active_directory.members({"member": [member]}) == ([GUID], None)
    assert active_directory.members({"member": [], "member;range=0-0": [member]}) == ([GUID], 1)
    assert active_directory.members({"member;range=1500-*": [member]}) == ([GUID], None)
    with pytest.raises(active_directory.Nonsense):
        active_directory.members({"member": [b"CN=Alice"]})


@pytest.mark.parametrize(
    "name", ["alice", "o'brien", "\u00c5sa.Lindstr\u00f6m", "x-y_z", "a@corp.example", "R&D 1"]
)
def test_names_that_companies_have_are_possible(name: str) -> None:
    assert credentials.name_is_possible(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a ",
        " a",
        "a*",
        "a(b",
        "a)b",
        "a\\b",
        "a\0",
        "a\nb",
        "a/b",
        'a"b',
        "a,b",
        "a=b",
        "\u202ea",
        "x" * 257,
    ],
)
def test_names_that_mean_something_to_a_filter_a_dn_or_a_log_are_not(name: str) -> None:
    assert not credentials.name_is_possible(name)
