"""Contests between processes: for each of many requests two acts, let loose together.

Each side of a contest is a process of its own, with several threads; a thread of one side and its
partner of the other meet at a barrier before each request.
"""

import multiprocessing
import os
import pickle
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

LANES = 4
PATIENCE_SECONDS = 60

# By which act, on which notification, with what: everything that can be pickled.
Deed = tuple[str, uuid.UUID, dict[str, Any]]


def contest(
    ours: Sequence[Deed], theirs: Sequence[Deed], *, database: str
) -> list[tuple[str, str]]:
    """How each pair of deeds ended: "taken", or the code of the refusal."""
    context = multiprocessing.get_context("spawn")
    barriers = [context.Barrier(2) for _ in range(LANES)]
    answers = context.Queue()
    sides = [
        context.Process(
            target=_side, args=(number, pickle.dumps(list(deeds)), barriers, answers, database)
        )
        for number, deeds in enumerate((ours, theirs))
    ]
    for side in sides:
        side.start()
    ends = dict(answers.get(timeout=PATIENCE_SECONDS * 10) for _ in sides)
    for side in sides:
        side.join()
    return list(zip(ends[0], ends[1], strict=True))


def _side(number: int, pickled: bytes, barriers: Any, answers: Any, database: str) -> None:
    os.environ["DATABASE_URL"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
    import django

    django.setup()
    from notifications import queues

    deeds: Sequence[Deed] = pickle.loads(pickled)  # after the setup: they hold models' kin
    queues.bell.ring = lambda queue: None  # type: ignore[method-assign]  # nobody works here
    ends: list[str] = [""] * len(deeds)
    threads = [
        threading.Thread(target=_lane, args=(lane, deeds, barriers[lane], ends))
        for lane in range(LANES)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((number, ends))


def _lane(lane: int, deeds: Sequence[Deed], barrier: Any, ends: list[str]) -> None:
    from django.db import connection

    from hub.lib import clock, errors

    connection.ensure_connection()
    acts = _acts()
    for place in range(lane, len(deeds), LANES):
        act, notification_id, said = deeds[place]
        barrier.wait(PATIENCE_SECONDS)
        try:
            acts[act](notification_id=notification_id, now=clock.now(), **said)
            ends[place] = "taken"
        except errors.HubError as refusal:
            ends[place] = refusal.code
        except Exception as error:  # the test shows it
            ends[place] = repr(error)
    connection.close()


def _acts() -> dict[str, Callable[..., object]]:
    from notifications import editing, expiry, settlement, withdrawal
    from notifications.approvals import respond
    from notifications.models import Errand

    def answer(**said: Any) -> object:
        given = respond.Answer(verb=said.pop("verb"), version=1, comment="Because.")
        return respond.respond(answer=given, **said)

    def expire(*, notification_id: uuid.UUID, now: Any) -> None:
        expiry.run(Errand.objects.get(notification_id=notification_id, kind="expire"), now)

    def edit(**said: Any) -> object:
        wanted = editing.Edit(version=1, changes={"title": "Another title"})
        return editing.by_subsystem(edit=wanted, **said)

    return {
        "answer": answer,
        "expire": expire,
        "edit": edit,
        "withdraw": withdrawal.by_subsystem,
        "settle": settlement.by_subsystem,
    }
