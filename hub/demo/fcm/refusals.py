"""Everything the emulator refuses, in the shape Google's APIs use.

`{"error": {"code", "message", "status", "details": [{"@type": …}]}}`; Firebase's own code stands
in the detail of type FcmError, and what is wrong with the request in a google.rpc.BadRequest.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_QUOTA = "type.googleapis.com/google.rpc.QuotaFailure"
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


class Violation(NamedTuple):
    """One wrong field: its path (`message.data[0].value`) and a sentence."""

    field: str
    description: str


class Refusal(Exception):
    """An answer other than success: HTTP status, the code it is counted under, body, headers."""

    def __init__(
        self,
        status: int,
        code: str,
        body: bytes,
        *,
        content_type: bytes = b"application/json; charset=UTF-8",
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.body = status, code, body
        self.headers = [(b"content-type", content_type), *headers]


def google(
    status: int,
    rpc_status: str,
    message: str,
    *details: dict[str, Any],
    code: str = "",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Refusal:
    """A refusal in Google's JSON; `code` is Firebase's own, and becomes the first detail."""
    listed = [{"@type": _FCM, "errorCode": code}, *details] if code else list(details)
    error: dict[str, Any] = {"code": status, "message": message, "status": rpc_status}
    if listed:
        error["details"] = listed
    body = json.dumps({"error": error}, indent=2).encode()
    return Refusal(status, code or rpc_status, body, headers=headers)


def malformed(violations: Sequence[Violation]) -> Refusal:
    """The JSON does not fit the schema: refused before Firebase itself looks (no FcmError)."""
    detail = _bad_request(violations)
    message = "\n".join(violation.description for violation in violations)
    return google(400, "INVALID_ARGUMENT", message, detail)


def invalid(violations: Sequence[Violation]) -> Refusal:
    """The JSON fits, but Firebase does not accept what it says."""
    detail = _bad_request(violations)
    return google(
        400, "INVALID_ARGUMENT", violations[0].description, detail, code="INVALID_ARGUMENT"
    )


def _bad_request(violations: Sequence[Violation]) -> dict[str, Any]:
    return {"@type": _BAD_REQUEST, "fieldViolations": [item._asdict() for item in violations]}


def unregistered() -> Refusal:
    """The phone's app was removed, or its token replaced: forget the token."""
    return google(404, "NOT_FOUND", "Requested entity was not found.", code="UNREGISTERED")


def sender_id_mismatch() -> Refusal:
    """The token belongs to another project."""
    return google(403, "PERMISSION_DENIED", "SenderId mismatch", code="SENDER_ID_MISMATCH")


def third_party_auth() -> Refusal:
    """Firebase could not sign in at Apple's or the browser vendor's service."""
    message = "Auth error from APNS or Web Push Service"
    return google(401, "UNAUTHENTICATED", message, code="THIRD_PARTY_AUTH_ERROR")


def unauthenticated(reason: str) -> Refusal:
    """No bearer token, or not one of ours. Reason: CREDENTIALS_MISSING, ACCESS_TOKEN_EXPIRED, …"""
    message = (
        "Request is missing required authentication credential."
        if reason == "CREDENTIALS_MISSING"
        else "Request had invalid authentication credentials."
    ) + " Expected OAuth 2 access token, login cookie or other valid authentication credential."
    detail = {"@type": _INFO, "reason": reason, "domain": "googleapis.com"}
    challenge = (b"www-authenticate", b'Bearer realm="https://accounts.google.com/"')
    return google(401, "UNAUTHENTICATED", message, detail, headers=[challenge])


def foreign_project(project: str) -> Refusal:
    """The credentials say nothing about this project."""
    resource = f"//cloudresourcemanager.googleapis.com/projects/{project}"
    message = (
        f"Permission 'cloudmessaging.messages.create' denied on resource '{resource}'"
        " (or it may not exist)."
    )
    detail = {"@type": _INFO, "reason": "IAM_PERMISSION_DENIED", "domain": "iam.googleapis.com"}
    return google(403, "PERMISSION_DENIED", message, detail)


def quota_exceeded(subject: str, retry_after: str | None) -> Refusal:
    """Too much for the project, one device or one topic; `retry_after` goes out as it is."""
    detail = {
        "@type": _QUOTA,
        "violations": [
            {"subject": subject, "description": f"Message rate exceeded for {subject}."}
        ],
    }
    message = "Quota exceeded for quota metric 'Messages sent'."
    return google(
        429, "RESOURCE_EXHAUSTED", message, detail,
        code="QUOTA_EXCEEDED", headers=_retry_after(retry_after),
    )  # fmt: skip


def unavailable(retry_after: str | None = None) -> Refusal:
    """Overloaded; the message may nevertheless have been delivered."""
    message = "The service is currently unavailable."
    headers = _retry_after(retry_after)
    return google(503, "UNAVAILABLE", message, code="UNAVAILABLE", headers=headers)


def internal() -> Refusal:
    """An unknown failure at Firebase."""
    return google(500, "INTERNAL", "Internal error encountered.", code="INTERNAL")


def bad_gateway() -> Refusal:
    """What a proxy in front of Google answers: HTML, no JSON."""
    page = b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title><p>502.</p></html>"
    return Refusal(502, "HTML_502", page, content_type=b"text/html; charset=UTF-8")


def _retry_after(value: str | None) -> list[tuple[bytes, bytes]]:
    return [] if value is None else [(b"retry-after", value.encode())]
