"""The serializer's verdict on bodies that are surely good, a hundred times as fast.

`read` knows what nearly every good body looks like. Whatever it does not recognise, good or bad,
is None, and the serializer judges: so there is one contract and one wording of every flaw, and
the only thing that must hold (tests/notifications/test_quick.py) is that what is recognised here
is what the serializer would have made of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from rest_framework.exceptions import ValidationError

from accounts.api import bodies
from hub.lib import text
from notifications.api import actions, escalations, policies, shapes
from notifications.escalation import plan
from notifications.models import Notification
from notifications.models.category import Sensitivity

Reader = Callable[[Any], Any]


class _Unsure(Exception):
    """The serializer must judge."""


def read(data: object) -> dict[str, Any] | None:
    """The validated body, as `bodies.validated(NotificationInput, data)` gives it, or None."""
    try:
        body = _members(data, _NOTIFICATION)
        if not body.keys() >= _REQUIRED:
            return None
        return _whole(body)
    except (_Unsure, ValidationError):
        return None


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    """The rules between the fields, and the defaults."""
    if body["kind"] != Notification.Kind.REQUEST and (
        body.keys() & {"policy", "actions", "on_expiry"} or body.get("requester")
    ):
        raise _Unsure
    if body["kind"] == Notification.Kind.REQUEST and (body.get("waves") or body.get("joiners")):
        raise _Unsure
    verbs = {action["verb"]: action.get("effect") for action in body.get("actions") or ()}
    if len(verbs) < len(body.get("actions") or ()):
        raise _Unsure
    if verbs and "approve" not in {*verbs, *verbs.values()}:
        raise _Unsure
    return {**_DEFAULTS, "facts": [], "links": [], "metadata": {}, **body}


def _members(data: object, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if type(data) is not dict:
        raise _Unsure
    try:
        return {name: readers[name](value) for name, value in data.items()}
    except KeyError:
        raise _Unsure from None


def _line(most: int, *, blank: bool = False, several_lines: bool = False) -> Reader:
    def line(value: object) -> str:
        if type(value) is not str:
            raise _Unsure
        if not (value.isascii() and value.isprintable()) and text.flaw(
            value, several_lines=several_lines
        ):
            raise _Unsure
        trimmed = value.strip()
        if len(trimmed) > most or not (trimmed or blank):
            raise _Unsure
        return trimmed

    return line


def _one_of(values: object) -> Reader:
    known = frozenset(values)  # type: ignore[call-overload]

    def one(value: object) -> str:
        if type(value) is not str or value not in known:
            raise _Unsure
        return value

    return one


def _absent_or(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def _by_field(field: Any) -> Reader:
    """What is rare enough to be left to the serializer's own field."""
    reader: Reader = field.run_validation
    return reader


def _matching(pattern: str, most: int) -> Reader:
    form = re.compile(pattern, re.ASCII)

    def matching(value: object) -> str:
        if type(value) is not str or len(value) > most or not form.fullmatch(value):
            raise _Unsure
        return value

    return matching


def _one_of_type(kind: type, fits: Callable[[Any], bool] = lambda value: True) -> Reader:
    def typed(value: object) -> object:
        if type(value) is not kind or not fits(value):
            raise _Unsure
        return value

    return typed


def _list(reader: Reader, most: int) -> Reader:
    def several(value: object) -> list[Any]:
        if type(value) is not list or len(value) > most:
            raise _Unsure
        return [reader(one) for one in value]

    return several


def _free(value: object) -> Any:
    """JSON of any shape, in which only the text is looked at."""
    kind = type(value)
    if kind is str:
        if not (value.isascii() and value.isprintable()) and text.flaw(value, several_lines=True):  # type: ignore[attr-defined, arg-type]
            raise _Unsure
    elif kind is list:
        for one in value:  # type: ignore[attr-defined]
            _free(one)
    elif kind is dict:
        for key, one in value.items():  # type: ignore[attr-defined]
            if text.flaw(key):
                raise _Unsure
            _free(one)
    return value


def _object(value: object) -> Any:
    if type(value) is not dict:
        raise _Unsure
    return _free(value)


def _fact(value: object) -> dict[str, Any]:
    fact = _members(value, _FACT)
    if not {"label", "value"} <= fact.keys():
        raise _Unsure
    fact.setdefault("type", "text")
    if (fact["type"] == "money") != ("currency" in fact):
        raise _Unsure
    return fact


