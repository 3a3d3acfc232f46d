"""The audit chain's head, told to the log stream: what a database alone could not show.

Who owns the database and HUB_MAC_KEY could cut the chain's end off, or make all of it anew. The
head of every day is in the log, which other people keep; `verify_audit --anchors` looks for it.
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.models import AuditSeal
from hub.lib import logging

log = logging.get(__name__)

EVENT = "audit_anchored"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One seal as it was told: its place in the chain and its MAC, in hex."""

    sequence: int
    mac: str


def tell() -> Anchor | None:
    """Tell the log how far the chain is and how it ends; None while nothing is sealed."""
    last = AuditSeal.objects.order_by("-sequence").first()
    if last is None:
        return None
    anchor = Anchor(last.sequence, bytes(last.mac).hex())
    log.info(EVENT, sequence=anchor.sequence, mac=anchor.mac)
    return anchor


def read(lines: Iterable[str]) -> Iterator[Anchor]:
    """The anchors in lines of the hub's log; all other lines are passed over.

    Raises ValueError, with the line's number, for an anchor that is not one.
    """
    for number, line in enumerate(lines, start=1):
        start = line.find("{")  # a collector may have put its own words in front
        if start < 0 or EVENT not in line:
            continue
        try:
            said = json.loads(line[start:])
            if said["event"] == EVENT:
                yield Anchor(int(said["sequence"]), str(said["mac"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is no anchor") from error


def first_missing(anchors: Iterable[Anchor]) -> Anchor | None:
    """The first anchor that is not in the chain as it was told; None if all are."""
    for anchor in sorted(anchors, key=lambda one: one.sequence):
        seal = AuditSeal.objects.filter(sequence=anchor.sequence).first()
        if seal is None or not hmac.compare_digest(bytes(seal.mac).hex(), anchor.mac):
            return anchor
    return None
