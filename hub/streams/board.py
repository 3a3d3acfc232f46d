"""Who listens in this process, and what they have to be told."""

import asyncio
import uuid
from collections.abc import Collection, Iterator

from hub.streams.admission import Admitted, Refused

GONE = Refused("gone", "The phone has hung up.")  # nobody is left to be told


class Stream:
    """One listener: woken when there is something to say, or when it has to end."""

    __slots__ = ("admitted", "end", "has_changes", "woken")

    def __init__(self, admitted: Admitted) -> None:
        self.admitted = admitted
        self.woken = asyncio.Event()
        self.has_changes = False
        self.end: Refused | None = None

    def hint(self) -> None:
        """Changes wait; however many come before it is told, it is told once."""
        self.has_changes = True
        self.woken.set()

    def finish(self, why: Refused) -> None:
        """End it, for the first reason there is."""
        self.end = self.end or why
        self.woken.set()


class Board:
    """The listeners, by employee and by token. One stream a token: a new one ends the old one."""

    def __init__(self, *, most: int) -> None:
        self.most = most
        self.is_deaf = True  # Redis is not heard: everybody has to look by themselves
        self._by_employee: dict[uuid.UUID, set[Stream]] = {}
        self._by_digest: dict[bytes, Stream] = {}

    def __len__(self) -> int:
        return len(self._by_digest)

    @property
    def is_full(self) -> bool:
        """Whether nobody more is taken."""
        return len(self) >= self.most

    @property
    def employees(self) -> Collection[uuid.UUID]:
        """Who listens."""
        return self._by_employee.keys()

    @property
    def digests(self) -> list[bytes]:
        """By which tokens."""
        return list(self._by_digest)

    def add(self, stream: Stream) -> None:
        """Begin to tell it."""
        before = self._by_digest.get(stream.admitted.digest)
        if before is not None:
            self.remove(before)
            before.finish(Refused("replaced", "This phone has opened another stream.", status=409))
        self._by_digest[stream.admitted.digest] = stream
        self._by_employee.setdefault(stream.admitted.employee_id, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """Tell it nothing any more; harmless if it was removed before."""
        if self._by_digest.get(stream.admitted.digest) is stream:
            del self._by_digest[stream.admitted.digest]
        theirs = self._by_employee.get(stream.admitted.employee_id, set())
        theirs.discard(stream)
        if not theirs:
            self._by_employee.pop(stream.admitted.employee_id, None)

    def of(self, employees: Collection[uuid.UUID]) -> Iterator[Stream]:
        """The streams of these people, as far as they listen here."""
        for employee in employees:
            yield from tuple(self._by_employee.get(employee, ()))

    def by(self, digest: bytes) -> Stream | None:
        """The stream of a token."""
        return self._by_digest.get(digest)
