"""What the hub publishes in Redis, brought to whom it concerns; and who may listen no longer.

A message names employees, or notifications whose recipients are all meant: a broadcast is one
message, and the database says which of the listeners here have a copy of it. All of it may be lost.
"""

import asyncio
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import redis.asyncio as redis

from hub.lib import clock, logging
from hub.streams.admission import Door, Refused
from hub.streams.board import Board

log = logging.get(__name__)

CHANNEL = "hub:hints"
GATHERED_SECONDS = 0.2  # hints within a moment of each other are one question
AT_ONCE = 100  # streams; the others of a broadcast hear later, so that phones spread their reads
APART_SECONDS = 0.1
AGAIN_SECONDS = 2.0
SILENCE_SECONDS = 5.0

UNAVAILABLE = Refused("unavailable", "The hub can't tell whether you may listen.", status=503)


@dataclass(slots=True)
class Heard:
    """What came and was not brought yet."""

    employees: set[uuid.UUID] = field(default_factory=set)
    notifications: set[uuid.UUID] = field(default_factory=set)

    def take(self, message: object) -> None:
        """Note what a message says; one that says nothing we know is passed over."""
        try:
            said = json.loads(message)  # type: ignore[arg-type]
            self.employees |= {uuid.UUID(one) for one in said.get("employees", ())}
            self.notifications |= {uuid.UUID(one) for one in said.get("notifications", ())}
        except (ValueError, TypeError, AttributeError):
            log.warning("odd_hint")


class Hearing:
    """Listens to Redis for the whole process, and asks the database for it."""

    def __init__(self, board: Board, door: Door, *, redis_url: str, bound: timedelta) -> None:
        self.board, self.door, self.bound = board, door, bound
        self.heard, self.something = Heard(), asyncio.Event()
        self._redis_url = redis_url
        self._sure_at = clock.now()

    async def listen(self) -> None:
        """Follow Redis for ever; while it is not there, the board is deaf."""
        while True:
            try:
                await self._follow()
            except (redis.RedisError, OSError) as error:
                if not self.board.is_deaf:
                    log.warning("hints_unheard", error=type(error).__name__)
                self.board.is_deaf = True
                for stream in self.board.of(tuple(self.board.employees)):
                    stream.woken.set()  # so that it says so
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        client = redis.Redis.from_url(
            self._redis_url,
            socket_connect_timeout=SILENCE_SECONDS,
            socket_timeout=SILENCE_SECONDS,
            health_check_interval=0,
        )
        async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(CHANNEL)
            await channel.ping()
            self.board.is_deaf = False
            for stream in self.board.of(tuple(self.board.employees)):
                stream.hint()  # whatever came while nobody listened
            while True:
                message = await channel.get_message(timeout=SILENCE_SECONDS / 2)
                if message is None:
                    # A frozen Redis keeps its connections: only an answer says that it lives.
                    await client.ping()
                elif message["type"] == "message":
                    self.heard.take(message["data"])
                    self.something.set()

    async def bring(self) -> None:
        """Wake whom it concerns, for ever."""
        while True:
            await self.something.wait()
            await asyncio.sleep(GATHERED_SECONDS)
            self.something.clear()
            heard, self.heard = self.heard, Heard()
            await self._wake(heard.employees)
            among = tuple(self.board.employees)
            if heard.notifications and among:
                try:
                    await self._wake(await self.door.concerned(heard.notifications, among=among))
                except psycopg.Error as error:
                    log.warning("hints_unasked", error=type(error).__name__)
                    await self._wake(among)  # one look too many is better than none

    async def _wake(self, employees: Collection[uuid.UUID]) -> None:
        for number, stream in enumerate(self.board.of(employees), start=1):
            stream.hint()
            if number % AT_ONCE == 0:
                await asyncio.sleep(APART_SECONDS)

    async def recheck(self, *, every: timedelta) -> None:
        """End the streams of who may listen no longer, for ever.

        While the database can't be asked they go on, but not for longer than the bound within which
        a disabled account has to be out.
        """
        while True:
            await asyncio.sleep(every.total_seconds())
            await self.recheck_once()

    async def recheck_once(self) -> None:
        """Ask for all tokens once."""
        now = clock.now()
        try:
            ends = await self.door.ended(self.board.digests, now=now)
            self._sure_at = now
        except psycopg.Error as error:
            log.warning("listeners_unasked", error=type(error).__name__)
            if now - self._sure_at <= self.bound / 2:
                return
            ends = dict.fromkeys(self.board.digests, UNAVAILABLE)
        for digest, why in ends.items():
            stream = self.board.by(digest)
            if stream is not None:
                stream.finish(why)
