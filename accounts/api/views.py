"""The three kinds of doors: an employee's, a sub-system's, and the few that stand open."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import refusals
from accounts.api import limits, parsing, permissions, schema
from accounts.api.authentication import BearerEmployee, BearerSubsystem, Principal
from accounts.devices import Session
from accounts.privacy import notices
from accounts.subsystems import Caller
from hub.lib import clock

answers = schema.answers


class View(APIView):
    """What all doors have in common: nothing is kept by a cache unless the view says so."""

    # OPTIONS would describe the view in words that are no contract.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    quota: limits.Quota | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who speaks is asked first; then no body in chunks is taken for an empty one."""
        super().initial(request, *args, **kwargs)
        parsing.refuse_chunks(request.META)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the headers that every answer has."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        for name, value in (self.quota.headers() if self.quota else {}).items():
            final.headers.setdefault(name, value)
        return final


class OpenView(View):
    """Open on purpose, and not limited by Redis: what needs a bound has one in the database."""

    authentication_classes = []
    permission_classes = [permissions.Open]


class EmployeeView(View):
    """For an employee, through an open session of one of their devices."""

    authentication_classes = [BearerEmployee]
    permission_classes = [permissions.IsEmployee]
    # Whether it serves only those who accepted the privacy notice in effect; what lets people
    # read, accept, complain and leave does not.
    needs_acceptance = True

    @property
    def principal(self) -> Principal:
        """Who speaks."""
        return _principal(self.request)

    @property
    def session(self) -> Session:
        """Through which device."""
        assert isinstance(self.request.auth, Session)
        return self.request.auth

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the request against the employee's limit, once it is known whose it is."""
        super().initial(request, *args, **kwargs)
        self.quota = limits.take(
            subject=f"employee:{self.session.employee_id}",
            limit=settings.EMPLOYEE_REQUESTS_A_MINUTE,
            now=clock.now(),
        )
        if self.session.notice_due and self.needs_acceptance:
            notice = notices.to_accept(now=clock.now())
            if notice is not None:
                raise refusals.ConsentRequired(version=notice.version)


class SubsystemView(View):
    """For a sub-system, through one of its keys."""

    authentication_classes = [BearerSubsystem]
    permission_classes = [permissions.IsSubsystem]

    @property
    def principal(self) -> Principal:
        """Who speaks."""
        return _principal(self.request)

    @property
    def caller(self) -> Caller:
        """Through which key, live or test."""
        assert isinstance(self.request.auth, Caller)
        return self.request.auth

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the request against the key's limit, once it is known whose it is."""
        super().initial(request, *args, **kwargs)
        self.quota = limits.take(
            subject=f"key:{self.caller.key_id}",
            limit=self.caller.requests_a_minute or settings.SUBSYSTEM_REQUESTS_A_MINUTE,
            now=clock.now(),
        )


def _principal(request: Request) -> Principal:
    assert isinstance(request.user, Principal)
    return request.user
