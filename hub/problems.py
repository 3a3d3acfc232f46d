"""Every error leaves in one shape: application/problem+json (RFC 9457), with a stable code."""

import json
from typing import Any

from django.conf import settings
from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf_errors
from rest_framework.response import Response
from rest_framework.views import set_rollback

from hub.lib import errors, logging, problem

log = logging.get(__name__)

# DRF's own refusals, by class: code and title. Nothing of their wording is the contract.
DRF_CODES: list[tuple[type[drf_errors.APIException], str, str]] = [
    (drf_errors.ParseError, "malformed_request", "The request cannot be read"),
    (drf_errors.NotAuthenticated, "not_authenticated", "Sign in first"),
    (drf_errors.AuthenticationFailed, "not_authenticated", "Sign in first"),
    (drf_errors.PermissionDenied, "forbidden", "Not allowed"),
    (drf_errors.NotFound, "not_found", "Not found"),
    (drf_errors.MethodNotAllowed, "method_not_allowed", "This address does not take that method"),
    (drf_errors.NotAcceptable, "not_acceptable", "The hub answers in application/json"),
    (drf_errors.UnsupportedMediaType, "unsupported_media_type", "The hub reads application/json"),
]

# What fails before any view of ours, by status: code and title.
STATUSES: dict[int, tuple[str, str]] = {
    400: ("malformed_request", "The request cannot be read"),
    403: ("forbidden", "Not allowed"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address does not take that method"),
    413: ("too_large", "The body is too large"),
    500: ("internal", "Something went wrong"),
}


def of_status(status: int, *, detail: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """The problem for a status that something before our views answered with."""
    if status not in STATUSES:
        status = 400 if status < 500 else 500
    code, title = STATUSES[status]
    return problem.document(status=status, code=code, title=title, detail=detail or f"{title}."), {}


def plain(body: dict[str, Any], headers: dict[str, str] | None = None) -> HttpResponse:
    """A Django response carrying a problem, for what fails outside DRF's views."""
    return HttpResponse(
        json.dumps(body), status=body["status"], content_type=errors.CONTENT_TYPE, headers=headers
    )


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Answers every exception; what is unforeseen is logged and a 500."""
    set_rollback()
    body, headers = translate(error)
    if body["status"] >= 500:
        log.error("request_failed", code=body["code"], exc_info=error)
    return Response(body, status=body["status"], headers=headers, content_type=errors.CONTENT_TYPE)


def translate(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem and the headers for any exception."""
    if isinstance(error, errors.HubError):
        return problem.of_error(error), error.headers
    if isinstance(error, drf_errors.APIException):
        return of_drf(error)
    if isinstance(error, Http404):
        return problem.of_error(errors.NotFound("There is nothing at this address.")), {}
    if isinstance(error, django_errors.RequestDataTooBig):
        [most] = error.args or [settings.DATA_UPLOAD_MAX_MEMORY_SIZE]
        if not isinstance(most, int):  # Django's own says it in words
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return of_status(413, detail=f"A body may have at most {most // 1024} kB here.")
    if isinstance(error, django_errors.PermissionDenied):
        return of_status(403)
    if isinstance(error, django_errors.BadRequest | django_errors.SuspiciousOperation):
        return of_status(400, detail="The request is not valid HTTP for this service.")
    if isinstance(error, OperationalError | InterfaceError):
        return problem.of_error(
            errors.Unavailable("The database does not answer now. Send the same request again.")
        ), {"Retry-After": "5"}
    return of_status(
        500, detail="The hub failed to do this. Quote the request id to its operators."
    )


def of_drf(error: drf_errors.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem for one of DRF's refusals."""
    code, title = next(
        ((code, title) for kind, code, title in DRF_CODES if isinstance(error, kind)),
        ("malformed_request", "The request cannot be read"),
    )
    headers: dict[str, str] = {}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    detail = error.detail if isinstance(error.detail, str) else title
    return (
        problem.document(status=error.status_code, code=code, title=title, detail=str(detail)),
        headers,
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of the project."""
    return plain(problem.of_error(errors.NotFound("There is nothing at this address.")))


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500 of the project."""
    body, headers = translate(Exception())
    return plain(body, headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 of the project: an unknown host, a malformed upload and the like."""
    body, headers = translate(exception)
    if body["status"] >= 500:
        body, headers = translate(django_errors.BadRequest())
    return plain(body, headers)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403 of the project."""
    body, headers = translate(django_errors.PermissionDenied())
    return plain(body, headers)
