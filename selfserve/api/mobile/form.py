"""GET /api/v1/me/modules/{key}/form and POST …/submissions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from selfserve import forms
from selfserve.api.shapes import FormInputShape
from selfserve.inputs import CAPTURED


class FormShape(bodies.Body):
    """A form in the reader's language; hand it in under this version."""

    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    inputs = FormInputShape(many=True)
    agreed = serializers.ListField(
        child=serializers.ChoiceField(CAPTURED),
        help_text="What the employee lets this module have; ask before anything else is captured.",
    )


class Form(EmployeeView):
    """A form to be filled in."""

    @extend_schema(
        operation_id="read_form",
        tags=["Mobile API: self-serve"],
        responses=answers({200: FormShape}, refused=[401, 403, 404, 429]),
        summary="The form of a module",
    )
    def get(self, request: Request, form: str) -> Response:
        """Its inputs with their labels. 404 for a module that is opened instead."""
        found = forms.read(employee_id=self.session.employee_id, key=form)
        told: dict[str, Any] = {
            "key": found.seen.module.key,
            "name": found.seen.name,
            "description": found.seen.description,
            "version": found.seen.module.version,
            "inputs": found.inputs,
            "agreed": sorted(found.agreed),
        }
        return Response(told)


class SubmissionInput(bodies.Body):
    """A filled-in form: files and photos by the ids of their uploads."""

    version = bodies.Whole(min_value=1, max_value=2**31 - 1)
    inputs = serializers.DictField(required=False, default=dict)


class SubmissionShape(bodies.Body):
    """Under which reference it is kept track of."""

    reference = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    outcome = serializers.CharField()


class HandIn(EmployeeView):
    """Handing a form in."""

    @extend_schema(
        operation_id="submit_form",
        tags=["Mobile API: self-serve"],
        request=SubmissionInput,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers({201: SubmissionShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        summary="Hand a form in",
    )
    def post(self, request: Request, form: str) -> Response:
        """Kept before it is answered, and told to the sub-system. Send an `Idempotency-Key`.

        409 `version_changed` where another form was approved meanwhile: read it again.
        """
        body, now = bodies.validated(SubmissionInput, request.data), clock.now()

        def act() -> Response:
            made = forms.hand_in(
                employee_id=self.session.employee_id,
                key=form,
                version=body["version"],
                given=body["inputs"],
                now=now,
            )
            told = {
                "reference": made.reference,
                "submitted_at": clock.text(made.submitted_at),
                "outcome": made.outcome,
            }
            return Response(told, status=201)

        return idempotency.once(request, principal=self.principal, now=now, act=act)
