"""Who may call what. Nothing is open by default; a view names one of these."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.devices import Session
from accounts.subsystems import Caller

if TYPE_CHECKING:  # views read this module's default while they are being imported
    from rest_framework.views import APIView


class Nobody(BasePermission):
    """The default: a view that forgot to say whom it serves serves nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class IsEmployee(BasePermission):
    """An employee, through an open session of one of their devices."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, Session)


class IsSubsystem(BasePermission):
    """A sub-system, through one of its keys."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, Caller)


class Open(BasePermission):
    """Open on purpose; the architecture tests hold the short list of such routes."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return True
