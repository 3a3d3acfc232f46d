"""Several projects of a provider behind one gateway: none waits for another, none answers for it.

Which project a device's address is of, the app said when it registered. See ADR 0010.
"""

import contextvars
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from hub.lib import logging
from notifications.push import replies
from notifications.push.gateway import Gateway, Outcome, Push

log = logging.get(__name__)

SIDE_BY_SIDE = 4  # calls of one project at a time, where a worker has threads


class Projects:
    """A `gateway.Gateway` of gateways, by project; the first one is the default.

    Each project has a thread pool of its own, whose threads keep their connections. A batch of
    one project is sent by the caller's own thread.
    """

    def __init__(self, gateways: Mapping[str, Gateway]) -> None:
        self._gateways = gateways
        self._default = next(iter(gateways))
        self._process = 0
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def admit(self, count: int, *, project: str = "") -> timedelta:
        """As that project's gateway says; zero for one that is not configured any more."""
        gateway = self._gateways.get(project or self._default)
        return gateway.admit(count) if gateway else timedelta(0)

    def send(self, pushes: Sequence[Push]) -> list[Outcome]:
        """One outcome a push, in their order; the projects are called side by side."""
        outcomes = [replies.ours("project_unknown")] * len(pushes)
        places: dict[str, list[int]] = defaultdict(list)
        for place, push in enumerate(pushes):
            places[push.address.project or self._default].append(place)
        for unknown in places.keys() - self._gateways.keys():
            log.error("push_project_unknown", project=unknown, of=len(places.pop(unknown)))
        own, *others = sorted(places, key=lambda name: len(places[name]), reverse=True) or [""]
        running: dict[str, Future[list[Outcome]]] = {}
        for name in others:
            run = contextvars.copy_context().run
            part = [pushes[place] for place in places[name]]
            running[name] = self._pool(name).submit(run, self._gateways[name].send, part)
        if own:
            said = self._gateways[own].send([pushes[place] for place in places[own]])
            _put(outcomes, places[own], said)
        for name, answer in running.items():
            _put(outcomes, places[name], answer.result())
        return outcomes

    def _pool(self, name: str) -> ThreadPoolExecutor:
        if self._process != os.getpid():  # a forked child has none of its parent's threads
            self._process, self._threads = os.getpid(), {}
        if name not in self._threads:
            self._threads[name] = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="push")
        return self._threads[name]


def _put(outcomes: list[Outcome], places: Sequence[int], said: Sequence[Outcome]) -> None:
    for place, outcome in zip(places, said, strict=True):
        outcomes[place] = outcome
