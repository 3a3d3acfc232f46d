"""The same POST sent again does its act once: the answer is kept in the act's own transaction."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict

from django.db import connection, transaction
from django.http import HttpRequest
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import Principal
from accounts.models import IdempotencyRecord
from accounts.repeats import Identity
from hub.lib.errors import HubError

HEADER = "Idempotency-Key"
_IN_META = "HTTP_IDEMPOTENCY_KEY"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")  # visible ASCII
_KEPT_HEADERS = ("ETag", "Location")


class Kept(TypedDict):
    """An answer as it was given the first time."""

    status: int
    data: Any
    headers: dict[str, str]


class KeyMalformed(HubError):
    """The header is there, and is no key."""

    code, status, title = "idempotency_key_malformed", 400, "The Idempotency-Key is malformed"


class InFlight(HubError):
    """The first request with this key is still being worked on."""

    code, status, title = "idempotency_in_flight", 409, "The same request is being worked on"


class KeyReused(HubError):
    """The key was used for another request."""

    code, status, title = "idempotency_key_reused", 422, "The Idempotency-Key was used already"


def once(
    request: Request, *, principal: Principal, now: datetime, act: Callable[[], Response]
) -> Response:
    """The answer of `act`, in one transaction with it; without the header, just that.

    With the header: a repeat is answered alike with `Idempotency-Replayed: true`; only answers
    with 2xx are kept, so whatever failed may be tried again with the same key. Never use it for
    an answer that carries a secret. Raises KeyMalformed, InFlight or KeyReused.
    """
    identity = identified(request._request, principal=principal, data=request.data)
    if identity is None:
        with transaction.atomic():
            return act()
    with transaction.atomic():
        if not _lock(identity):
            raise in_flight()
        answer = kept(identity)
        if answer is not None:
            return Response(answer["data"], status=answer["status"], headers=answer["headers"])
        response = act()
        if 200 <= response.status_code < 300:
            # As it will be sent, ids and times as text: a repeat must not differ in a comma.
            response.data = json.loads(JSONRenderer().render(response.data) or b"null")
            IdempotencyRecord.objects.create(
                pk=identity.record_id,
                request_digest=identity.request_digest,
                status=response.status_code,
                answer={
                    "data": response.data,
                    "headers": {name: response[name] for name in _KEPT_HEADERS if name in response},
                },
                created_at=now,
            )
        return response


def identified(request: HttpRequest, *, principal: Principal, data: object) -> Identity | None:
    """Which request this is; None without the header. Raises KeyMalformed."""
    key = request.META.get(_IN_META)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise KeyMalformed(f"{HEADER} is 1 to 255 visible ASCII characters.")
    record_id = _digest(
        [principal.kind, str(principal.id), principal.realm, request.method, request.path, key]
    )
    return Identity(record_id, _digest(data))


def kept(identity: Identity) -> Kept | None:
    """What was answered to this request the first time, with the header that says so.

    None if it was not done yet, or if another transaction is about to do it. Raises KeyReused.
    """
    record = IdempotencyRecord.objects.filter(pk=identity.record_id).first()
    if record is None:
        return None
    if bytes(record.request_digest) != identity.request_digest:
        raise KeyReused("Choose another key for another request.")
    answer: Any = record.answer
    headers = {**answer["headers"], REPLAYED: "true"}
    return {"status": record.status, "data": answer["data"], "headers": headers}


def in_flight() -> InFlight:
    """The refusal while the first request with a key is being worked on."""
    return InFlight("Wait for its answer, or ask again.", headers={"Retry-After": "1"})


def _lock(identity: Identity) -> bool:
    # Held until the transaction ends, so that no second one starts before the first is visible.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [identity.lock])
        row = cursor.fetchone()
    return bool(row and row[0])


def _digest(value: object) -> bytes:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()
