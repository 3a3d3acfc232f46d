"""Request bodies of a batch: a wording is encoded once, each device's address is spliced in.

Building and validating a message costs 30 µs, splicing less than one (ADR 0004).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from notifications.push import replies
from notifications.push.gateway import Address, Outcome, Push, Wording

ADDRESS_KINDS = frozenset({"token", "fid"})
TEMPLATES_KEPT = 64  # a batch has a handful of wordings, a drain of single pushes one each


@dataclass(frozen=True, slots=True)
class Template:
    """The JSON of a message: what stands before and after the member that holds the address."""

    before: bytes
    after: bytes


class Encoder:
    """Bodies for one call of `send`, during which the wordings stay alive: their id is the key."""

    def __init__(self, template: Callable[[Wording], Template | Outcome]) -> None:
        self._template = template
        self._kept: dict[int, Template | Outcome] = {}

    def body(self, push: Push) -> bytes | Outcome:
        """The body of the request, or the outcome where the message cannot be sent at all."""
        key = id(push.wording)
        template = self._kept.get(key)
        if template is None:
            if len(self._kept) >= TEMPLATES_KEPT:
                self._kept.clear()
            template = self._kept[key] = self._template(push.wording)
        if isinstance(template, Outcome):
            return template
        if push.address.kind not in ADDRESS_KINDS or not push.address.value:
            return replies.ours("invalid_argument")
        return template.before + member(push.address) + template.after


def member(address: Address) -> bytes:
    """The address as a JSON member, in ASCII; its value can end neither string nor object."""
    return f'"{address.kind}":{json.dumps(address.value)}'.encode()
