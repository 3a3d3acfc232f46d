"""GET /api/v1/subsystem."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from accounts.models import ApiKey, Subsystem
from accounts.subsystems import Caller
from notifications.callbacks import breaker


class LimitsShape(bodies.Body):
    """How much is taken: of this key in a minute, in one body, in one batch, to how many people."""

    requests_a_minute = serializers.IntegerField()
    body_bytes = serializers.IntegerField()
    batch_notifications = serializers.IntegerField()
    batch_bytes = serializers.IntegerField()
    blast_radius_recipients = serializers.IntegerField()


class EndpointShape(bodies.Body):
    """How the registered callback address is doing."""

    url = serializers.CharField()
    state = serializers.ChoiceField(choices=list(breaker.STATES))
    off_at = serializers.DateTimeField(allow_null=True)
    failures_in_a_row = serializers.IntegerField()
    next_probe_at = serializers.DateTimeField(allow_null=True)
    live_secrets = serializers.IntegerField()


class SubsystemOutput(bodies.Body):
    """Who one is to the hub. `endpoint` is null where no address is registered."""

    key = serializers.CharField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices)
    limits = LimitsShape()
    endpoint = EndpointShape(allow_null=True)


class OwnSubsystem(SubsystemView):
    """The sub-system itself."""

    @extend_schema(
        operation_id="read_subsystem",
        tags=["Sub-system API"],
        responses=answers({200: SubsystemOutput}, refused=[401, 403, 429]),
        summary="Name, mode, limits, and how the callback endpoint is doing",
    )
    def get(self, request: Request) -> Response:
        """What the hub knows of the caller, without any secret."""
        subsystem = Subsystem.objects.get(pk=self.caller.subsystem_id)
        return Response(
            {
                "key": subsystem.key,
                "name": subsystem.name,
                "mode": self.caller.mode,
                "limits": limits(self.caller),
                "endpoint": breaker.health(subsystem),
            }
        )


def limits(caller: Caller) -> dict[str, int]:
    """The limits of this caller: its own where it has any, else the settings'."""
    own = caller.blast_radius
    return {
        "requests_a_minute": caller.requests_a_minute or settings.SUBSYSTEM_REQUESTS_A_MINUTE,
        "body_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        "batch_notifications": settings.BATCH_AT_MOST,
        "batch_bytes": settings.BATCH_BODY_BYTES,
        "blast_radius_recipients": settings.BLAST_RADIUS if own is None else own,
    }
