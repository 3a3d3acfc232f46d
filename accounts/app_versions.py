"""Which versions of the app the hub still serves."""

import re

from django.conf import settings

from accounts import refusals

_LEADING = re.compile(r"\d{1,9}(?:\.\d{1,9})*")


def refuse_old(*, platform: str, version: str) -> None:
    """Raise UpgradeRequired for an app below APP_VERSION_LEAST of its platform.

    Where a platform is not named there, every version is served; where it is, one that does not
    say its version, or says it in words, is below it.
    """
    least = settings.APP_VERSION_LEAST.get(platform)
    if least is not None and numbers(version) < numbers(least):
        raise refusals.UpgradeRequired(least=least)


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare by: 2.10 is above 2.9, 2.4 is 2.4.0, and "2.4.0-beta" counts as 2.4."""
    found = _LEADING.match(version.strip().removeprefix("v"))
    if found is None:
        return ()
    parts = [int(part) for part in found[0].split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
