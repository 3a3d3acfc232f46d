"""A sub-system's door for the few POSTs that must be fast: the same promises, without DRF's toll.

What goes well never meets DRF; whatever is refused is handed to it, so that a refusal looks the
same at every door. See docs/adr/0008-accepting-fast.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions

from accounts import subsystems
from accounts.api import authentication, limits, parsing
from accounts.api.authentication import Principal
from accounts.api.views import SubsystemView
from accounts.subsystems import Caller
from hub.lib import clock

# What nearly every client sends; any other is weighed by DRF.
_ACCEPTS_JSON = frozenset({"*/*", "application/json"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose sender is known, counted against the limit and read, but not yet judged."""

    request: HttpRequest
    principal: Principal
    caller: Caller
    data: object
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its body as JSON values."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class HotSubsystemView(SubsystemView):
    """A SubsystemView with a `post(asked) -> Answer`; its other methods are as everywhere."""

    most_bytes: int | None = None  # of a body; None: as everywhere
    most_depth = 20  # levels of a body

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let a POST pass DRF by, until something is wrong with it."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            answer = self.post(self._ask(request))
        except Exception as error:  # noqa: BLE001  # DRF's handler answers every exception
            return self._refuse(request, error)
        return HttpResponse(
            json.dumps(answer.data, separators=(",", ":")),
            status=answer.status,
            content_type="application/json",
            headers={**self._headers(), **answer.headers},
        )

    def post(self, asked: Asked) -> Answer:
        """Do it. Raises what is wrong."""
        raise NotImplementedError

    def _ask(self, request: HttpRequest) -> Asked:
        """The request, step by step as DRF takes them: negotiated, known, counted, read."""
        if request.META.get("HTTP_ACCEPT", "*/*") not in _ACCEPTS_JSON:
            self.format_kwarg = None
            self.perform_content_negotiation(self.initialize_request(request))
        text, now = authentication.bearer(request), clock.now()
        if text is None:
            raise exceptions.NotAuthenticated
        caller = subsystems.recall_key(text=text, now=now)
        parsing.refuse_chunks(request.META)
        self.quota = limits.take_leased(
            subject=f"key:{caller.key_id}",
            limit=caller.requests_a_minute or settings.SUBSYSTEM_REQUESTS_A_MINUTE,
            now=now,
        )
        principal = Principal("subsystem", caller.subsystem_id, caller.mode)
        data = parsing.read(request, most_bytes=self.most_bytes, most_depth=self.most_depth)
        return Asked(request, principal, caller, data, now)

    def _headers(self) -> dict[str, str]:
        quota = self.quota.headers() if self.quota else {}
        return {"Cache-Control": "no-store", **self.headers, **quota}

    def _refuse(self, request: HttpRequest, error: Exception) -> HttpResponseBase:
        self.request = self.initialize_request(request)
        response = self.handle_exception(error)
        return self.finalize_response(self.request, response)
