"""POST /api/v1/audiences/preview."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audience
from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from notifications import blast_radius
from notifications.api.policies import Audience


class PreviewInput(bodies.Body):
    """Whom it would be for."""

    audience = Audience()


class GeoCount(bodies.Body):
    """How many of them are in one geo."""

    geo = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class DepartmentCount(bodies.Body):
    """How many of them are in one department."""

    department = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class Previewed(bodies.Body):
    """Whom the audience has now; nothing is sent."""

    count = serializers.IntegerField()
    by_geo = GeoCount(many=True)
    by_department = DepartmentCount(many=True)
    would_be_held = serializers.BooleanField()
    limit = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class Preview(SubsystemView):
    """An audience before anything is sent to it."""

    @extend_schema(
        operation_id="preview_audience",
        tags=["Sub-system API"],
        request=PreviewInput,
        responses=answers({200: Previewed}, refused=[400, 401, 403, 422, 429]),
        summary="Count an audience, and ask whether it needs a second person",
    )
    def post(self, request: Request) -> Response:
        """How many it has, where they are, and which names match nobody."""
        body = bodies.validated(PreviewInput, request.data)
        asked = audience.validate(body["audience"], pointer="/audience")
        parsed = audience.bounded(asked, within=self.caller.within)
        by_geo = audience.breakdown(parsed, by="geo")
        count = sum(number for _, number in by_geo)
        radius = blast_radius.of(self.caller)
        return Response(
            {
                "count": count,
                "by_geo": [{"geo": name, "count": number} for name, number in by_geo],
                "by_department": [
                    {"department": name, "count": number}
                    for name, number in audience.breakdown(parsed, by="department")
                ],
                "would_be_held": radius.is_exceeded_by(count),
                "limit": radius.recipients,
                "unknown": audience.unknown(parsed),
            }
        )
