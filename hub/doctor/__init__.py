"""What is wrong with this hub, and what to do: every part looked at once, over its own wire.

Nothing is changed, and nobody gets a push. Where the answer depends on where it is asked from
(names, routes, certificates), ask from a container of the hub.
"""

from collections.abc import Callable, Iterator

from accounts.directory.refusals import DirectoryUnavailable
from hub.doctor import engines, inside, outside
from hub.doctor.finding import Finding, Grade
from hub.lib.crypto import DecryptionError

__all__ = ["Finding", "Grade", "examine"]

# What an outside part may do to us; anything else is a fault of the hub and may be seen as one.
FAILURES = (*engines.FAILURES, OSError, DirectoryUnavailable, DecryptionError)


def examine() -> Iterator[Finding]:
    """Look at everything, in the order in which one part needs the other."""
    parts: dict[str, Callable[[], Iterator[Finding]]] = {
        "settings": inside.settings,
        "keys": inside.keys,
        "database": engines.database,
        "clock": engines.clock,
        "redis": engines.redis,
        "workers": engines.workers,
        "directory": outside.directory,
        "sign_in": outside.sign_in,
        "firebase": outside.firebase,
        "certificates": outside.certificates,
        "work": inside.work,
    }
    for name, look in parts.items():
        try:
            yield from look()
        except FAILURES as failure:
            reason = f"{type(failure).__name__}: {failure}".strip().splitlines()[0][:200]
            yield Finding(name, Grade.BAD, reason, "See that it runs and is reached from here.")
