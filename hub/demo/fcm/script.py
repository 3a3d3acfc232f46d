"""Scripted behaviour: what the emulator answers instead of success, per token or for all.

A script is a list of behaviours, consumed in order; one with `always` stays. A token's own script
comes before the one of `*`; `oauth` scripts the token endpoint.

`do` is one of
- `OK`: as if nothing were scripted;
- Firebase's codes: `UNREGISTERED`, `SENDER_ID_MISMATCH`, `THIRD_PARTY_AUTH_ERROR`,
  `INVALID_ARGUMENT`, `UNAUTHENTICATED`, `INTERNAL`, `UNAVAILABLE` (with `delivered`: 503 although
  the phone got it), `QUOTA_EXCEEDED` (`quota`: project, device or topic); `retry_after` is sent
  as it is, nonsense too;
- `HTML_502`: a proxy's page;
- `slow`: success after `ms`; `drip`: success, one byte each `ms`; `hang`: no answer;
- `reset`: the connection is broken without an answer, with every other stream on it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.demo.fcm import refusals

ANY = "*"
OAUTH = "oauth"
ANSWERS = frozenset({"OK", "slow", "drip", "hang", "reset"})
REFUSALS = frozenset(
    {
        "UNREGISTERED", "SENDER_ID_MISMATCH", "THIRD_PARTY_AUTH_ERROR", "INVALID_ARGUMENT",
        "UNAUTHENTICATED", "INTERNAL", "UNAVAILABLE", "QUOTA_EXCEEDED", "HTML_502",
    }
)  # fmt: skip
QUOTAS = frozenset({"project", "device", "topic"})


@dataclass(frozen=True)
class Behaviour:
    """One step of a script. `percent` picks that share of the tokens, always the same ones."""

    do: str
    times: int = 1
    always: bool = False
    percent: int = 100
    ms: int = 1000
    retry_after: str | None = None
    quota: str = "project"
    delivered: bool = False

    @classmethod
    def read(cls, given: str | Mapping[str, Any]) -> "Behaviour":
        """A behaviour from JSON: a word, or an object. Raises ValueError with a sentence."""
        values = {"do": given} if isinstance(given, str) else dict(given)
        if "retry_after" in values and values["retry_after"] is not None:
            values["retry_after"] = str(values["retry_after"])
        try:
            behaviour = cls(**values)
        except TypeError as error:
            raise ValueError(f"unknown or missing member of a behaviour: {error}") from error
        if behaviour.do not in ANSWERS | REFUSALS:
            raise ValueError(f"do must be one of {', '.join(sorted(ANSWERS | REFUSALS))}")
        if behaviour.quota not in QUOTAS:
            raise ValueError(f"quota must be one of {', '.join(sorted(QUOTAS))}")
        for name, least, most in (("times", 1, 10**6), ("ms", 0, 600_000), ("percent", 0, 100)):
            value = values.get(name, least)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number within {least}…{most}")
        return behaviour

    def refusal(self, token: str) -> refusals.Refusal | None:
        """The answer of this behaviour, if it is a refusal."""
        match self.do:
            case "UNREGISTERED":
                return refusals.unregistered()
            case "SENDER_ID_MISMATCH":
                return refusals.sender_id_mismatch()
            case "THIRD_PARTY_AUTH_ERROR":
                return refusals.third_party_auth()
            case "INVALID_ARGUMENT":
                sentence = "Request contains an invalid argument."
                return refusals.invalid([refusals.Violation("message", sentence)])
            case "UNAUTHENTICATED":
                return refusals.unauthenticated("ACCESS_TOKEN_EXPIRED")
            case "INTERNAL":
                return refusals.internal()
            case "UNAVAILABLE":
                return refusals.unavailable(self.retry_after)
            case "QUOTA_EXCEEDED":
                subject = f"device:{token}" if self.quota == "device" else f"{self.quota}:demo-hub"
                return refusals.quota_exceeded(subject, self.retry_after)
            case "HTML_502":
                return refusals.bad_gateway()
            case _:
                return None


class Scripts:
    """The scripts in force, by token, `*` or `oauth`."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Behaviour]] = {}

    def put(self, key: str, behaviours: Sequence[str | Mapping[str, Any]]) -> None:
        """Replace a script; an empty one removes it. Raises ValueError with a sentence."""
        read = [Behaviour.read(given) for given in behaviours]
        if read:
            self._lines[key] = read
        else:
            self._lines.pop(key, None)

    def clear(self) -> None:
        """Forget every script."""
        self._lines.clear()

    def described(self) -> dict[str, list[dict[str, Any]]]:
        """What is still to come, by key."""
        return {key: [vars(step) for step in steps] for key, steps in self._lines.items()}

    def take(self, key: str) -> Behaviour | None:
        """The next behaviour for a token (or `oauth`), consumed; None: nothing is scripted."""
        if not self._lines:
            return None
        step = self._take(key, key)
        return step if step is not None or key == OAUTH else self._take(ANY, key)

    def _take(self, line: str, key: str) -> Behaviour | None:
        steps = self._lines.get(line)
        if not steps:
            return None
        step = steps[0]
        if step.percent < 100 and _lot(key) >= step.percent:
            return None
        if not step.always:
            if step.times > 1:
                steps[0] = replace(step, times=step.times - 1)
            else:
                del steps[0]
                if not steps:
                    del self._lines[line]
        return step


def _lot(key: str) -> int:
    """A number below 100 that a token always draws."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % 100
