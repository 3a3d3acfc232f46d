"""Thousands of phones beside those of the cast; `python -m tests.faults.crowd FILE` enrols them."""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import django
from redis import Redis

from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World, accepted

DEPARTMENT = "Crowd"


class Crowd:
    """Employees of one department, with a phone each: the n-th one's token is `tokens[n]`."""

    def __init__(self, world: World, count: int) -> None:
        self.world = world
        self.tokens = world.emulator.register_phones(count)
        world.secrets |= set(self.tokens[:20])
        file = world.hub.directory / "crowd.json"
        file.write_text(json.dumps(self.tokens), encoding="ascii")
        world.hub.run("-m", "tests.faults.crowd", str(file))

    def tell(self) -> str:
        """A notice to all of them is accepted; its id."""
        body = {
            "category": "news",
            "kind": "notice",
            "reference": uuid.uuid4().hex,
            "title": "The canteen is closed",
            "summary": "Until Monday",
            "audience": {"any": [{"department": DEPARTMENT}]},
        }
        return accepted(self.world.post(body))

    def accepted(self) -> dict[str, int]:
        """How many messages the provider took for each of the phones it knows, by token."""
        mine = set(self.tokens)
        phones = self.world.emulator.phones()
        return {phone["token"]: phone["accepted"] for phone in phones if phone["token"] in mine}

    def results(self, notification: str) -> dict[tuple[str, str], int]:
        """How many pushes of a notification are on record, by state and reason."""
        rows = self.world.query(
            "SELECT state, reason, count(*) FROM notifications_delivery"
            " WHERE notification_id = %s GROUP BY 1, 2",
            notification,
        )
        return {(state, reason): count for state, reason, count in rows}


def done_in_a_hurry(world: World) -> None:
    """Let all waiting be over, again and again, until nothing is left to do."""

    def nothing_left() -> bool:
        world.change("UPDATE notifications_errand SET due_at = now() WHERE due_at > now()")
        with Redis.from_url(world.redis_url) as client:
            client.delete("nothing", *client.scan_iter("hub:push-rate:*"))
        return not invariants.errands(world)

    until("everything is done", nothing_left, every_seconds=1)
    invariants.hold(world)


def enrol(tokens: list[str]) -> None:
    """An employee and an open session for each of these tokens."""
    from accounts import devices
    from accounts.models import Device, Employee
    from hub.lib import clock

    now = clock.now()
    people = [
        Employee(
            object_guid=uuid.uuid4(), employee_id=f"C{n:05}", user_name=f"crowd{n}",
            mail=f"crowd{n}@crowd.example", display_name=f"Crowd {n}", department=DEPARTMENT,
            seen_in_directory_at=now,
        )
        for n in range(len(tokens))
    ]  # fmt: skip
    Employee.objects.bulk_create(people)
    session: dict[str, Any] = dict.fromkeys(
        ("created_at", "last_seen_at", "access_expires_at", "session_expires_at",
         "push_registered_at"),
        now,
    )  # fmt: skip
    Device.objects.bulk_create(
        Device(
            employee=person, platform="android", installation=f"crowd {n}",
            installation_index=devices.installation_index(f"crowd {n}"),
            access_digest=uuid.uuid4().bytes * 2, push_address=token,
            push_address_index=devices.push_address_index(token), **session,
        )
        for n, (person, token) in enumerate(zip(people, tokens, strict=True))
    )  # fmt: skip


if __name__ == "__main__":
    django.setup()
    enrol(json.loads(Path(sys.argv[1]).read_text(encoding="ascii")))
