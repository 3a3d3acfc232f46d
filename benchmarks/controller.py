"""A pretend domain controller of any size, for measuring what reads it.

It speaks as much LDAPS as the hub asks for: binds, the controller's own numbers, pages of people
and groups, members in ranges. Everything is made from a number, so it keeps nothing; a process
of its own. (Samba takes long to fill: see `benchmarks.samba_fill`.)
"""

import argparse
import functools
import socket
import ssl
import sys
import threading
import uuid
from collections.abc import Iterator

from tests.accounts.directory.listener import elements

BASE = "DC=bench,DC=example"
INVOCATION = uuid.UUID(int=1)
MEMBERS = 40  # of a group, on average
LARGEST = 2_500  # of the first group, so that it comes in ranges
AT_ONCE = 1_500
_OPERATIONS = {0x60: 0x61, 0x63: 0x65}
_CACHE = 20_000


def tlv(tag: int, content: bytes) -> bytes:
    """One BER element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    return bytes([tag, 0x84]) + size.to_bytes(4, "big") + content


def text(value: str) -> bytes:
    """An OCTET STRING."""
    return tlv(4, value.encode())


def guid(kind: int, number: int) -> uuid.UUID:
    """Of a person (1) or a group (2)."""
    return uuid.UUID(int=kind << 64 | number)


def extended(kind: int, number: int) -> str:
    """A name with its GUID, as the hub asks for them."""
    return f"<GUID={guid(kind, number)}>;CN={'PG'[kind - 1]}{number},OU=Bench,{BASE}"


def entry(name: str, attributes: dict[str, list[bytes]]) -> bytes:
    """A SearchResultEntry without its message."""
    listed = b"".join(
        tlv(0x30, text(key) + tlv(0x31, b"".join(tlv(4, value) for value in values)))
        for key, values in attributes.items()
    )
    return tlv(0x64, text(name) + tlv(0x30, listed))


def person(number: int, *, total: int, moved: bool) -> bytes:
    """A person with all that the hub asks for."""
    return entry(
        extended(1, number),
        {
            "objectGUID": [guid(1, number).bytes_le],
            "sAMAccountName": [b"user%d" % number],
            "employeeID": [b"E%07d" % number],
            "mail": [b"user%d@bench.example" % number],
            "displayName": [b"User Number %d" % number],
            "department": [b"Moved" if moved else b"Department %d" % (number % 50)],
            "c": [(b"DE", b"IN", b"US", b"BR")[number % 4]],
            "title": [b"Engineer"],
            "manager": [extended(1, number // 10).encode()],
            "userAccountControl": [b"512"],
            "accountExpires": [b"0"],
        },
    )


@functools.lru_cache(maxsize=_CACHE)
def presence(kind: int, number: int) -> bytes:
    """Only that it is there."""
    return entry(extended(kind, number), {"objectGUID": [guid(kind, number).bytes_le]})


def group(number: int, *, people: int, start: int = 0) -> bytes:
    """A group with (some of) its members; every tenth holds the one before it as well."""
    size = min(people, LARGEST if number == 0 else MEMBERS)
    inside = [extended(1, (number * MEMBERS + n) % people) for n in range(start, size)][:AT_ONCE]
    if number % 10 == 9 and start == 0:
        inside.append(extended(2, number - 1))
    end = "*" if start + AT_ONCE >= size else str(start + AT_ONCE - 1)
    return entry(
        extended(2, number),
        {
            "objectGUID": [guid(2, number).bytes_le],
            "sAMAccountName": [b"Group %d" % number],
            f"member;range={start}-{end}": [name.encode() for name in inside],
        },
    )


class Controller:
    """Answers one client after another, each in a thread."""

    def __init__(self, *, people: int, groups: int, changed: int) -> None:
        self.people, self.groups, self.changed = people, groups, changed
        self.number = 1_000

    def serve(self, stream: ssl.SSLSocket) -> None:
        """One conversation."""
        buffer = b""
        while data := stream.recv(65_536):
            buffer += data
            while (size := _length(buffer)) and size <= len(buffer):
                message, buffer = buffer[:size], buffer[size:]
                answer = self.answer(message)
                if not answer:
                    return
                stream.sendall(answer)

    def answer(self, message: bytes) -> bytes:
        """Everything that is said to one request; nothing to a farewell."""
        (_, request_id), (operation, request), *rest = elements(elements(message)[0][1])
        head = tlv(2, request_id)
        if operation not in _OPERATIONS:
            return b""
        found, control = self._search(request, rest) if operation == 0x63 else ([], b"")
        done = tlv(_OPERATIONS[operation], b"\x0a\x01\x00\x04\x00\x04\x00")
        return b"".join(
            [tlv(0x30, head + one) for one in found] + [tlv(0x30, head + done + control)]
        )

    def _search(self, request: bytes, rest: list[tuple[int, bytes]]) -> tuple[list[bytes], bytes]:
        parts = elements(request)
        base = parts[0][1].decode()
        wanted = [name.decode() for _, name in elements(parts[7][1])]
        condition = tlv(parts[6][0], parts[6][1])
        if base == "":
            number = str(self.number).encode()
            own = {"dsServiceName": [b"CN=NTDS"], "highestCommittedUSN": [number]}
            return [entry("", own)], b""
        if base == "CN=NTDS":
            return [entry(base, {"invocationId": [INVOCATION.bytes_le]})], b""
        size, cookie = _page(rest)
        if base.startswith("<GUID="):
            start = int(wanted[0].partition("=")[2].partition("-")[0])
            number = uuid.UUID(base[6:42]).int & 0xFFFF_FFFF
            return [group(number, people=self.people, start=start)], _paged(b"")
        kind = 2 if b"group" in condition else 1
        there = self.groups if kind == 2 else self.people
        if b"uSNChanged" in condition:
            there = self.changed if kind == 1 else 0
        first = int(cookie or b"0")
        numbers = range(first, min(first + size, there))
        following = b"%d" % numbers.stop if numbers.stop < there else b""
        return list(self._entries(kind, numbers, wanted, moved=b"uSNChanged" in condition)), _paged(
            following
        )

    def _entries(
        self, kind: int, numbers: range, wanted: list[str], *, moved: bool
    ) -> Iterator[bytes]:
        for number in numbers:
            if wanted == ["objectGUID"]:
                yield presence(kind, number)
            elif kind == 2:
                yield group(number, people=self.people)
            else:
                yield person(number, total=self.people, moved=moved)


def _page(rest: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    """Size and cookie of the paging control."""
    for _, control in elements(rest[0][1]):
        parts = elements(control)
        if parts[0][1] == b"1.2.840.113556.1.4.319":
            (_, size), (_, cookie) = elements(elements(parts[-1][1])[0][1])
            return int.from_bytes(size, "big"), cookie
    raise ValueError("a search without pages")


def _paged(cookie: bytes) -> bytes:
    value = tlv(0x30, tlv(2, b"\0") + tlv(4, cookie))
    return tlv(0xA0, tlv(0x30, text("1.2.840.113556.1.4.319") + tlv(4, value)))


def _length(data: bytes) -> int:
    if len(data) < 2 or (data[1] & 0x80 and len(data) < 2 + (data[1] & 0x7F)):
        return 0
    if not data[1] & 0x80:
        return 2 + data[1]
    more = data[1] & 0x7F
    return 2 + more + int.from_bytes(data[2 : 2 + more], "big")


def main() -> int:
    """`python -m benchmarks.controller PEM PEOPLE GROUPS CHANGED`: prints its port, then serves."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("certificate")
    for name in ("people", "groups", "changed"):
        arguments.add_argument(name, type=int)
    given = arguments.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.certificate)
    controller = Controller(people=given.people, groups=given.groups, changed=given.changed)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            client, _ = listening.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(
                target=_converse, args=(controller, context, client), daemon=True
            ).start()


def _converse(controller: Controller, context: ssl.SSLContext, client: socket.socket) -> None:
    try:
        with context.wrap_socket(client, server_side=True) as stream:
            controller.serve(stream)
    except OSError:
        client.close()


if __name__ == "__main__":
    sys.exit(main())
