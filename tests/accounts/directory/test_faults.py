"""A directory that is down, slow, broken or an impostor: a clear refusal, and no password lost."""

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.directory import active_directory, domain, ldap, refusals
from tests.accounts.directory import listener, reading
from tests.accounts.directory.listener import BIND, PASS_ON, SEARCH, Answer, Listener
from tests.servers import company, door
from tests.servers.samba import Samba

Listen = Callable[..., Listener]
SECRET = company.PASSWORD.encode()


@pytest.fixture
def config(samba: Samba) -> ldap.Config:
    return ldap.Config(
        servers=(samba.host,),
        base_dn=samba.base_dn,
        service_dn=samba.service_dn,
        service_password=samba.service_password,
        ca_file=samba.ca_file,
        connect_timeout=datetime.timedelta(seconds=1),
        total_timeout=datetime.timedelta(seconds=3),
    )


@pytest.fixture
def listen(samba: Samba, tmp_path: Path) -> Iterator[Listen]:
    """Start listeners; without more said, one that has the right certificate."""
    started: list[Listener] = []

    def start(
        answer: Answer, certificate: trustme.LeafCert | None = None, *, tls: bool = True
    ) -> Listener:
        certificate = certificate or samba.authority.issue_cert("localhost")
        file = tmp_path / f"{len(started)}.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(file)
        started.append(
            Listener(
                answer=answer,
                tls=listener.server_tls(file) if tls else None,
                backend=(samba.address, 636),
            )
        )
        return started[-1]

    yield start
    for one in started:
        one.close()


def over(config: ldap.Config, *servers: str, **changes: object) -> domain.DomainDirectory:
    changed = dataclasses.replace(config, servers=servers, **changes)
    return domain.DomainDirectory(config=changed)


def sign_in(directory: domain.DomainDirectory, password: str = company.PASSWORD) -> str:
    return directory.authenticate(user_name="alice", password=password).employee_id


def passing(_: Listener, __: bytes) -> bytes:
    return PASS_ON


def test_the_listener_itself_works_so_that_its_silence_means_something(
    config: ldap.Config, listen: Listen
) -> None:
    honest = listen(passing)
    assert sign_in(over(config, honest.host)) == "E1001"
    assert SECRET in b"".join(honest.messages)
    assert SECRET not in honest.raw


def _wrong_certificates(samba: Samba) -> dict[str, trustme.LeafCert]:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return {
        "signed by somebody else": trustme.CA().issue_cert("localhost"),
        "for another name": samba.authority.issue_cert("dc2.corp.example"),
        "expired": samba.authority.issue_cert("localhost", not_before=past, not_after=past),
    }


@pytest.mark.parametrize("wrong", ["signed by somebody else", "for another name", "expired"])
def test_a_wrong_certificate_ends_the_talk_before_a_word_is_said(
    samba: Samba, config: ldap.Config, listen: Listen, wrong: str
) -> None:
    impostor = listen(passing, _wrong_certificates(samba)[wrong])
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, impostor.host))
    assert impostor.connections == 1
    assert impostor.messages == []
    assert SECRET not in impostor.raw


def test_a_refused_start_tls_ends_the_talk_with_nothing_said_in_clear(
    config: ldap.Config, listen: Listen
) -> None:
    no = b"\x0a\x01\x02\x04\x00\x04\x00"  # protocolError, no text
    stripper = listen(lambda _, request: listener.result(request, 0x78, no), tls=False)
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, stripper.host, is_starttls=True))
    assert [listener.kind(message) for message in stripper.messages[:1]] == [listener.EXTENDED]
    assert SECRET not in stripper.raw


def test_an_impostor_behind_start_tls_hears_nothing(config: ldap.Config, listen: Listen) -> None:
    yes = b"\x0a\x01\x00\x04\x00\x04\x00"
    impostor = listen(lambda _, request: listener.result(request, 0x78, yes), tls=False)
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, impostor.host, is_starttls=True))
    assert SECRET not in impostor.raw


@dataclasses.dataclass(frozen=True)
class SelfSigned:
    """A certificate for localhost that vouches for itself."""

    private_key_and_cert_chain_pem: trustme.Blob


def _self_signed() -> SelfSigned:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SelfSigned(trustme.Blob(private + certificate.public_bytes(pem)))


