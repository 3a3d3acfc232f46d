"""GET /contacts: to whom people turn."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import OpenView, answers


class Contacts(OpenView):
    """Open: who cannot sign in needs it most."""

    class Output(bodies.Body):
        """Mail addresses, telephone numbers or pages; empty where none is set."""

        hub = serializers.CharField(help_text="What this hub is called.")
        support = serializers.CharField()
        privacy = serializers.CharField()

    @extend_schema(
        operation_id="read_contacts",
        tags=["Mobile API: privacy"],
        summary="Who helps, and who answers for the protection of data",
        responses=answers({200: Output}),
    )
    def get(self, request: Request) -> Response:
        """Who helps, and who answers for the protection of data."""
        return Response(
            {
                "hub": settings.HUB_NAME,
                "support": settings.SUPPORT_CONTACT,
                "privacy": settings.PRIVACY_CONTACT,
            }
        )
