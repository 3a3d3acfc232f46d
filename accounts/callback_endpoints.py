"""Where a sub-system is called back: fixed by an administrator, never named in a message."""

import functools
import ipaddress
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import Subsystem
from hub.lib import errors, guard

SENTENCES = {
    "network": "The name of this address is unknown here.",
    "refused_address": "This address leads to a place where callbacks may not go.",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, and the networks and ports it may lead to; none named: all but the never-list."""

    url: str
    networks: Sequence[str] = ()
    ports: Sequence[int] = ()
    loopback_allowed: bool = False  # of no effect in production


def guard_of(*, endpoint: Endpoint) -> guard.Guard:
    """What may be connected to. Raises Invalid for what is no network or no port."""
    flaws: list[errors.FieldError] = []
    networks = []
    for index, network in enumerate(endpoint.networks):
        try:
            networks.append(ipaddress.ip_network(network))
        except ValueError:
            sentence = "Write a network as 10.2.0.0/16, without bits beyond the mask."
            flaws.append(errors.FieldError(f"/networks/{index}", "bad_network", sentence))
    for index, port in enumerate(endpoint.ports):
        if type(port) is not int or not 1 <= port <= 65535:
            flaws.append(errors.FieldError(f"/ports/{index}", "bad_port", "A port is 1 to 65535."))
    if flaws:
        raise errors.Invalid("The endpoint is not valid. See errors.", errors=flaws)
    return guard.Guard(
        allowed_networks=tuple(networks),
        allowed_ports=frozenset(endpoint.ports),
        loopback_allowed=endpoint.loopback_allowed and settings.HUB_MODE != "production",
        https_only=settings.HUB_MODE == "production",
        never=_back_ends(),
    )


@functools.cache
def _back_ends() -> tuple[tuple[guard.Network, int | None], ...]:
    """The hub's own database and broker: nobody's callbacks, wherever their names lead."""
    database, broker = settings.DATABASES["default"], urlsplit(settings.REDIS_URL)
    places = [
        (str(database.get("HOST") or ""), int(database.get("PORT") or 5432)),
        ("" if broker.scheme == "unix" else broker.hostname or "", broker.port or 6379),
    ]
    found: list[tuple[guard.Network, int | None]] = []
    for host, port in places:
        if host and not host.startswith("/"):  # else a unix socket, which no URL can name
            found += [(ipaddress.ip_network(a), port) for a in guard.resolve(host)]
    return tuple(found)


def of(*, subsystem: Subsystem) -> Endpoint:
    """The endpoint as it is kept."""
    return Endpoint(
        url=subsystem.callback_url,
        networks=tuple(subsystem.callback_networks),
        ports=tuple(subsystem.callback_ports),
        loopback_allowed=subsystem.callback_loopback_allowed,
    )


def register(
    *, subsystem_id: uuid.UUID, endpoint: Endpoint, actor: audit.Actor, now: datetime
) -> None:
    """Call the sub-system back there from now on (an empty address: never).

    An endpoint that was switched off is on again. The name is resolved, so call it outside of a
    transaction. Raises Invalid with /url, /networks/N or /ports/N, and NotFound.
    """
    rules = guard_of(endpoint=endpoint)
    try:
        if endpoint.url:
            rules.check_url(endpoint.url)
    except guard.OutboundFailure as failure:
        sentence = SENTENCES.get(failure.reason, "This is not an address that callbacks can go to.")
        raise errors.Invalid(
            "The address cannot be called back. See errors.",
            errors=[errors.FieldError("/url", failure.reason, sentence)],
        ) from None
    with transaction.atomic():
        subsystem = Subsystem.objects.select_for_update().filter(pk=subsystem_id).first()
        if subsystem is None:
            raise errors.NotFound("There is no such sub-system.")
        Subsystem.objects.filter(pk=subsystem_id).update(
            callback_url=endpoint.url,
            callback_networks=list(endpoint.networks),
            callback_ports=list(endpoint.ports),
            callback_loopback_allowed=endpoint.loopback_allowed,
            callback_off_at=None,
        )
        audit.record(
            now=now,
            actor=actor,
            action="callback_endpoint_registered",
            subject_kind="subsystem",
            subject_id=subsystem_id,
            data={"url": endpoint.url, "before": subsystem.callback_url},
        )
