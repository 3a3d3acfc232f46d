"""`POST /v1/projects/{project}/messages:send`: authorise, validate, follow the script, deliver."""

import asyncio
import json

from hub.demo.fcm import exchange, refusals, rules
from hub.demo.fcm.exchange import Receive, Scope, Send
from hub.demo.fcm.phones import Phone
from hub.demo.fcm.script import Behaviour
from hub.demo.fcm.world import World

DRY_RUN_NAME = "fake_message_id"


async def send_message(
    world: World, project: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer one request to send; every one is in the journal."""
    message: rules.Message | None = None
    try:
        body = await exchange.read(receive)
        if world.settings.latency_ms:
            await asyncio.sleep(world.settings.latency_ms / 1000)
        now = world.now()
        world.tokens.check(exchange.header(scope, b"authorization"), now=now)
        if project != world.project:
            raise refusals.foreign_project(project)
        world.count_against_quota(now=now)  # what is refused from here on counts, too
        message = rules.parse(body)
        step = world.scripts.take(message.address)
        if step is None:
            name = _deliver(world, scope, message, now=now)
            await exchange.answer(send, 200, b'{\n  "name": "%b"\n}\n' % name.encode())
        else:
            await _follow(world, step, message, scope=scope, receive=receive, send=send)
    except refusals.Refusal as refusal:
        world.journal.write(
            at=world.now(), scope=scope, token=message.address if message else "",
            status=refusal.status, error=refusal.code,
            size_bytes=message.size_bytes if message else 0,
            message=None if message is None or world.phones.fast else message.raw,
        )  # fmt: skip
        await exchange.answer(send, refusal.status, refusal.body, refusal.headers)


def _deliver(world: World, scope: Scope, message: rules.Message, *, now: float) -> str:
    """Accept a message: into the phone, into the journal; its name. Raises Refusal UNREGISTERED."""
    phone = world.phones.addressed(message)
    if message.dry_run:
        name = f"projects/{world.project}/messages/{DRY_RUN_NAME}"
    else:
        name = world.name()
        if phone is not None:
            world.phones.accept(phone, message, name=name, now=now)
    _record(world, scope, message, phone, now=now, status=200, name=name)
    return name


def _record(
    world: World,
    scope: Scope,
    message: rules.Message,
    phone: Phone | None,
    *,
    now: float,
    status: int,
    name: str = "",
    error: str = "",
    delivered: bool = True,
) -> None:
    world.journal.write(
        at=now, scope=scope, token=message.address, phone=phone.label if phone else "",
        status=status, name=name, error=error, size_bytes=message.size_bytes,
        delivered=delivered and phone is not None and not message.dry_run, dry_run=message.dry_run,
        message=None if world.phones.fast else message.raw,
    )  # fmt: skip


async def _follow(
    world: World,
    step: Behaviour,
    message: rules.Message,
    *,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer as the script says. Raises Refusal where it says so."""
    refusal = step.refusal(message.address)
    if step.do in {"hang", "reset"} or (refusal and step.delivered):
        phone = world.phones.addressed(message)
        if step.delivered and phone is not None:
            world.phones.accept(phone, message, name=world.name(), now=world.now())
        _record(
            world, scope, message, phone, now=world.now(), delivered=step.delivered,
            status=refusal.status if refusal else 0, error=refusal.code if refusal else step.do,
        )  # fmt: skip
    if step.do == "hang":
        await exchange.hang(receive)
    elif step.do == "reset":
        await exchange.reset(scope, receive)
    elif refusal and step.delivered:
        await exchange.answer(send, refusal.status, refusal.body, refusal.headers)
    elif refusal:
        raise refusal
    else:
        if step.do == "slow":
            await asyncio.sleep(step.ms / 1000)
        name = _deliver(world, scope, message, now=world.now())
        body = json.dumps({"name": name}).encode()
        if step.do == "drip":
            await exchange.drip(send, body, every_ms=step.ms)
        else:
            await exchange.answer(send, 200, body)
