"""Who speaks: an employee by an access token, or a sub-system by an API key, never both."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import access_log, addresses, audit, refusals, sessions, subsystems
from accounts.devices import Session
from accounts.subsystems import Caller
from hub.lib import clock

_LONGEST = 200  # characters; no token of the hub is longer


@dataclass(frozen=True, slots=True)
class Principal:
    """`request.user`: who speaks, whichever device or key they speak through."""

    kind: str  # employee | subsystem
    id: uuid.UUID
    realm: str = ""  # live | test for a sub-system: the two never see each other's answers
    is_authenticated: ClassVar[bool] = True

    @property
    def actor(self) -> audit.Actor:
        """The same for the audit log."""
        return audit.Actor(self.kind, str(self.id))


class BearerEmployee(BaseAuthentication):
    """`Authorization: Bearer hub_at_…`; `request.auth` is the Session."""

    def authenticate(self, request: Request) -> tuple[Principal, Session] | None:
        """None without the header; raises as `sessions.authenticate_access` does."""
        text = bearer(request)
        if text is None:
            return None
        client_address, now = addresses.of_client(request), clock.now()
        session = sessions.authenticate_access(text=text, client_address=client_address, now=now)
        access_log.ledger.note(session=session, client_address=client_address, now=now)
        return Principal("employee", session.employee_id), session

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Bearer"


class BearerSubsystem(BaseAuthentication):
    """`Authorization: Bearer hub_sk_…` or `hub_tk_…`; `request.auth` is the Caller."""

    def authenticate(self, request: Request) -> tuple[Principal, Caller] | None:
        """None without the header; raises as `subsystems.authenticate_key` does."""
        text = bearer(request)
        if text is None:
            return None
        caller = subsystems.authenticate_key(text=text, now=clock.now())
        return Principal("subsystem", caller.subsystem_id, caller.mode), caller

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Bearer"


def bearer(request: Request | HttpRequest) -> str | None:
    """The token in the header; None without the header. Raises NotAuthenticated for another one."""
    header: str | None = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer" or len(text) > _LONGEST:
        raise refusals.NotAuthenticated("Send the header Authorization: Bearer with a token.")
    return text.strip()
