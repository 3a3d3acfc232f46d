"""Whose access token it is, whether it still holds, and who of the listeners has a notification."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import psycopg_pool

from hub.lib import bearer, problem

PREFIX = "hub_at_"
ASKED_AT_ONCE = 1000  # tokens in one statement
CONNECTIONS_AT_MOST = 2
PATIENCE_SECONDS = 5.0

TOKENS = """
SELECT device.access_digest, device.employee_id, device.access_expires_at, device.closed_at,
       device.closed_reason, employee.disabled_at
  FROM accounts_device device JOIN accounts_employee employee ON employee.id = device.employee_id
 WHERE device.access_digest = ANY (%s)
"""
CONCERNED = """
SELECT DISTINCT employee_id FROM notifications_recipient
 WHERE notification_id = ANY (%s) AND employee_id = ANY (%s)
"""


class Refused(Exception):
    """Not, or no longer, let in; the code is one of those that every door of employees has."""

    def __init__(self, code: str, detail: str, *, status: int = 401, **data: str) -> None:
        super().__init__(code)
        self.code, self.detail, self.status, self.data = code, detail, status, data

    def problem(self) -> dict[str, Any]:
        """The body of the refusal, as everywhere."""
        title = self.code.replace("_", " ").capitalize()
        return problem.document(
            status=self.status, code=self.code, title=title, detail=self.detail, extra={**self.data}
        )


@dataclass(frozen=True, slots=True)
class Admitted:
    """A listener: by which token, and until when it holds."""

    digest: bytes
    employee_id: uuid.UUID
    expires_at: datetime


class Door:
    """The only way to the database, over two connections at most."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._pool = psycopg_pool.AsyncConnectionPool(
            kwargs={**parameters, "autocommit": True},
            min_size=0,
            max_size=CONNECTIONS_AT_MOST,
            timeout=PATIENCE_SECONDS,
            open=False,
        )

    async def open(self) -> None:
        """Begin; the database need not be there yet."""
        await self._pool.open()

    async def close(self) -> None:
        """End."""
        await self._pool.close()

    async def admit(self, text: str, *, now: datetime) -> Admitted:
        """The listener behind a token. Raises Refused, and psycopg.Error without a database."""
        if not bearer.well_formed(text, prefix=PREFIX):
            raise Refused("not_authenticated", "An employee's access token is needed here.")
        digest = bearer.digest(text)
        found = await self._read([digest], now=now)
        end = found.get(digest, UNKNOWN)
        if isinstance(end, Refused):
            raise end
        return end

    async def ended(self, digests: Sequence[bytes], *, now: datetime) -> dict[bytes, Refused]:
        """Those of the tokens that hold no longer, and why. Raises psycopg.Error."""
        ends: dict[bytes, Refused] = {}
        for first in range(0, len(digests), ASKED_AT_ONCE):
            asked = digests[first : first + ASKED_AT_ONCE]
            found = await self._read(asked, now=now)
            for digest in asked:
                # A token that is not there any more was refreshed: another one follows it.
                end = found.get(digest, EXPIRED)
                if isinstance(end, Refused):
                    ends[digest] = end
        return ends

    async def concerned(
        self, notifications: Collection[uuid.UUID], *, among: Collection[uuid.UUID]
    ) -> set[uuid.UUID]:
        """Those of the employees who have a copy of any of these. Raises psycopg.Error."""
        rows = await self._rows(CONCERNED, [list(notifications), list(among)])
        return {employee for (employee,) in rows}

    async def _read(
        self, digests: Sequence[bytes], *, now: datetime
    ) -> dict[bytes, Admitted | Refused]:
        rows = await self._rows(TOKENS, [list(digests)])
        return {bytes(row[0]): _judged(bytes(row[0]), *row[1:], now=now) for row in rows}

    async def _rows(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(sql, parameters)
                return await cursor.fetchall()
        except psycopg_pool.PoolTimeout as error:
            raise psycopg.OperationalError("no connection") from error


UNKNOWN = Refused("not_authenticated", "This token is not one of the hub's, or was replaced.")
EXPIRED = Refused("token_expired", "This token is past its time. Refresh it.")


def _judged(
    digest: bytes,
    employee_id: uuid.UUID,
    expires_at: datetime,
    closed_at: datetime | None,
    closed_reason: str,
    disabled_at: datetime | None,
    *,
    now: datetime,
) -> Admitted | Refused:
    """In the order in which every door of employees judges."""
    if disabled_at is not None:
        return Refused("account_disabled", "This account is switched off.", status=403)
    if closed_at is not None:
        return Refused("session_revoked", "This session has ended.", reason=closed_reason)
    if expires_at <= now:
        return EXPIRED
    return Admitted(digest, employee_id, expires_at)
