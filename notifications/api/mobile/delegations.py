"""GET and POST /api/v1/me/delegations, DELETE /api/v1/me/delegations/{id}."""

import uuid
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications.api.shapes import DecidedBy
from notifications.approvals import delegation
from notifications.models import Delegation


class DelegationInput(bodies.Body):
    """Who stands in, when, and for what; `from` is now if it is left out."""

    delegate = bodies.Line(max_length=64, help_text="Employee id.")
    # `from` is a word of the language and can't be assigned.
    vars()["from"] = bodies.Moment(required=False, allow_null=True, default=None)
    until = bodies.Moment()
    subsystem = bodies.Line(max_length=64, required=False, allow_null=True, default=None)
    category = bodies.Line(max_length=64, required=False, allow_null=True, default=None)


class DelegationShape(bodies.Body):
    """A delegation; `principal` is who is stood in for."""

    id = serializers.UUIDField()
    principal = DecidedBy()
    delegate = DecidedBy()
    vars()["from"] = serializers.DateTimeField()
    until = serializers.DateTimeField()
    subsystem = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    active = serializers.BooleanField()


class DelegationsShape(bodies.Body):
    """Those that are not over, the next to begin first."""

    given = DelegationShape(many=True)
    received = DelegationShape(many=True)


def shown(made: Delegation, *, now: datetime) -> dict[str, Any]:
    """A delegation as both people read it."""
    return {
        "id": str(made.id),
        "principal": _person(made.principal),
        "delegate": _person(made.delegate),
        "from": clock.text(made.starts_at),
        "until": clock.text(made.ends_at),
        "subsystem": None if made.subsystem is None else made.subsystem.key,
        "category": None if made.category is None else made.category.key,
        "active": made.starts_at <= now < made.ends_at,
    }


def _person(person: Any) -> dict[str, str]:
    return {"employee_id": person.employee_id, "name": person.display_name}


class Delegations(EmployeeView):
    """Who stands in for the employee, and for whom the employee stands in."""

    @extend_schema(
        operation_id="list_delegations",
        tags=["Mobile API: employee"],
        summary="Who stands in for you, and for whom you stand in",
        responses=answers({200: DelegationsShape}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """Given and received, as far as they are not over."""
        employee_id, now = self.session.employee_id, clock.now()
        found = delegation.of(employee_id=employee_id, now=now)
        return Response(
            {
                "given": [shown(one, now=now) for one in found if one.principal_id == employee_id],
                "received": [
                    shown(one, now=now) for one in found if one.delegate_id == employee_id
                ],
            }
        )

    @extend_schema(
        operation_id="give_delegation",
        tags=["Mobile API: employee"],
        summary="Let a colleague answer for you, for a time",
        request=DelegationInput,
        responses=answers({201: DelegationShape}, refused=[400, 401, 403, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """The colleague sees and answers what you are asked, in this window and scope only."""
        body = bodies.validated(DelegationInput, request.data)
        now = clock.now()
        wish = delegation.Wish(
            delegate=body["delegate"],
            starts_at=body["from"],
            ends_at=body["until"],
            subsystem=body["subsystem"],
            category=body["category"],
        )

        def act() -> Response:
            made = delegation.give(principal_id=self.session.employee_id, wish=wish, now=now)
            return Response(shown(made, now=now), status=201)

        return idempotency.once(request, principal=self.principal, now=now, act=act)


class OneDelegation(EmployeeView):
    """One delegation that the employee has given."""

    @extend_schema(
        operation_id="end_delegation",
        tags=["Mobile API: employee"],
        summary="Take a delegation back, at once",
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
    )
    def delete(self, request: Request, delegation_id: uuid.UUID) -> Response:
        """The colleague sees nothing of it any more; what they answered stays."""
        delegation.take_back(
            principal_id=self.session.employee_id, delegation_id=delegation_id, now=clock.now()
        )
        return Response(status=204)
