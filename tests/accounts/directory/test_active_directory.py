"""Sign-in and reading against a real domain controller."""

import dataclasses
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from accounts.directory import active_directory, domain, ldap, refusals
from accounts.directory import reading as domain_reading
from hub.lib.errors import HubError
from tests.accounts.directory import reading
from tests.servers import company
from tests.servers.samba import Samba


@pytest.fixture
def config(samba: Samba) -> ldap.Config:
    return ldap.Config(
        servers=(samba.host,),
        base_dn=samba.base_dn,
        service_dn=samba.service_dn,
        service_password=samba.service_password,
        ca_file=samba.ca_file,
    )


@pytest.fixture
def directory(config: ldap.Config) -> domain.DomainDirectory:
    return domain.DomainDirectory(config=config)


@pytest.fixture
def harry(samba: Samba) -> Iterator[str]:
    """An account to be spoilt by a test, and put right after it."""
    yield "harry"
    samba.set_password("harry", company.PASSWORD)
    samba.unlock("harry")
    samba.change("harry", department="IT", manager=[])


def group_guids(directory: domain.DomainDirectory) -> dict[str, uuid.UUID]:
    with directory.read(since={}) as whole:
        return {piece.name: piece.object_guid for page in whole.groups() for piece in page}


def refused(directory: domain.DomainDirectory, name: str, password: str) -> type[HubError]:
    with pytest.raises(HubError) as caught:
        directory.authenticate(user_name=name, password=password)
    return type(caught.value)


def test_the_right_password_gives_the_person_with_only_the_declared_attributes(
    directory: domain.DomainDirectory,
) -> None:
    dana = directory.authenticate(user_name="dana", password=company.PASSWORD)
    alice = directory.authenticate(user_name="alice", password=company.PASSWORD)
    assert dataclasses.astuple(alice)[1:] == (
        *("alice", "E1001", "alice@corp.example", "Alice Abel", "Finance", "DE", "Accountant"),
        *(dana.object_guid, True, None, "", True),
    )
    assert dana.manager_guid is None


def test_a_user_principal_name_signs_in_where_that_is_the_identifier(config: ldap.Config) -> None:
    spelling = active_directory.Spelling(user_name="userPrincipalName")
    directory = domain.DomainDirectory(config=dataclasses.replace(config, spelling=spelling))
    person = directory.authenticate(user_name="Alice@corp.example", password=company.PASSWORD)
    assert (person.user_name, person.employee_id) == ("alice@corp.example", "E1001")
    assert refused(directory, "alice", company.PASSWORD) is refusals.InvalidCredentials


def test_case_does_not_matter_but_no_other_spelling_signs_in(
    directory: domain.DomainDirectory,
) -> None:
    assert directory.authenticate(user_name="ALICE", password=company.PASSWORD).user_name == "alice"
    for spelling in (
        "CORP\\alice",
        "alice@corp.example",
        "Alice Abel",
        " alice",
        company.dn("alice"),
    ):
        assert refused(directory, spelling, company.PASSWORD) is refusals.InvalidCredentials


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("nobody", refusals.InvalidCredentials),
        (company.DISABLED, refusals.AccountDisabled),
        (company.MUST_CHANGE, refusals.PasswordMustChange),
        (company.PASSWORD_EXPIRED, refusals.PasswordExpired),
        (company.ACCOUNT_EXPIRED, refusals.AccountDisabled),
        (company.NEVER_AT_THIS_HOUR, refusals.SignInRestricted),
        ("hub", refusals.InvalidCredentials),  # no employee
        ("DC1$", refusals.InvalidCredentials),  # no person
    ],
)
def test_each_state_of_an_account_has_its_refusal_and_only_for_the_right_password(
    directory: domain.DomainDirectory, name: str, refusal: type[HubError]
) -> None:
    assert refused(directory, name, company.PASSWORD) is refusal
    assert refused(directory, name, "wrong") is refusals.InvalidCredentials


