"""A directory's whole answer, as a test wants to look at it."""

import uuid
from collections import defaultdict

from accounts.directory.port import Directory, Mark, Person


def people(directory: Directory, since: Mark | None = None) -> list[Person]:
    """Everybody, or those who changed since the mark."""
    with directory.read(since=_marks(since)) as reading:
        return [person for page in reading.people() for person in page]


def present(directory: Directory) -> set[uuid.UUID]:
    """Everybody, by the list that absence is told from."""
    with directory.read(since={}) as reading:
        return {guid for page in reading.present() for guid in page}


def groups(directory: Directory, since: Mark | None = None) -> dict[str, set[uuid.UUID]]:
    """What is directly in each group, or in those that changed since the mark."""
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    with directory.read(since=_marks(since)) as reading:
        for page in reading.groups():
            for piece in page:
                found[piece.name].update(piece.member_guids)
    return dict(found)


def mark(directory: Directory) -> Mark | None:
    """How far a reading is that begins now."""
    with directory.read(since={}) as reading:
        return reading.mark


def _marks(mark: Mark | None) -> dict[str, int]:
    return {} if mark is None else {mark.source: mark.number}
