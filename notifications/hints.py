"""Telling open phones that changes wait, after the commit and without ever waiting for anybody.

A hint names an employee, or a notification whose recipients are all meant, so a broadcast is one
message whatever its size. It is published by a thread of this process, those of a moment together;
all of them may be lost, since phones look by themselves too. See docs/adr/0029-hint-stream.md.
"""

import functools
import json
import uuid
from collections.abc import Iterable
from typing import Final

import redis
from django.conf import settings
from django.db import transaction

from hub.lib import scratchpad
from notifications import queues

CHANNEL: Final = "hub:hints"  # hub.streams.hearing has the same
NAMED_AT_MOST = 500  # in one message
EMPLOYEE, NOTIFICATION = "employees", "notifications"


class HintBell(queues.Bell):
    """A bell whose rings are hints: `kind:id`."""

    def deliver(self, wanted: set[str]) -> None:
        """Publish them together, unless Redis is away: then phones poll."""
        named = sorted(wanted)
        for first in range(0, len(named), NAMED_AT_MOST):
            said: dict[str, list[str]] = {EMPLOYEE: [], NOTIFICATION: []}
            for one in named[first : first + NAMED_AT_MOST]:
                kind, _, id_ = one.partition(":")
                said[kind].append(id_)
            publish(json.dumps({kind: ids for kind, ids in said.items() if ids}))


bell = HintBell()


def employee(employee_id: uuid.UUID) -> None:
    """Something of this person's own changed in the present transaction."""
    transaction.on_commit(functools.partial(bell.ring, f"{EMPLOYEE}:{employee_id}"))


def notifications(ids: Iterable[uuid.UUID]) -> None:
    """What these notifications' recipients see changed in the present transaction."""
    for one in ids:
        ring = f"{NOTIFICATION}:{one}"
        transaction.on_commit(functools.partial(bell.ring, ring))


def publish(message: str) -> None:
    """Put a message on the channel; nothing happens if Redis does not answer."""

    def send(client: redis.Redis) -> int:
        return int(client.publish(CHANNEL, message))

    scratchpad.ask(settings.REDIS_URL, send)
