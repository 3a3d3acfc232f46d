"""GET and POST /me/consents, DELETE /me/consents/{purpose}."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from accounts.devices import Session
from accounts.privacy import consents
from hub.lib import clock, errors


class ConsentInput(bodies.Body):
    """Either: the version of a privacy notice that is accepted, or a purpose consented to."""

    notice = bodies.Line(max_length=32, required=False)
    purpose = bodies.Line(max_length=32, required=False)


class AcceptedShape(bodies.Body):
    """A version that was accepted, and where."""

    version = serializers.CharField()
    accepted_at = serializers.DateTimeField()
    device_id = serializers.UUIDField()


class ConsentShape(bodies.Body):
    """A consent; it holds while it is not withdrawn."""

    purpose = serializers.CharField()
    version = serializers.CharField(help_text="The privacy notice that was in effect.")
    given_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    device_id = serializers.UUIDField()


class ConsentsShape(bodies.Body):
    """What was accepted and consented to, the latest first."""

    to_accept = serializers.CharField(
        allow_null=True, help_text="The version that has to be accepted now."
    )
    accepted = AcceptedShape(many=True)
    consents = ConsentShape(many=True)


def shown(session: Session, *, now: datetime) -> dict[str, Any]:
    """Everything the employee said."""
    said = consents.of(employee_id=session.employee_id, now=now)
    return {
        "to_accept": None if said.due is None else said.due.version,
        "accepted": [
            {
                "version": one.notice.version,
                "accepted_at": clock.text(one.accepted_at),
                "device_id": str(one.device),
            }
            for one in said.accepted
        ],
        "consents": [
            {
                "purpose": one.purpose,
                "version": one.version,
                "given_at": clock.text(one.given_at),
                "withdrawn_at": clock.text(one.withdrawn_at),
                "device_id": str(one.device),
            }
            for one in said.consents
        ],
    }


class Consents(EmployeeView):
    """What the employee accepted and consented to."""

    needs_acceptance = False

    @extend_schema(
        operation_id="list_consents",
        tags=["Mobile API: privacy"],
        summary="What you accepted and consented to",
        responses=answers({200: ConsentsShape}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """Accepted notices and consents, withdrawn ones included."""
        return Response(shown(self.session, now=clock.now()))

    @extend_schema(
        operation_id="give_consent",
        tags=["Mobile API: privacy"],
        summary="Accept a privacy notice, or consent to a purpose",
        request=ConsentInput,
        responses=answers({200: ConsentsShape}, refused=[400, 401, 403, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Recorded with version, time and device; what was said already stays as it is."""
        body = bodies.validated(ConsentInput, request.data)
        if len(body) != 1:
            sentence = "Give either a notice or a purpose."
            raise errors.Invalid(
                sentence, errors=[errors.FieldError("", "either_notice_or_purpose", sentence)]
            )
        now = clock.now()

        def act() -> Response:
            if "notice" in body:
                consents.accept(session=self.session, version=body["notice"], now=now)
            else:
                consents.give(session=self.session, purpose=body["purpose"], now=now)
            return Response(shown(self.session, now=now))

        return idempotency.once(request, principal=self.principal, now=now, act=act)


class OneConsent(EmployeeView):
    """One purpose."""

    needs_acceptance = False

    @extend_schema(
        operation_id="withdraw_consent",
        tags=["Mobile API: privacy"],
        summary="Take a consent back",
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
    )
    def delete(self, request: Request, purpose: str) -> Response:
        """From now on; what was done before stays lawful."""
        consents.withdraw(session=self.session, purpose=purpose, now=clock.now())
        return Response(status=204)
