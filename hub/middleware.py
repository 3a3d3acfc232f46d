"""What every request passes first: a request id in and out, and one shape for every failure."""

import re
import time
from collections.abc import Callable

import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csp import ContentSecurityPolicyMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.deprecation import MiddlewareMixin

from hub import problems
from hub.lib import errors, ids, logging, metrics

log = logging.get(__name__)

NOTHING = "default-src 'none'; frame-ancestors 'none'"
Next = Callable[[HttpRequest], HttpResponse]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What is taken over from a caller; anything else could forge log lines.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Binds the request id to the log lines and audit events of a request; logs one line for it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # META and not `headers`, for which all of them would be put together in every request.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else ids.uuid7().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        route = request.resolver_match.route if request.resolver_match else ""
        seconds = time.perf_counter() - started
        metrics.requests.labels(route, method_of(request), response.status_code).observe(seconds)
        logging.write(
            __name__,
            "request",
            method=request.method,
            route=route,  # never the path: it may carry a name or an id somebody typed
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
        return response


def method_of(request: HttpRequest) -> str:
    """The method, if it is one: a caller may send any word, and each would be a series for ever."""
    return request.method if request.method in METHODS else "other"


def is_door(request: HttpRequest) -> bool:
    """Whether the request is for a door of the API, where programs knock; its pages are none."""
    return request.path.startswith("/api/") and not request.path.endswith("/docs")


class _PagesOnly(MiddlewareMixin):
    """Passes doors by: they know neither sessions nor forms, and each of these costs a request."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_door(request):
            return self.get_response(request)  # type: ignore[return-value]  # never asynchronous
        return super().__call__(request)  # type: ignore[return-value]


class ContentPolicy(_PagesOnly, ContentSecurityPolicyMiddleware):
    """What a page may load; what comes through a door is no page, and may load nothing."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = super().__call__(request)
        if is_door(request):
            response.headers["Content-Security-Policy"] = NOTHING
        return response


class Frames(_PagesOnly, XFrameOptionsMiddleware):
    """For old browsers, what the policy says: no page is shown inside another one."""


class Forms(_PagesOnly, CsrfViewMiddleware):
    """Forms come from our own pages; a door knows its callers by a header no form can send."""


class Sessions(_PagesOnly, SessionMiddleware):
    """Django's sessions, for staff."""


class Authentication(_PagesOnly, AuthenticationMiddleware):
    """Who of the staff is signed in."""


class Messages(_PagesOnly, MessageMiddleware):
    """What the administration says on the next page."""


class Problems:
    """Turns what fails in Django itself, outside DRF's views, into problem+json."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_problem = response.get("Content-Type", "").startswith(errors.CONTENT_TYPE)
        if request.path.startswith("/api/") and response.status_code >= 400 and not is_problem:
            body, headers = problems.of_status(response.status_code)
            # The answer it stands for may say which methods there are.
            headers |= {name: response[name] for name in ("Allow",) if name in response}
            return problems.plain(body, headers)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view under /api/ that raised past DRF; elsewhere Django's pages serve."""
        if not request.path.startswith("/api/"):
            return None
        body, headers = problems.translate(error)
        if body["status"] >= 500:
            log.error("request_failed", code=body["code"], exc_info=error)
        return problems.plain(body, headers)