def test_a_locked_account_answers_exactly_as_a_wrong_password(
    samba: Samba, directory: domain.DomainDirectory, harry: str
) -> None:
    for _ in range(company.LOCK_OUT_AFTER):
        with pytest.raises(refusals.InvalidCredentials) as wrong:
            directory.authenticate(user_name=harry, password="wrong")
    with pytest.raises(refusals.AccountLocked) as locked:
        directory.authenticate(user_name=harry, password=company.PASSWORD)
    spoken = [
        (e.value.code, e.value.status, e.value.title, e.value.detail) for e in (wrong, locked)
    ]
    assert spoken[0] == spoken[1]


@pytest.mark.parametrize(
    "password",
    [
        "p\u00e4ssw\u00f6rd",
        "\u212bngstr\u00f6m",  # SASLprep would make Å of the ångström sign
        "a\u00ad b\u2003c",  # and drop the soft hyphen, and change the wide space
        "\ufb01ne",  # and split the ligature
        "\U0001f600" * 20,
        " leading and trailing ",
        "*)(uid=*",
        "\u05d0latin\u0661",  # mixed directions: SASLprep refuses
        "tab\tnewline\n",
        "x" * 127,
    ],
)
def test_an_odd_password_reaches_the_directory_unaltered(
    samba: Samba, directory: domain.DomainDirectory, harry: str, password: str
) -> None:
    samba.set_password(harry, password)
    assert directory.authenticate(user_name=harry, password=password).employee_id == "E1008"
    assert refused(directory, harry, password + "x") is refusals.InvalidCredentials


@pytest.mark.parametrize("password", ["", "\0", f"{company.PASSWORD}\0", "\ud800"])
def test_an_impossible_password_is_refused_before_any_connection(
    samba: Samba, directory: domain.DomainDirectory, password: str
) -> None:
    before = samba.ldaps.connections
    assert refused(directory, "alice", password) is refusals.InvalidCredentials
    assert samba.ldaps.connections == before


@pytest.mark.parametrize(
    "name",
    [
        *(
            "*",
            "a*",
            "alice)(objectClass=*",
            "*)(|(objectClass=*",
            "alice\0",
            "\\61lice",
            "al\u0131ce",
        ),
        *(
            "",
            " ",
            "alice ",
            "alice\n",
            "\u202ealice",
            "a" * 300,
            "\ud800",
            "al\u00edce",
            "\u24d0lice",
        ),
        *(
            "<GUID=00000000-0000-0000-0000-000000000000>",
            "CN=Alice Abel",
            "a,b=c",
            "o'brien",
            "#!$%&^{}~",
        ),
    ],
)
def test_no_name_is_more_than_a_name(directory: domain.DomainDirectory, name: str) -> None:
    assert refused(directory, name, company.PASSWORD) is refusals.InvalidCredentials


