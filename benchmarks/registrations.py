"""How many good phones are still registered after Firebase, or the sender, had a bad hour.

The same faults for the hub and for each peer, on the strict FCM emulator of the demo: dead phones,
broken connections, a storm of 429s, a message that is malformed, a project that is the wrong one.
Each ends after the first try; what is to be tried again is tried again, without the waiting.
Counts, not times.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks import contenders, emulator, figures, hub, machine, seed, teams
from hub.demo.fcm import client, process


def dead(number: int) -> list[dict[str, Any]]:
    """Three phones in ten have lost the app, for good."""
    return [{"do": "UNREGISTERED", "always": True}] if number % 10 < 3 else []


def resets(number: int) -> list[dict[str, Any]]:
    """At one phone in a hundred the connection breaks, with all that is under way on it."""
    return [{"do": "reset"}] if number % 100 == 0 else []


def storm(number: int) -> list[dict[str, Any]]:
    """Half of the messages are too many, with a Retry-After, without one, or with nonsense."""
    after = ("1", None, "soon")[number % 3]
    return [{"do": "QUOTA_EXCEEDED", "retry_after": after}] if number % 2 else []


def malformed(_number: int) -> list[dict[str, Any]]:
    """Firebase dislikes the message, whoever it is for: the sender's fault."""
    return [{"do": "INVALID_ARGUMENT", "always": True}]


def wrong_project(_number: int) -> list[dict[str, Any]]:
    """The sender speaks for another project than the phones', until somebody mends that."""
    return [{"do": "SENDER_ID_MISMATCH", "always": True}]


FAULTS = {
    "30 % unregistered": dead,
    "1 % connection resets": resets,
    "429 storm": storm,
    "a malformed message": malformed,
    "a wrong project": wrong_project,
}


@dataclass(frozen=True)
class Phones:
    """All phones there are, at the pretend Firebase."""

    firebase: client.Emulator
    count: int

    def register(self) -> None:
        """Put the app on all of them."""
        for number in range(self.count):
            self.firebase.register_phone("", token=seed.address_of(number))

    def suffer(self, fault: Callable[[int], list[dict[str, Any]]]) -> set[int]:
        """Let a fault begin; the phones that are good in spite of it."""
        good = set()
        for number in range(self.count):
            behaviours = fault(number)
            if behaviours:
                self.firebase.script(seed.address_of(number), behaviours)
            if fault is not dead or not behaviours:
                good.add(number)
        return good

    def accepted(self) -> dict[int, int]:
        """How many messages Firebase took for each phone, by its number."""
        return {
            int(phone["token"].partition(":")[0].removeprefix("bench-")): phone["accepted"]
            for phone in self.firebase.phones()
        }


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--employees", type=int, default=2000)
    arguments.set_defaults(runs=1)  # nothing is timed: every run says the same
    given = arguments.parse_args()
    if given.short:
        given.employees = min(given.employees, 300)
    with hub.running() as made, strict(made) as firebase:
        phones = Phones(firebase, seed.people(given.employees))
        hub.say(f"registering {phones.count:,} phones")
        phones.register()
        made.key = seed.subsystem()
        made.start_web()
        made.start_workers()
        peers = teams.beside(made, employees=given.employees)
        all_of_them: dict[str, contenders.Contender] = {"hub": contenders.Hub(made)}
        for name in teams.PEERS:
            all_of_them[name] = contenders.Peer(peers, name, firebase, given.employees)
        after = {
            fault: {
                name: [suffered(contender, phones, of) for _ in range(given.runs)]
                for name, contender in all_of_them.items()
            }
            for fault, of in FAULTS.items()
        }
    result = summary(after, phones.count, employees=given.employees)
    show(result)
    figures.keep(given.json, result)
    return 0


@contextlib.contextmanager
def strict(made: hub.Stack) -> Iterator[client.Emulator]:
    """The demo's emulator in the place of the fast one, which knows no faults."""
    running = process.start(machine.cache() / "fcm-strict", fast=True)
    port = urlsplit(running.endpoint).port
    assert port is not None
    made.firebase = emulator.Emulator(
        running.process, port, 0, running.ca_file, running.credentials_file
    )
    made.env |= {
        "FCM_ENDPOINT": running.endpoint,
        "FCM_CA_FILE": str(running.ca_file),
        "FCM_CREDENTIALS_FILE": str(running.credentials_file),
    }
    made.stack.callback(running.stop)
    yield running.client()


def suffered(
    contender: contenders.Contender, phones: Phones, fault: Callable[[int], list[dict[str, Any]]]
) -> dict[str, float]:
    """What one fault does to one contender, all of whose phones are registered before."""
    contender.mend()
    phones.firebase.clear_log()
    good, before = phones.suffer(fault), phones.accepted()
    contender.send()
    if fault is not dead:
        phones.firebase.clear_scripts()
    contender.finish()
    phones.firebase.clear_scripts()
    left, came = contender.registered(), phones.accepted()
    return {
        "good": len(good),
        "good_left": len(left & good),
        "good_reached": sum(came[number] > before[number] for number in good),
        "dead_left": len(left - good),
        "recorded": contender.recorded(),
    }


def summary(
    after: dict[str, dict[str, list[dict[str, float]]]], devices: int, **sizes: int
) -> dict[str, Any]:
    """The result: of several runs the worst one of each contender and fault."""
    worst = {
        fault: {name: min(runs, key=lambda run: run["good_left"]) for name, runs in each.items()}
        for fault, each in after.items()
    }
    keys: dict[str, float] = {}
    for name in next(iter(worst.values())):
        word = name.replace("-", "_")
        said = [each[name] for each in worst.values()]
        keys[f"{word}_kept"] = figures.digits(min(s["good_left"] / s["good"] for s in said))
        keys[f"{word}_recorded"] = figures.digits(min(s["recorded"] / devices for s in said))
    keys["hub_dead_left"] = max(each["hub"]["dead_left"] for each in worst.values())
    return {
        "name": "registrations",
        "conditions": machine.conditions(
            devices=devices, pool="x".join(map(str, contenders.POOL)), **sizes
        ),
        "keys": keys,
        "faults": worst,
    }


def show(result: dict[str, Any]) -> None:
    """Side by side: how many good phones each leaves registered."""
    for fault, each in result["faults"].items():
        print(fault, flush=True)
        for name, said in each.items():
            print(
                f"    {name:<26} leaves {said['good_left']:>5} of {said['good']:>5} good phones"
                f" registered and {said['dead_left']} dead ones, has reached"
                f" {said['good_reached']} and recorded {said['recorded']}",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
