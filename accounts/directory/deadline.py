"""Work that must end in time, whatever the library below it does.

A server that drips one byte a second defeats every socket time-out. So the work runs in a
thread, the caller waits no longer than it said, and the abandoned thread is woken by cutting
its connection. The threads are few: a directory that hangs must not take the process with it.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent import futures


class Late(Exception):
    """The time was over before the work was done."""


class Busy(Exception):
    """The time was over before a thread was free."""


class Pool:
    """A bounded number of threads, made at first use, and anew in a forked process."""

    def __init__(self, *, threads: int, name: str) -> None:
        self._threads, self._name = threads, name
        self._lock = threading.Lock()
        self._made_for: int | None = None

    def run[Result](
        self, work: Callable[[], Result], *, seconds: float, cut: Callable[[], None]
    ) -> Result:
        """The work's result or exception. Raises Late (after calling `cut`) or Busy."""
        executor, free = self._for_this_process()
        start = time.monotonic()
        if not free.acquire(timeout=max(seconds, 0)):
            raise Busy
        future = executor.submit(work)
        future.add_done_callback(lambda _: free.release())
        try:
            return future.result(timeout=max(start + seconds - time.monotonic(), 0))
        except TimeoutError:
            if future.done():  # the work's own TimeoutError, not ours
                return future.result()
            cut()
            raise Late from None

    def _for_this_process(self) -> tuple[futures.ThreadPoolExecutor, threading.Semaphore]:
        with self._lock:
            if self._made_for != os.getpid():
                self._executor = futures.ThreadPoolExecutor(self._threads, self._name)
                self._free = threading.Semaphore(self._threads)
                self._made_for = os.getpid()
            return self._executor, self._free
