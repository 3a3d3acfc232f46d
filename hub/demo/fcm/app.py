"""The ASGI application: which door a request goes to."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from hub.demo.fcm import control, exchange, messages, page, refusals
from hub.demo.fcm.exchange import Receive, Scope, Send
from hub.demo.fcm.script import OAUTH, Behaviour
from hub.demo.fcm.world import World

_SEND = re.compile(r"/v1/projects/([^/]+)/messages:send")


def create(world: World) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The application over a world; the same one may stand behind several listeners."""
    # The one path that must be quick is compared as a whole before any pattern is tried.
    hot = f"/v1/projects/{world.project}/messages:send"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == hot and method == "POST":
            await messages.send_message(world, world.project, scope, receive, send)
        elif path in page.FILES and method == "GET":
            await page.show(path, send)
        elif path.startswith("/emulator/"):
            await control.handle(world, scope, receive, send)
        elif path == "/token" and method == "POST":
            await _token(world, scope, receive, send)
        elif method == "POST" and (match := _SEND.fullmatch(path)):
            await messages.send_message(world, match[1], scope, receive, send)
        else:
            missing = refusals.google(404, "NOT_FOUND", f"There is no {method} {path} here.")
            await exchange.answer(send, 404, missing.body, missing.headers)

    return app


async def _token(world: World, scope: Scope, receive: Receive, send: Send) -> None:
    """The OAuth 2 token endpoint, scripted under the key `oauth`."""
    try:
        body = await exchange.read(receive)
        step = world.scripts.take(OAUTH)
        if step is not None and await _interrupted(step, scope, receive):
            return
        granted = world.tokens.grant(body, now=world.now())
    except refusals.Refusal as refusal:
        await exchange.answer(send, refusal.status, refusal.body, refusal.headers)
        return
    world.journal.access_tokens += 1
    await _grant(send, granted, step)


async def _interrupted(step: Behaviour, scope: Scope, receive: Receive) -> bool:
    """Whether the script left the request without an answer. Raises Refusal where it says so."""
    if step.do == "hang":
        await exchange.hang(receive)
    elif step.do == "reset":
        await exchange.reset(scope, receive)
    elif refusal := step.refusal(OAUTH):
        raise refusal
    elif step.do == "slow":
        await asyncio.sleep(step.ms / 1000)
    return step.do in {"hang", "reset"}


async def _grant(send: Send, granted: dict[str, Any], step: Behaviour | None) -> None:
    if step is not None and step.do == "drip":
        body = exchange.encoded(granted)
        await exchange.drip(send, body, every_ms=step.ms)
    else:
        await exchange.answer_json(send, granted)
