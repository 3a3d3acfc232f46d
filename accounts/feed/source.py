"""Where the feed comes from: a file, or an address that is asked by GET.

An answer is taken whole before a row of it is looked at: one that breaks off, drips, is too large
or does not say where it ends changes nothing. No network inside a transaction.
"""

import contextlib
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts import callback_endpoints
from accounts.feed import rows
from hub.lib import http

_IN_MEMORY_BYTES = 8 * 1024 * 1024  # beyond it, a file without a name
_TAG_AT_MOST = 256
_SENTENCES = {
    "timeout": "it was not here within EMPLOYEE_FEED_TIMEOUT_SECONDS",
    "network": "no connection, or it broke off",
    "tls": "its certificate is not trusted (EMPLOYEE_FEED_CA_FILE), or not for this name",
    "refused_address": "its name leads to an address that is never called",
    "too_large": "it is larger than EMPLOYEE_FEED_MOST_BYTES",
    "bad_url": "EMPLOYEE_FEED is no address that may be asked (in production: https only)",
}


@dataclass(frozen=True, slots=True)
class Content:
    """A whole feed, to be read once, and the version by which its source may know it again."""

    lines: io.TextIOBase
    version: str  # empty: none


@contextlib.contextmanager
def opened(*, known_version: str) -> Iterator[Content | None]:
    """The feed as it is now; None if it is still that version. Raises rows.Unreadable."""
    if settings.EMPLOYEE_FEED.startswith(("http://", "https://")):
        with _fetched(known_version) as content:
            yield content
        return
    try:
        with Path(settings.EMPLOYEE_FEED).open(encoding="utf-8-sig", newline="") as file:
            yield Content(file, "")
    except OSError as error:
        raise rows.Unreadable(f"The feed cannot be read: {error.strerror}.") from error


@contextlib.contextmanager
def _fetched(known_version: str) -> Iterator[Content | None]:
    reading = _reading()
    headers = {"Accept": "text/csv"}
    if settings.EMPLOYEE_FEED_AUTHORIZATION:
        headers["Authorization"] = settings.EMPLOYEE_FEED_AUTHORIZATION
    before, _, tag = known_version.partition(" ")
    if tag and before == reading:  # else the same words would be read differently now
        headers["If-None-Match"] = tag
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        try:
            reply = http.get(
                url=settings.EMPLOYEE_FEED,
                headers=headers,
                into=body,
                guard=_guard(),
                total_timeout=settings.EMPLOYEE_FEED_TIMEOUT,
                most_bytes=settings.EMPLOYEE_FEED_MOST_BYTES,
                ca_file=settings.EMPLOYEE_FEED_CA_FILE or None,
            )
        except http.OutboundFailure as failure:
            raise rows.Unreadable(
                f"The feed cannot be read: {_SENTENCES[failure.reason]}."
            ) from None
        if reply.status == 304 and "If-None-Match" in headers:
            yield None
            return
        if reply.status != 200:
            raise rows.Unreadable(f"The feed's source answers {reply.status}.")
        if not reply.headers.keys() & {"content-length", "transfer-encoding"}:
            raise rows.Unreadable("The feed's source does not say where its answer ends.")
        tag = reply.headers.get("etag", "")
        if not tag.isascii() or not tag.isprintable() or len(tag) > _TAG_AT_MOST:
            tag = ""
        body.seek(0)
        with io.TextIOWrapper(body, encoding="utf-8-sig", newline="") as lines:
            yield Content(lines, f"{reading} {tag}" if tag else "")


def _guard() -> http.Guard:
    """What callbacks may be sent to at most: the feed is inside the company, too."""
    endpoint = callback_endpoints.Endpoint(url=settings.EMPLOYEE_FEED, loopback_allowed=True)
    return callback_endpoints.guard_of(endpoint=endpoint)


def _reading() -> str:
    """Under which settings the feed is read."""
    said = [
        settings.EMPLOYEE_FEED,
        settings.EMPLOYEE_FEED_DELIMITER,
        sorted(settings.EMPLOYEE_FEED_COLUMNS.items()),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