def _link(value: object) -> dict[str, Any]:
    link = _members(value, _LINK)
    if not {"label", "module"} <= link.keys():
        raise _Unsure
    link.setdefault("path", "/")
    return link


def _action(value: object) -> dict[str, Any]:
    action = _members(value, _ACTION)
    if not {"verb", "label"} <= action.keys():
        raise _Unsure
    own = action["verb"] in actions.OWN_EFFECT
    if action.get("effect", action["verb"] if own else None) not in (
        (action["verb"],) if own else actions.EFFECTS
    ):
        raise _Unsure
    return action


def _policy(value: object) -> dict[str, Any]:
    policy = _members(value, _POLICY)
    if "mode" not in policy or (policy["mode"] == "quorum") != ("n" in policy):
        raise _Unsure
    return policy


def _step(value: object) -> dict[str, Any]:
    step = _members(value, _STEP)
    if not {"after", "do"} <= step.keys():
        raise _Unsure
    return step


def _waves(value: object) -> dict[str, Any]:
    waves = _members(value, _WAVES)
    if len(waves) < len(_WAVES):
        raise _Unsure
    return waves


def _audience(value: object) -> dict[str, Any]:
    return _members(value, _AUDIENCE)


_FACT: Final = {
    "label": _line(80),
    "value": _line(500),
    "type": _one_of(shapes.FACT_TYPES),
    "currency": _matching("[A-Z]{3}", 3),
}
_LINK: Final = {
    "label": _line(80),
    "module": _matching("[A-Za-z0-9_-]+", 64),
    "path": _matching("/[A-Za-z0-9/_.~-]*", 500),
}
_ACTION: Final = {
    "verb": _matching("[a-z][a-z0-9_-]*", 32),
    "label": _line(40),
    "effect": _one_of(actions.EFFECTS),
    "comment": _one_of(actions.COMMENTS),
    "step_up": _one_of_type(bool),
}
_POLICY: Final = {
    "mode": _one_of(policies.RULES),
    "n": _one_of_type(int, lambda n: 1 <= n <= 500),
    "reject_ends": _one_of_type(bool),
}
_STEP: Final = {
    "after": _matching(escalations.AFTER, 32),
    "do": _one_of(plan.DOES),
    "group": _line(256),
}
_WAVES: Final = {
    "by": _one_of(("time_zone",)),
    "at": _matching("([01][0-9]|2[0-3]):[0-5][0-9]", 5),
}
_AUDIENCE: Final = {part: _list(_object, 50) for part in ("any", "all", "none")}
_NOTIFICATION: Final[dict[str, Reader]] = {
    "category": _line(64),
    "kind": _one_of(shapes.SENDABLE),
    "reference": _line(128, blank=True),
    "title": _line(200),
    "summary": _line(500, blank=True),
    "body": _line(20_000, blank=True, several_lines=True),
    "facts": _list(_fact, 30),
    "links": _list(_link, 10),
    "audience": _audience,
    "requester": _absent_or(_line(64)),
    "sensitivity": _one_of(Sensitivity.values),
    "priority": _one_of(Notification.Priority.values),
    "waves": _absent_or(_waves),
    "joiners": _one_of_type(bool),
    "send_at": _absent_or(_by_field(bodies.Moment())),
    "due_at": _absent_or(_by_field(bodies.Moment())),
    "expires_at": _absent_or(_by_field(bodies.Moment())),
    "on_expiry": _one_of(("none", "approve", "reject")),
    "escalation": _list(_step, plan.STEPS_AT_MOST),
    "policy": _policy,
    "actions": _list(_action, actions.ACTIONS_AT_MOST),
    "collapse_key": _absent_or(_matching("[A-Za-z0-9._-]+", 64)),
    "metadata": _object,
}
_REQUIRED: Final = frozenset({"category", "kind", "title", "audience"})
_DEFAULTS: Final[dict[str, Any]] = {
    "reference": "", "summary": "", "body": "", "requester": None,
    "priority": Notification.Priority.NORMAL, "send_at": None, "due_at": None, "expires_at": None,
    "collapse_key": None, "waves": None, "joiners": False,
}  # fmt: skip
