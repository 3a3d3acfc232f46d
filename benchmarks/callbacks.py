"""Callbacks: from events that wait to recorded answers, against the HTTP client alone.

Fifty sub-systems, one worker process. The ceiling is the hub's own client with as many threads, the
same receiver, and nothing else. Then one of the fifty takes its calls and never answers.
"""

import subprocess
import sys
import time
from concurrent import futures
from datetime import timedelta
from typing import Any

from benchmarks import broadcasts, figures, hub, machine
from benchmarks.singles import wait_until_idle
from hub.lib import clock, ids

SUBSYSTEMS = 50
GOOD_LEFT = """
SELECT NOT EXISTS (
    SELECT FROM notifications_callbackevent event
      JOIN accounts_subsystem sender ON sender.id = event.subsystem_id
     WHERE event.state <> 'done' AND sender.callback_url NOT LIKE '%/hang')
"""


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--callbacks", type=int, default=10_000)
    given = arguments.parse_args()
    if given.short:
        given.callbacks = min(given.callbacks, 2_500)
    with hub.running() as made:
        receiver = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.receiver"],
            cwd=machine.CHECKOUT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        made.stack.callback(receiver.kill)
        assert receiver.stdout is not None
        url = f"http://127.0.0.1:{int(receiver.stdout.readline())}"
        senders = subsystems(url)
        made.start_workers("callback:1")
        result = measure(made, given, url=url, senders=senders)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any, *, url: str, senders: list[Any]) -> dict[str, Any]:
    """Hub and ceiling by turns, and the hub with one dead endpoint beside both."""
    count = given.callbacks
    drain(made, senders, count=200)
    turns = []
    for _ in range(given.runs):
        one = {"hub": drain(made, senders, count=count), "ceiling": ceiling(url, count=count)}
        one["one_dead"] = with_one_dead(made, senders, count=count, url=url)
        for who, said in one.items():
            figures.show(who, said)
        turns.append(one)
    found = {who: figures.medians([one[who] for one in turns]) for who in turns[0]}
    return {
        "name": "callbacks",
        "conditions": machine.conditions(
            callbacks=count, runs=given.runs, subsystems=SUBSYSTEMS, worker_processes=1
        ),
        "keys": {
            "callbacks_per_s": found["hub"]["callbacks_per_s"],
            "callbacks_per_s_core": found["hub"]["callbacks_per_cpu_s"],
            "cpu_us_per_callback": found["hub"]["cpu_us_per_callback"],
            "ceiling_per_s_core": found["ceiling"]["posts_per_cpu_s"],
            "ratio_ceiling": figures.digits(
                found["hub"]["callbacks_per_cpu_s"] / found["ceiling"]["posts_per_cpu_s"]
            ),
            "ratio_ceiling_rate": figures.digits(
                found["hub"]["callbacks_per_s"] / found["ceiling"]["posts_per_s"]
            ),
            "ratio_with_one_dead": figures.ratio(turns, "one_dead", "hub", "callbacks_per_s"),
        },
        "callbacks": found,
        "turns": turns,
    }


def subsystems(url: str) -> list[Any]:
    """Fifty of them, each with an endpoint, a secret and a category."""
    from accounts import audit
    from accounts import subsystems as acts
    from accounts.models import Subsystem
    from notifications.models import Category

    now, made = clock.now(), []
    for number in range(SUBSYSTEMS):
        one = acts.create(
            key=f"bench-{number}", name=f"Bench {number}", callback_url=f"{url}/{number}",
            actor=audit.HUB, now=now,
        )  # fmt: skip
        acts.add_callback_secret(subsystem_id=one.pk, actor=audit.HUB, now=now)
        Category.objects.create(subsystem=one, key="approval", name="Approval")
        made.append(one)
    Subsystem.objects.update(callback_loopback_allowed=True)
    return made


