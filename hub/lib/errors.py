"""The one base of every refusal the hub speaks: a stable code, a status, and a sentence.

Rules raise these where they live; `hub.problems` turns them into RFC 9457 JSON in one place.
Clients branch on `code`; the list of codes is closed and documented in `docs/errors.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

CONTENT_TYPE = "application/problem+json"  # RFC 9457


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one value of a body: its RFC 6901 pointer, a code, a sentence."""

    pointer: str
    code: str
    message: str


class HubError(Exception):
    """A refusal with a stable code; subclasses set code, status and title."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        data: Mapping[str, Any] | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = dict(data or {})  # public members added to the problem
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class Invalid(HubError):
    """The body is well-formed JSON but says something the contract does not allow."""

    code, status, title = "invalid", 422, "The request is not valid"


class NotFound(HubError):
    """No such object for this caller (an object of somebody else looks exactly the same)."""

    code, status, title = "not_found", 404, "Not found"


class Unavailable(HubError):
    """Something the hub depends on does not answer now; the same request may be sent again."""

    code, status, title = "unavailable", 503, "Not available now"
