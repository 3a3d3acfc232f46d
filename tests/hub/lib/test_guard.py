"""What may be called is judged by address, in whatever disguise the address comes."""

import ipaddress
import socket
from typing import Any

import pytest

from hub.lib import guard

ANYWHERE = guard.Guard()
INTRANET = guard.Guard(
    allowed_networks=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd12::/16")),
    allowed_ports=frozenset({443, 8443}),
)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.9", "172.16.0.1", "fd12::1", "8.8.8.8"])
def test_private_and_public_addresses_are_fine_where_no_list_is_given(address: str) -> None:
    assert ANYWHERE.permits(address, 443)
    assert ANYWHERE.permits(ipaddress.ip_address(address), 8080)


@pytest.mark.parametrize(
    "address",
    [
        *[
            "127.0.0.1",
            "127.255.0.1",
            "::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "169.254.169.254",
            "fe80::1",
        ],
        *["fe80::1%1", "fec0::1", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"],
        *["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "240.0.0.1"],
        # the same in disguise: mapped, compatible, NAT64 (well-known and local), 6to4, Teredo
        *["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1"],
        *["64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"],
        *["2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:0:7f00:1::f5f5:f5f5"],
        # and what is no address at all
        *["", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "/run/postgresql"],
    ],
)
def test_what_is_never_allowed_is_refused_even_if_listed(address: str) -> None:
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not ANYWHERE.permits(address, 443)
    assert not guard.Guard(allowed_networks=everything).permits(address, 443)


def test_an_allow_list_admits_its_networks_and_ports_and_nothing_else() -> None:
    assert INTRANET.permits("10.9.9.9", 8443)
    assert INTRANET.permits("::ffff:10.9.9.9", 443)
    assert INTRANET.permits("fd12::1", 443)
    for address, port in [("10.9.9.9", 80), ("11.0.0.1", 443), ("fd13::1", 443), ("10.9.9.9", 0)]:
        assert not INTRANET.permits(address, port)


def test_an_embedded_address_does_not_borrow_the_allowance_of_its_network() -> None:
    assert not INTRANET.permits("64:ff9b::a00:1", 443)
    assert not INTRANET.permits("2002:a00:1::", 443)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    assert not ANYWHERE.permits("10.0.0.1", port)


def test_loopback_is_for_test_mode_and_frees_nothing_else() -> None:
    test_mode = guard.Guard(loopback_allowed=True)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert test_mode.permits(address, 8000)
    assert not test_mode.permits("169.254.169.254", 80)
    assert not test_mode.permits("0.0.0.0", 80)


def test_the_hubs_own_back_ends_are_refused_by_port_or_whole() -> None:
    own = guard.Guard(
        never=(
            (ipaddress.ip_network("10.0.0.5/32"), 5432),
            (ipaddress.ip_network("10.0.0.6/32"), None),
        )
    )
    assert not own.permits("10.0.0.5", 5432)
    assert not own.permits("::ffff:10.0.0.5", 5432)
    assert not own.permits("64:ff9b::a00:5", 5432)
    assert own.permits("10.0.0.5", 443)
    assert not own.permits("10.0.0.6", 443)


@pytest.mark.parametrize(
    "url",
    [
        *["", "nonsense", "//10.0.0.1/", "ftp://10.0.0.1/", "file:///etc/passwd", "ws://10.0.0.1/"],
        *[
            "https://",
            "https:///path",
            "https://:443/",
            "https://10.0.0.1:0/",
            "https://10.0.0.1:x/",
        ],
        *["https://10.0.0.1:65536/", "https://user@10.0.0.1/", "https://user:pw@10.0.0.1/"],
        *["https://@10.0.0.1/", "https://10.0.0.1/#part", "https://10.0.0.1/a b", "https://a\\@b/"],
        *[
            "https://10.0.0.1\n/",
            "https://10.0.0.1/\r\nX: y",
            "https://10.0.0.1/\x00",
            "https://ü.de/",
        ],
        *["http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/"],
        *["http://127.1/", "http://10.0.0.1./", "http://167772161/", "http://10.0.0.256/"],
        *[
            "http://127%2e0.0.1/",
            "http://[10.0.0.1]/",
            "http://[::1/",
            "http://-x/",
            "http://a_b c/",
        ],
    ],
)
def test_a_url_of_an_odd_shape_is_refused_before_anybody_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "resolve", lambda _host: pytest.fail("a name was asked for"))
    with pytest.raises(guard.OutboundFailure) as refusal:
        ANYWHERE.check_url(url)
    assert refusal.value.reason == "bad_url"
    assert str(refusal.value) == "bad_url"


def test_plain_http_can_be_ruled_out() -> None:
    strict = guard.Guard(https_only=True)
    strict.check_url("https://10.0.0.1/")
    with pytest.raises(guard.OutboundFailure, match="bad_url"):
        strict.check_url("http://10.0.0.1/")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]:80/", "http://localhost:8000/"])
def test_a_forbidden_address_is_refused_at_save_by_number_and_by_name(url: str) -> None:
    with pytest.raises(guard.OutboundFailure, match="refused_address"):
        ANYWHERE.check_url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hook", "http://localhost/"])
def test_in_test_mode_a_callback_to_this_machine_may_be_saved(url: str) -> None:
    guard.Guard(loopback_allowed=True).check_url(url)


def test_a_name_is_refused_if_any_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_args: Any, **_options: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, 0)) for address in ("10.0.0.1", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(guard.OutboundFailure, match="refused_address"):
        ANYWHERE.check_url("https://two-faced.corp.example/")


def test_an_unknown_name_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_args: Any, **_options: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(guard.OutboundFailure, match="network"):
        ANYWHERE.check_url("https://nobody.corp.example/")