def fill(senders: list[Any], count: int) -> None:
    """So many decided requests with an event each, evenly among the sub-systems."""
    from django.db import transaction

    from notifications import queues
    from notifications.callbacks import events
    from notifications.models import CallbackEvent, Category, Errand, Notification

    now = clock.now()
    category = {one.subsystem_id: one for one in Category.objects.all()}
    sent, told, waiting = [], [], []
    for number in range(count):
        sender = senders[number % len(senders)]
        one = Notification(
            subsystem=sender, category=category[sender.pk], mode="live", kind="request",
            reference=f"EXP-{number}", state="decided", sensitivity="internal", audience={},
            created_at=now, content={"title": "Expense report"}, closed_at=now,
        )  # fmt: skip
        facts = {
            "version": 1, "verb": "approve", "effect": "approve", "comment": None, "inputs": None,
            "actor": {"employee_id": "E1002", "on_behalf_of": None}, "decided_at": clock.text(now),
        }  # fmt: skip
        event_id = ids.uuid7()
        body = events.body(event_id, one, type_="decision.made", sequence=1, facts=facts, now=now)
        event = CallbackEvent(
            id=event_id, subsystem=sender, notification=one, type="decision.made", sequence=1,
            body=body, state="pending", created_at=now,
        )  # fmt: skip
        sent.append(one)
        told.append(event)
        waiting.append(
            Errand(
                kind="call_back", queue=queues.CALLBACK, lane=1, subsystem=sender,
                notification=one, size=Errand.HEAVY, event=event, due_at=now, created_at=now,
            )
        )  # fmt: skip
    with transaction.atomic():
        for model, rows in ((Notification, sent), (CallbackEvent, told), (Errand, waiting)):
            model.objects.bulk_create(rows, batch_size=2000)  # type: ignore[attr-defined]
    queues.send(queues.CALLBACK)


def drain(made: hub.Stack, senders: list[Any], *, count: int) -> dict[str, float]:
    """Let go with so many events: the figures."""
    wait_until_idle(made)
    with made.frozen_workers():
        hub.say(f"writing {count:,} events")
        fill(senders, count)
        costs, started = machine.Costs(made.trees()), time.monotonic()
    wait_until_idle(made)
    said = broadcasts.priced(costs, count, "worker", time.monotonic() - started)
    return {
        "seconds": figures.digits(said["seconds"]),
        "callbacks_per_s": said["pushes_per_s"],
        "callbacks_per_cpu_s": said["pushes_per_cpu_s"],
        "cpu_us_per_callback": said["cpu_us_per_push"],
        "cpu_us_worker": figures.digits(said["cpu_worker"] / count * 1e6),
        "cpu_us_database": figures.digits(said["cpu_database"] / count * 1e6),
    }


def ceiling(url: str, *, count: int) -> dict[str, float]:
    """The hub's HTTP client alone, with the threads of one worker: signs, posts, reads."""
    from django.conf import settings

    from hub.lib import http, signing

    client, guard = http.Client(), http.Guard(loopback_allowed=True)
    body, secret = b"x" * 600, signing.new_secret()

    def post(number: int) -> None:
        signed = signing.sign(
            secrets=[secret], event_id=f"e{number}", timestamp=clock.now(), body=body
        )
        client.post(
            url=f"{url}/{number % SUBSYSTEMS}", body=body,
            headers={"Content-Type": "application/json", **signed},
            guard=guard, total_timeout=timedelta(seconds=15),
        )  # fmt: skip

    cpu, started = time.process_time(), time.monotonic()
    with futures.ThreadPoolExecutor(settings.CALLBACK_CALLS_AT_ONCE) as pool:
        list(pool.map(post, range(count)))
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    return {
        "posts_per_s": figures.digits(count / seconds),
        "posts_per_cpu_s": figures.digits(count / cpu),
        "cpu_us_per_post": figures.digits(cpu / count * 1e6),
    }


def with_one_dead(made: hub.Stack, senders: list[Any], *, count: int, url: str) -> dict[str, float]:
    """One of the fifty takes the calls and never answers: how fast the others are told."""
    from accounts.models import Subsystem
    from notifications.models import Breaker, CallbackEvent, Errand

    dead = Subsystem.objects.filter(pk=senders[0].pk)
    dead.update(callback_url=f"{url}/hang")
    with made.frozen_workers():
        hub.say(f"writing {count:,} events, one endpoint dead")
        fill(senders, count)
        good = count - Errand.objects.filter(subsystem=senders[0]).count()
        started = time.monotonic()
    with made.connect() as connection:
        while not (connection.execute(GOOD_LEFT).fetchone() or [True])[0]:
            time.sleep(0.01)
    seconds = time.monotonic() - started
    # Make an end: the dead one's events go, and its calls run into their time-out.
    dead.update(callback_url=f"{url}/0")
    CallbackEvent.objects.filter(subsystem=senders[0]).update(state="done")
    Breaker.objects.update(failures=0, opened_at=None, probe_at=None)
    Errand.objects.filter(subsystem=senders[0]).update(due_at=clock.now())
    time.sleep(settings_timeout() + 1)
    Errand.objects.filter(subsystem=senders[0]).delete()
    Breaker.objects.update(failures=0, opened_at=None, probe_at=None)
    return {
        "seconds": figures.digits(seconds),
        "callbacks_per_s": figures.digits(good / seconds),
    }


def settings_timeout() -> float:
    """How long a call may take, in seconds."""
    from django.conf import settings

    seconds: float = settings.CALLBACK_TOTAL_TIMEOUT.total_seconds()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