@pytest.mark.parametrize("is_starttls", [False, True])
def test_a_self_signed_certificate_ends_the_talk_before_a_word_is_said(
    config: ldap.Config, listen: Listen, is_starttls: bool
) -> None:
    impostor = listen(passing, _self_signed())
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, impostor.host, is_starttls=is_starttls))
    assert impostor.connections == 1
    assert impostor.messages == []
    assert SECRET not in impostor.raw


def test_one_of_two_controllers_down_is_not_noticed(samba: Samba, config: ldap.Config) -> None:
    closed = door.Door(target=(samba.address, 636))
    closed.close()
    assert sign_in(over(config, f"localhost:{closed.port}", samba.host)) == "E1001"


def test_all_controllers_down_is_a_503_to_be_tried_again(config: ldap.Config) -> None:
    closed = door.Door(target=("127.0.0.1", 1))
    closed.close()
    host = f"localhost:{closed.port}"
    directory = over(config, host, host)
    with pytest.raises(refusals.DirectoryUnavailable) as caught:
        sign_in(directory)
    assert (caught.value.status, caught.value.code) == (503, "directory_unavailable")
    assert not caught.value.may_have_counted
    assert caught.value.headers == {"Retry-After": "5"}
    for ask in (reading.people, reading.groups):
        with pytest.raises(refusals.DirectoryUnavailable):
            list(ask(directory))


def test_a_setting_that_cannot_work_is_a_503_as_well(samba: Samba, config: ldap.Config) -> None:
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, samba.host, ca_file=Path("/no/such/file.pem")))
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config))
    assert sign_in(over(config, "localhost:99999", samba.host)) == "E1001"


def test_a_controller_that_takes_connections_and_is_silent_is_left_for_the_next(
    samba: Samba, config: ldap.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One thread: the second controller is asked only if the first talk was really cut.
    monkeypatch.setattr(domain, "THREADS", 1)
    tarpit = door.Door(target=(samba.address, 636))
    tarpit.jammed = True
    directory = over(config, f"localhost:{tarpit.port}", samba.host)
    assert [sign_in(directory), sign_in(directory)] == ["E1001", "E1001"]
    assert tarpit.connections == 1  # the second time it was not asked first
    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, f"localhost:{tarpit.port}"))
    tarpit.close()


def test_a_controller_that_drips_bytes_is_cut_although_it_never_pauses(
    samba: Samba, config: ldap.Config, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "THREADS", 1)
    dripping = listener.Drip()
    try:
        assert sign_in(over(config, dripping.host, samba.host)) == "E1001"
    finally:
        dripping.close()


@pytest.mark.parametrize(
    "garbage",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x05\x02\x01\x01\x61\x00", b"\0" * 50, b"\x30\x00"],
)
def test_a_controller_that_talks_nonsense_is_left_for_the_next(
    samba: Samba, config: ldap.Config, listen: Listen, garbage: bytes
) -> None:
    mad = listen(lambda *_: garbage)
    assert sign_in(over(config, mad.host, samba.host)) == "E1001"
    assert mad.count(BIND) == 1


def _until_the_person_binds(then: bytes | None) -> Answer:
    def answer(self: Listener, message: bytes) -> bytes | None:
        return then if self.count(BIND) == 2 else PASS_ON

    return answer


@pytest.mark.parametrize("operation", [SEARCH, BIND])
def test_an_answer_that_comes_byte_by_byte_is_cut_in_time(
    samba: Samba, config: ldap.Config, listen: Listen, operation: int
) -> None:
    def dripping(self: Listener, message: bytes) -> bytes:
        # A person's bind comes after the search.
        if listener.kind(message) == operation and self.count(SEARCH) == 1:
            self.pause_seconds = 0.2  # of a hundred bytes; no single read ever waits long
        return PASS_ON

    slow, healthy = listen(dripping), listen(passing)
    if operation == SEARCH:  # no password was sent yet: the next controller is asked
        assert sign_in(over(config, slow.host, healthy.host)) == "E1001"
        return
    directory = over(config, slow.host, healthy.host)
    with pytest.raises(refusals.DirectoryUnavailable) as caught:
        sign_in(directory)
    assert caught.value.may_have_counted
    assert healthy.connections == 0


