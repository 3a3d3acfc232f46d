"""GET /api/v1/receipt-keys."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import OpenView, answers
from notifications.assurance import published


class PublishedKey(bodies.Body):
    """An Ed25519 public key of the hub, a JWK."""

    kty = serializers.CharField()
    crv = serializers.CharField()
    x = serializers.CharField()
    kid = serializers.CharField(help_text="Its thumbprint (RFC 7638).")
    alg = serializers.CharField()
    use = serializers.CharField()


class KeySet(bodies.Body):
    """A JWK set (RFC 7517)."""

    keys = PublishedKey(many=True)


class ReceiptKeys(OpenView):
    """The keys by which the hub signs receipts; public by nature."""

    @extend_schema(
        operation_id="read_receipt_keys",
        tags=["Sub-system API"],
        responses=answers({200: KeySet}, refused=[]),
        summary="The public keys that decision receipts are checked with",
    )
    def get(self, request: Request) -> Response:
        """All keys that ever signed and still count. Keep them: a check needs nothing else."""
        return Response(published.key_set(), headers={"Cache-Control": "public, max-age=300"})
