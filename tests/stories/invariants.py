"""What holds after every story and every fault, whatever happened in between."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

from redis import Redis

from tests.servers import company
from tests.stories.hub_process import until
from tests.stories.world import World


def hold(world: World) -> None:
    """Nothing is left to do or dead, decisions are told, nothing leaked, the audit log is whole."""
    until("everything is done", lambda: not errands(world))
    each_decision_was_told_once(world)
    nothing_leaked(world)
    assert "intact" in world.hub.manage("verify_audit")


def errands(world: World) -> list[tuple[object, ...]]:
    """What is still to be done, or dead."""
    return world.query("SELECT id, kind, due_at, lease_until, last_error FROM notifications_errand")


def each_decision_was_told_once(world: World) -> None:
    """A decided request has one decision and one event of it, and the callback carries it."""
    decided = world.query(
        "SELECT notification_id::text, event.id::text, event.state, outcome"
        "  FROM notifications_decision decision"
        "  JOIN notifications_callbackevent event USING (notification_id)"
        " WHERE event.type = 'decision.made'"
    )
    (decisions,) = world.query("SELECT count(*) FROM notifications_decision")
    assert len(decided) == decisions[0] == len({row[0] for row in decided})
    for notification, event, state, outcome in decided:
        assert (state, outcome) == ("done", "confirmed")
        heard = [
            told
            for told in world.callbacks(notification)
            if not told["verified"] or told["payload"]["type"] == "decision.made"
        ]
        assert {told["webhook_id"] for told in heard} == {event}
        assert all(told["verified"] for told in heard)


def nothing_leaked(world: World) -> None:
    """Neither a secret nor a personal datum is in the hub's logs or went through Redis."""
    words = {word for person in company.PEOPLE.values() for word in person[1].split()}
    words |= {*company.PEOPLE, *(person[0] for person in company.PEOPLE.values())}
    phrases = world.secrets | {company.PASSWORD, "@corp.example"}
    forbidden = re.compile(
        "|".join([*map(re.escape, phrases), *(rf"\b{re.escape(word)}\b" for word in words)]),
        re.IGNORECASE,
    )
    for place, text in _written(world):
        found = forbidden.search(text)
        assert found is None, f"{place}: …{text[max(0, found.start() - 300) : found.end() + 50]}…"


def _written(world: World) -> Iterator[tuple[str, str]]:
    """Everything the hub's processes logged, and everything that was ever put into Redis."""
    for name in ("web", "worker", "beat"):
        text = world.hub.log(name).read_text(encoding="utf-8", errors="replace")
        assert text, f"{name} logged nothing, so its log proves nothing"
        yield f"the log of {name}", text
    # Messages are gone as soon as they are read; the append-only file has them all.
    commands = ""
    for file in (world.redis.log.parent / "appendonlydir").glob("*.aof"):
        commands += file.read_text(encoding="utf-8", errors="replace")
    assert "notifications.drain" in commands, "no message in Redis's file: it proves nothing"
    yield "what went through Redis", commands
    for body in set(re.findall(r'"body": "([A-Za-z0-9+/=]+)"', commands)):
        yield "a message in Redis", base64.b64decode(body).decode("utf-8", errors="replace")
    with Redis.from_url(world.redis_url, decode_responses=True) as client:
        yield "what is in Redis now", "".join(_dump(client))


def _dump(client: Redis) -> Iterator[str]:
    ask: Callable[..., Any] = client.execute_command
    reading = {
        "string": ("GET", []),
        "list": ("LRANGE", [0, -1]),
        "hash": ("HGETALL", []),
        "set": ("SMEMBERS", []),
        "zset": ("ZRANGE", [0, -1]),
    }
    for key in ask("KEYS", "*"):
        kind = ask("TYPE", key)
        if kind == "none":
            continue  # its time was over meanwhile
        command, rest = reading[kind]
        yield f"{key}: {ask(command, key, *rest)}\n"