def as_windows_says(data: str) -> bytes:
    """The content of a refused bind's answer, with Windows' text in it."""
    text = f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, {data}, v3839"
    diagnostic = text.encode() + b"\0"
    return b"\x0a\x01\x31\x04\x00\x04" + bytes([len(diagnostic)]) + diagnostic


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("data 525", refusals.InvalidCredentials),  # no such user: Samba says 52e
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
        ("data \N{BLACK STAR}", refusals.InvalidCredentials),
        ("", refusals.InvalidCredentials),
    ],
)
@pytest.mark.parametrize("user_name", ["sAMAccountName", "userPrincipalName"])
def test_what_windows_says_of_a_bind_is_understood_for_each_form_of_name(
    config: ldap.Config, listen: Listen, said: str, refusal: type[Exception], user_name: str
) -> None:
    def refusing(self: Listener, message: bytes) -> bytes:
        if self.count(BIND) == 2:
            return listener.result(message, 0x61, as_windows_says(said))
        return PASS_ON

    windows = listen(refusing)
    spelling = active_directory.Spelling(user_name=user_name)
    name = "alice" if user_name == "sAMAccountName" else "alice@corp.example"
    with pytest.raises(refusal) as caught:
        over(config, windows.host, spelling=spelling).authenticate(
            user_name=name, password=company.PASSWORD
        )
    assert type(caught.value) is refusal
    assert windows.count(BIND) == 2


def test_a_password_whose_answer_is_lost_is_not_sent_to_another_controller(
    samba: Samba, config: ldap.Config, listen: Listen
) -> None:
    dying, healthy = listen(_until_the_person_binds(None)), listen(passing)
    with pytest.raises(refusals.DirectoryUnavailable) as caught:
        sign_in(over(config, dying.host, healthy.host))
    assert caught.value.may_have_counted
    assert dying.count(BIND) == 2
    assert healthy.connections == 0


@pytest.mark.parametrize(("operation", "reply"), [(SEARCH, 0x65), (BIND, 0x61)])
def test_a_referral_is_not_followed(
    config: ldap.Config, listen: Listen, operation: int, reply: int
) -> None:
    elsewhere = listen(passing, tls=False)
    address = f"ldap://{elsewhere.host}/DC=corp".encode()
    uris = b"\xa3" + bytes([len(address) + 2, 4, len(address)]) + address
    referral = b"\x0a\x01\x0a\x04\x00\x04\x00" + uris

    def refer(self: Listener, message: bytes) -> bytes:
        asked = listener.kind(message) == operation
        if asked and self.count(SEARCH) == 1:  # a person's bind comes after the search
            return listener.result(message, reply, referral)
        return PASS_ON

    with pytest.raises(refusals.DirectoryUnavailable):
        sign_in(over(config, listen(refer).host))
    assert elsewhere.connections == 0


def test_a_list_of_people_that_breaks_off_is_an_error_not_a_short_list(
    config: ldap.Config, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap, "PAGE_SIZE", 3)
    dying = listen(lambda self, _: None if self.count(SEARCH) == 4 else PASS_ON)
    heard = []
    with pytest.raises(refusals.DirectoryUnavailable):
        heard.extend(reading.people(over(config, dying.host)))
    assert dying.count(SEARCH) == 4  # two about the controller itself


def test_searches_ask_in_pages_and_for_the_declared_attributes_only(
    config: ldap.Config, listen: Listen
) -> None:
    honest = listen(passing)
    directory = over(config, honest.host)
    sign_in(directory)
    reading.people(directory)
    searches = [message for message in honest.messages if listener.kind(message) == SEARCH]
    assert len(searches) == 4
    for search in (searches[0], searches[3]):  # the others are about the controller itself
        _id, (_, request), (_, controls) = listener.elements(listener.elements(search)[0][1])
        critical = {
            listener.elements(control)[0][1]: listener.elements(control)[1] == (0x01, b"\xff")
            for _, control in listener.elements(controls)
        }
        assert critical[b"1.2.840.113556.1.4.319"]  # Active Directory stops at 1,000 without it
        _, attributes = listener.elements(request)[-1]
        assert {name.decode() for _, name in listener.elements(attributes)} == {
            *("objectGUID", "sAMAccountName", "employeeID", "mail", "displayName", "department"),
            *("c", "company", "title", "manager", "userAccountControl", "accountExpires"),
        }


def test_an_unknown_name_and_a_wrong_password_make_the_same_requests(
    config: ldap.Config, listen: Listen
) -> None:
    kinds = []
    for name in ("alice", "nobody"):
        honest = listen(passing)
        with pytest.raises(refusals.InvalidCredentials):
            over(config, honest.host).authenticate(user_name=name, password="wrong")
        kinds.append([listener.kind(message) for message in honest.messages[:3]])
    assert kinds == [[BIND, SEARCH, BIND]] * 2
