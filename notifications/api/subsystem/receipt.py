"""GET /api/v1/notifications/{id}/receipt."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from notifications import reports


class ReceiptShape(bodies.Body):
    """What proves one answer; see docs/receipts.md."""

    format = serializers.CharField()
    statement = serializers.CharField(help_text="A compact JWS by the phone.")
    device_key = serializers.DictField(
        child=serializers.CharField(), help_text="The phone's public key, a JWK."
    )
    attestation = serializers.CharField(help_text="A compact JWS by the hub.")


class Receipts(bodies.Body):
    """In the order of the answers; empty where none was signed."""

    entries = ReceiptShape(many=True)


class Receipt(SubsystemView):
    """The decision receipts of one request."""

    @extend_schema(
        operation_id="read_receipt",
        tags=["Sub-system API"],
        responses=answers({200: Receipts}, refused=[401, 403, 404, 429]),
        summary="What proves the answers to a request",
    )
    def get(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The receipts of the signed answers, to be checked without the hub."""
        found = reports.receipts(caller=self.caller, notification_id=notification_id)
        return Response({"entries": found})