def test_a_directory_that_finds_more_spellings_than_ours_signs_nobody_in_by_them(
    directory: domain.DomainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Windows finds alice under "al\u00edce", too; here the search is bent to do the same.
    monkeypatch.setattr(ldap, "escaped", lambda _: "alice")
    assert refused(directory, "al\u00edce", company.PASSWORD) is refusals.InvalidCredentials


def test_an_employee_without_a_plain_name_signs_in(
    samba: Samba, directory: domain.DomainDirectory
) -> None:
    samba.change("charlie", sAMAccountName="o'brien #1")
    try:
        found = directory.authenticate(user_name="O'Brien #1", password=company.PASSWORD)
        assert found.employee_id == "E1003"
    finally:
        samba.change("charlie", sAMAccountName="charlie")


def test_a_wrong_password_counts_once_at_the_directory(
    samba: Samba, directory: domain.DomainDirectory, harry: str
) -> None:
    assert refused(directory, harry, "wrong") is refusals.InvalidCredentials
    with samba.administrator() as connection:
        connection.search(samba.base_dn, "(sAMAccountName=harry)", attributes=["badPwdCount"])
        assert connection.response[0]["raw_attributes"]["badPwdCount"] == [b"1"]


def test_looking_up_tells_whether_the_account_is_enabled(
    samba: Samba, directory: domain.DomainDirectory
) -> None:
    charlie = directory.authenticate(user_name="charlie", password=company.PASSWORD)
    samba.disable("charlie")
    try:
        assert directory.look_up(object_guid=charlie.object_guid) == dataclasses.replace(
            charlie, enabled=False
        )
    finally:
        samba.enable("charlie")
    assert directory.look_up(object_guid=charlie.object_guid) == charlie


def test_an_account_is_over_when_its_last_day_is(config: ldap.Config) -> None:
    before, after = (
        domain.DomainDirectory(
            config=config, now=lambda year=year: datetime(year, 1, 1, tzinfo=UTC)
        )
        for year in (2019, 2020)
    )
    enabled = [
        {person.user_name: person.enabled for person in reading.people(directory)}["ivan"]
        for directory in (before, after)
    ]
    assert enabled == [True, False]


def test_somebody_unknown_is_looked_up_as_none(directory: domain.DomainDirectory) -> None:
    guid = directory.authenticate(user_name="alice", password=company.PASSWORD).object_guid
    assert directory.look_up(object_guid=guid.__class__(int=guid.int ^ 1)) is None


def test_everybody_with_an_employee_id_is_listed_across_pages(
    directory: domain.DomainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap, "PAGE_SIZE", 3)
    people = {person.user_name: person for person in reading.people(directory)}
    assert people.keys() == company.PEOPLE.keys()
    disabled = {name for name, person in people.items() if not person.enabled}
    assert disabled == {company.DISABLED, company.ACCOUNT_EXPIRED}


@pytest.mark.parametrize("at_once", [1, 1500])
def test_groups_tell_their_people_and_their_groups_even_in_a_circle(
    directory: domain.DomainDirectory, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(domain_reading, "MEMBERS_AT_ONCE", at_once)
    monkeypatch.setattr(ldap, "PAGE_SIZE", 5)
    names = {person.object_guid: person.user_name for person in reading.people(directory)}
    groups = reading.groups(directory)
    by_name = {name: guid for guid, name in names.items()} | group_guids(directory)
    found = {name: inside for name, inside in groups.items() if name in company.GROUPS}
    assert found == {
        name: {by_name[one] for one in inside} for name, inside in company.GROUPS.items()
    }


def test_a_person_is_in_every_group_around_theirs_even_in_a_circle(
    directory: domain.DomainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap, "PAGE_SIZE", 1)
    names = {guid: name for name, guid in group_guids(directory).items()}
    expected = {
        "dana": {"Finance Managers", "Finance Approvers", "All Staff"},
        "alice": {"All Staff", "Loop A", "Loop B"},
        "harry": set(),
    }
    for name, inside in expected.items():
        person = directory.authenticate(user_name=name, password=company.PASSWORD)
        found = directory.groups_of(object_guid=person.object_guid)
        assert {names[guid] for guid in found} == inside
    assert directory.groups_of(object_guid=uuid.uuid4()) == frozenset()


def test_the_domains_own_rule_of_locking_out_is_read(directory: domain.DomainDirectory) -> None:
    rule = directory.lock_out()
    assert rule is not None
    assert (rule.tries, rule.window) == (company.LOCK_OUT_AFTER, timedelta(minutes=30))


def test_start_tls_signs_in_as_well(samba: Samba, config: ldap.Config) -> None:
    plain = f"localhost:{samba.plain.port}"
    directory = domain.DomainDirectory(
        config=dataclasses.replace(config, servers=(plain,), is_starttls=True)
    )
    samba.plain.seen.clear()
    assert directory.authenticate(user_name="bob", password=company.PASSWORD).employee_id == "E1002"
    assert company.PASSWORD.encode() not in samba.plain.seen


def test_a_refused_service_account_is_asked_once_and_nobody_is_blamed(
    samba: Samba, config: ldap.Config
) -> None:
    twice = dataclasses.replace(config, servers=(samba.host, samba.host), service_password="wrong")
    before = samba.ldaps.connections
    directory = domain.DomainDirectory(config=twice)
    assert refused(directory, "alice", company.PASSWORD) is refusals.DirectoryUnavailable
    assert samba.ldaps.connections == before + 1
