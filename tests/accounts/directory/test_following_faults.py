"""Following a controller that breaks off, drips, talks nonsense or refers elsewhere."""

import dataclasses
import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from accounts import sync
from accounts.directory import domain, ldap, refusals
from accounts.models import Employee, Group, Synchronisation
from hub.lib import clock
from tests.accounts.directory import listener, reading
from tests.accounts.directory.listener import PASS_ON, SEARCH, Answer, Listener
from tests.servers import company
from tests.servers.samba import Samba

pytestmark = pytest.mark.django_db
ABOUT_ITSELF = 2  # searches before the first page of people
Listen = Callable[..., Listener]


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
    """A listener that answers by a script, or passes on to the real controller."""
    started: list[Listener] = []

    def start(answer: Answer, certificate: trustme.LeafCert | None = None) -> Listener:
        file = tmp_path / f"{len(started)}.pem"
        certificate = certificate or samba.authority.issue_cert("localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(file)
        tls = listener.server_tls(file)
        started.append(Listener(answer=answer, tls=tls, backend=(samba.address, 636)))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap, "PAGE_SIZE", 3)


def over(config: ldap.Config, *servers: str) -> domain.DomainDirectory:
    return domain.DomainDirectory(config=dataclasses.replace(config, servers=servers))


def enabled() -> set[str]:
    return set(Employee.objects.filter(disabled_at=None).values_list("user_name", flat=True))


def at_search(number: int, then: Callable[[bytes], bytes | None]) -> Answer:
    def answer(self: Listener, message: bytes) -> bytes | None:
        if listener.kind(message) == SEARCH and self.count(SEARCH) == number:
            return then(message)
        return PASS_ON

    return answer


def dripping(_: bytes) -> bytes | None:
    time.sleep(6)  # twice the deadline of one request
    return None


# What the controller does at the n-th search.
FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "hangs up": lambda _: None,
    "talks nonsense": lambda _: b"\x30\x84\xff\xff\xff\xff",
    "answers another request": lambda _: (
        b"\x30\x0c\x02\x01\x63\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
    ),
    "says it is busy": lambda m: listener.result(m, 0x65, b"\x0a\x01\x33\x04\x00\x04\x00"),
    "ends without saying whether more follows": lambda m: listener.result(
        m, 0x65, b"\x0a\x01\x00\x04\x00\x04\x00"
    ),
    "falls silent": dripping,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("search", [ABOUT_ITSELF + 1, ABOUT_ITSELF + 3])
def test_a_controller_that_fails_in_the_middle_disables_nobody(
    config: ldap.Config, samba: Samba, listen: Listen, fault: str, search: int
) -> None:
    sync.run(directory=over(config, samba.host), now=clock.now())
    before, known = enabled(), Synchronisation.objects.get().known_at
    bad = listen(at_search(search, FAULTS[fault]))
    with pytest.raises(refusals.DirectoryUnavailable):
        sync.run(directory=over(config, bad.host), now=clock.now(), complete=True)
    assert bad.count(SEARCH) >= search
    assert enabled() == before
    state = Synchronisation.objects.get()
    assert (state.result, state.known_at, state.lease_token) == ("unavailable", known, None)


def test_the_next_controller_is_read_when_the_first_does_not_begin(
    config: ldap.Config, samba: Samba, listen: Listen
) -> None:
    dead = listen(lambda *_: None)
    summary = sync.run(directory=over(config, dead.host, samba.host), now=clock.now())
    assert summary is not None
    assert summary.new == 8


def test_who_is_switched_off_is_disabled_although_the_rest_never_came(
    config: ldap.Config, samba: Samba, listen: Listen
) -> None:
    sync.run(directory=over(config, samba.host), now=clock.now())
    # The groups come after the people: all of these were heard of.
    pages = -(-len(company.PEOPLE) // 3)
    bad = listen(at_search(ABOUT_ITSELF + pages + 1, lambda _: None))
    samba.disable("harry")
    try:
        with pytest.raises(refusals.DirectoryUnavailable):
            sync.run(directory=over(config, bad.host), now=clock.now(), complete=True)
        assert Employee.objects.get(user_name="harry").disabled_reason == "directory"
    finally:
        samba.enable("harry")


def nobody(message: bytes) -> bytes:
    """A search that found nothing, and says that no page follows."""
    page = b"\x30\x05\x02\x01\x00\x04\x00"
    kind = b"1.2.840.113556.1.4.319"
    control = bytes([4, len(kind)]) + kind + bytes([4, len(page)]) + page
    controls = bytes([0xA0, len(control) + 2, 0x30, len(control)]) + control
    inside = listener.result(message, 0x65, b"\x0a\x01\x00\x04\x00\x04\x00")[2:] + controls
    return bytes([0x30, len(inside)]) + inside


@pytest.mark.parametrize("complete", [True, False])
def test_a_controller_that_has_lost_everybody_is_not_believed(
    config: ldap.Config, samba: Samba, listen: Listen, complete: bool
) -> None:
    sync.run(directory=over(config, samba.host), now=clock.now())
    before, groups = enabled(), Group.objects.count()

    def emptied(self: Listener, message: bytes) -> bytes:
        after_itself = self.count(SEARCH) > ABOUT_ITSELF
        return nobody(message) if after_itself and listener.kind(message) == SEARCH else PASS_ON

    empty = listen(emptied)
    directory = over(config, empty.host)
    summary = sync.run(directory=directory, now=clock.now(), complete=complete)
    assert summary is not None
    assert (summary.people, summary.stopped, summary.missing) == (0, True, len(before))
    assert (enabled(), Group.objects.count()) == (before, groups)


def test_references_to_other_domains_are_left_alone(
    config: ldap.Config, samba: Samba, listen: Listen
) -> None:
    elsewhere = listen(lambda *_: None)

    def referring(self: Listener, message: bytes) -> bytes | None:
        if listener.kind(message) != SEARCH:
            return PASS_ON
        address = f"ldaps://{elsewhere.host}/DC=other".encode()
        uri = bytes([0x04, len(address)]) + address
        self.prefix = listener.result(message, 0x73, uri)
        return PASS_ON

    assert len(reading.people(over(config, listen(referring).host))) == len(company.PEOPLE)
    assert elsewhere.connections == 0


def test_an_impostor_learns_nothing_from_a_run(config: ldap.Config, listen: Listen) -> None:
    impostor = listen(lambda *_: PASS_ON, trustme.CA().issue_cert("localhost"))
    with pytest.raises(refusals.DirectoryUnavailable):
        sync.run(directory=over(config, impostor.host), now=clock.now())
    assert impostor.messages == []
    assert company.PASSWORD.encode() not in impostor.raw
