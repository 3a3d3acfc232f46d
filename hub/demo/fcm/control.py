"""The control interface under `/emulator/`: JSON in, JSON out, for tests, the demo and the page.

```
POST   /emulator/phones {label, platform, token?}            201 a phone
POST   /emulator/phones {label, platform, count}             201 {tokens}: many at once
GET    /emulator/phones?q=&limit=&counters=1                 {phones, total, counters?}
GET    /emulator/phones/{token}       DELETE → 204           with tray; unregister
PUT    /emulator/phones/{token}/online {online}              a phone
GET    /emulator/messages?after=&token=&limit=               {entries, after, first, last}
DELETE /emulator/messages             GET /emulator/counters
GET    /emulator/scripts              DELETE                 all; forget all
PUT    /emulator/scripts/{token|*|oauth} {behaviours}        see hub.demo.fcm.script
GET    /emulator/settings             PUT {latency_ms, …}    see hub.demo.fcm.world.Settings
```
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from hub.demo.fcm import exchange
from hub.demo.fcm.exchange import Receive, Scope, Send
from hub.demo.fcm.phones import Phone
from hub.demo.fcm.world import World

PHONES_AT_ONCE = 100_000


class _Answer(Exception):
    """Not a success: a status and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def handle(world: World, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to the control interface."""
    try:
        given = await _body(scope, receive)
        query = {
            name: values[0]
            for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()
        }
        path = scope["path"].removeprefix("/emulator/").split("/")
        result = _route(world, scope["method"], path, query, given)
    except _Answer as problem:
        await exchange.answer_json(send, {"error": str(problem)}, problem.status)
    except ValueError as error:
        await exchange.answer_json(send, {"error": str(error)}, HTTPStatus.BAD_REQUEST)
    else:
        if result is None:
            await exchange.answer(send, HTTPStatus.NO_CONTENT, b"", ())
        else:
            created = scope["method"] == "POST"
            await exchange.answer_json(send, result, 201 if created else 200)


async def _body(scope: Scope, receive: Receive) -> dict[str, Any]:
    body = await exchange.read(receive)
    if scope["method"] in {"GET", "DELETE"}:
        return {}
    # A page of another site can post forms and text to this address, but not JSON.
    if not (exchange.header(scope, b"content-type") or b"").startswith(b"application/json"):
        raise _Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
    given = json.loads(body)
    if not isinstance(given, dict):
        raise ValueError("the body must be an object")
    return given


def _route(  # noqa: PLR0912 - a table of routes reads best as one
    world: World, method: str, path: list[str], query: Mapping[str, str], given: dict[str, Any]
) -> dict[str, Any] | None:
    match method, path:
        case "POST", ["phones"]:
            return _register(world, given)
        case "GET", ["phones"]:
            return _phones(world, query)
        case "GET", ["phones", token]:
            return _phone(world, token).described()
        case "DELETE", ["phones", token]:
            world.phones.unregister(_phone(world, token).token)
            return None
        case "PUT", ["phones", token, "online"]:
            phone = _phone(world, token)
            world.phones.set_online(phone, given.get("online") is True, now=world.now())
            return phone.described()
        case "GET", ["messages"]:
            after, limit = int(query.get("after", 0)), min(int(query.get("limit", 1000)), 10_000)
            return world.journal.read(after=after, token=query.get("token", ""), limit=limit)
        case "DELETE", ["messages"]:
            world.journal.clear()
            return None
        case "GET", ["counters"]:
            return world.journal.counters()
        case "GET", ["scripts"]:
            return world.scripts.described()
        case "DELETE", ["scripts"]:
            world.scripts.clear()
            return None
        case "PUT", ["scripts", key]:
            behaviours = given.get("behaviours")
            if not isinstance(behaviours, list):
                raise ValueError("behaviours must be a list")
            world.scripts.put(key, behaviours)
            return world.scripts.described()
        case "PUT", ["settings"]:
            world.change_settings(given)
            return vars(world.settings)
        case "GET", ["settings"]:
            return vars(world.settings)
    raise _Answer(HTTPStatus.NOT_FOUND, f"there is no {method} {'/'.join(path)}")


def _phone(world: World, token: str) -> Phone:
    phone = world.phones.by_token.get(token)
    if phone is None:
        raise _Answer(HTTPStatus.NOT_FOUND, "no such phone")
    return phone


def _register(world: World, given: dict[str, Any]) -> dict[str, Any]:
    label, platform = given.get("label", ""), given.get("platform", "android")
    token, count = given.get("token"), given.get("count")
    if not isinstance(label, str) or not isinstance(token, str | None):
        raise ValueError("label and token must be strings")
    label.encode()  # half a surrogate pair is a ValueError, too
    if count is None:
        return world.phones.register(label=label, platform=platform, token=token).described()
    if type(count) is not int or not 0 < count <= PHONES_AT_ONCE:
        raise ValueError(f"count must be a whole number within 1…{PHONES_AT_ONCE}")
    made = [
        world.phones.register(label=f"{label} {number}".strip(), platform=platform)
        for number in range(1, count + 1)
    ]
    return {"tokens": [phone.token for phone in made]}


def _phones(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    limit = int(query["limit"]) if "limit" in query else None
    listed = world.phones.listed(query=query.get("q", ""), limit=limit)
    answer: dict[str, Any] = {
        "phones": [phone.described() for phone in listed],
        "total": len(world.phones.by_token),
    }
    if "counters" in query:
        answer["counters"] = world.journal.counters()
        answer["now"] = world.now()
    return answer
