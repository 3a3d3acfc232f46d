"""The JSON of a problem (RFC 9457), with a stable code: the body of every refusal."""

from typing import Any

import structlog

from hub.lib import errors

# A body may hold ten thousands; nobody reads them, and the answer would be larger than the body.
FLAWS_AT_MOST = 100


def document(
    *, status: int, code: str, title: str, detail: str, extra: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The body of a problem; `extra` members never replace the standard ones."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return {
        **(extra or {}),
        "type": f"urn:hub:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def of_error(error: errors.HubError) -> dict[str, Any]:
    """The body for one of the hub's own refusals."""
    extra: dict[str, Any] = dict(error.data)
    if error.errors:
        extra["errors"] = [
            {"pointer": e.pointer, "code": e.code, "message": e.message}
            for e in error.errors[:FLAWS_AT_MOST]
        ]
    return document(
        status=error.status, code=error.code, title=error.title, detail=error.detail, extra=extra
    )
