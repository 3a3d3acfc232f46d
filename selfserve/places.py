"""Where the modules of a sub-system may lead: hosts and networks that an administrator allowed."""

import ipaddress
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import Subsystem
from hub.lib import errors, guard
from selfserve.models import Places

_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")
AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Allowed:
    """Host names (`*.` stands for any name below), and networks that addresses may lie in."""

    hosts: Sequence[str] = ()
    networks: Sequence[str] = ()
    loopback_allowed: bool = False


def of(*, subsystem_id: uuid.UUID) -> Allowed:
    """What is allowed to a sub-system; without a word of an administrator, nothing."""
    row = Places.objects.filter(pk=subsystem_id).first()
    return Allowed() if row is None else Allowed(row.hosts, row.networks, row.loopback_allowed)


def allow(*, subsystem_id: uuid.UUID, allowed: Allowed, actor: audit.Actor, now: datetime) -> None:
    """Let the sub-system's modules lead there, and nowhere else. Modules that are shown stay.

    Raises Invalid with /hosts or /networks, and NotFound.
    """
    flaws = []
    if any(not _HOST.fullmatch(host) or len(host) > 253 for host in allowed.hosts):
        sentence = "Write hosts as leave.corp.example, or *.corp.example for all below it."
        flaws.append(errors.FieldError("/hosts", "bad_host", sentence))
    for network in allowed.networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            sentence = "Write a network as 10.2.0.0/16, without bits beyond the mask."
            flaws.append(errors.FieldError("/networks", "bad_network", sentence))
    if len(allowed.hosts) > AT_MOST or len(allowed.networks) > AT_MOST:
        flaws.append(errors.FieldError("/hosts", "too_many", f"At most {AT_MOST} of each."))
    if flaws:
        raise errors.Invalid("The places are not valid. See errors.", errors=flaws)
    with transaction.atomic():
        if not Subsystem.objects.filter(pk=subsystem_id).exists():
            raise errors.NotFound("There is no such sub-system.")
        kept = {
            "hosts": list(allowed.hosts),
            "networks": list(allowed.networks),
            "loopback_allowed": allowed.loopback_allowed,
        }
        Places.objects.update_or_create(pk=subsystem_id, defaults=kept)
        audit.record(
            now=now,
            actor=actor,
            action="module_places_set",
            subject_kind="subsystem",
            subject_id=subsystem_id,
            data=kept,
        )


def check(url: str, *, allowed: Allowed) -> None:
    """Raise Invalid with /address unless a module of that sub-system may lead there.

    A host that is allowed by name is not looked up; any other is, so call it outside of a
    transaction: all that its name stands for has to lie in an allowed network.
    """
    rules = guard.Guard(
        allowed_networks=tuple(ipaddress.ip_network(one) for one in allowed.networks),
        loopback_allowed=allowed.loopback_allowed and settings.HUB_MODE != "production",
        https_only=not _plain_http(allowed),
    )
    try:
        host, _ = rules.check_shape(url)
        if any(_matches(host, pattern) for pattern in allowed.hosts):
            return
        if not allowed.networks:
            raise guard.OutboundFailure("refused_address")
        rules.check_url(url)
    except guard.OutboundFailure as failure:
        raise _refused(failure.reason) from None


def _plain_http(allowed: Allowed) -> bool:
    """The demo's own pages have no certificate."""
    return allowed.loopback_allowed and settings.HUB_MODE != "production"


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def _refused(reason: str) -> errors.Invalid:
    if reason == "bad_url":
        return _invalid(
            "/address", "bad_url", "Write the address as https://host/path, without a fragment."
        )
    if reason == "network":
        return _invalid("/address", "network", "The name of this address is unknown here.")
    return _invalid(
        "/address",
        "refused_address",
        "Modules of your sub-system may not lead there: an administrator allows hosts.",
    )


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
