"""POST /api/v1/attachments."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.http import parse_header_parameters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import attachments


class FileParser(BaseParser):
    """The file itself, whatever it is."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """At most ATTACHMENT_BYTES."""
        content = stream.read(settings.ATTACHMENT_BYTES + 1)
        if len(content) > settings.ATTACHMENT_BYTES:
            raise RequestDataTooBig(settings.ATTACHMENT_BYTES)
        return content


class Query(bodies.Body):
    """What the file is called."""

    name = bodies.Line(max_length=attachments.NAME_LONGEST)


class Kept(bodies.Body):
    """A file that a notification may name within a day."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    size = serializers.IntegerField()


class Attachments(SubsystemView):
    """Files for a notification that is sent next."""

    parser_classes = [FileParser]

    @extend_schema(
        operation_id="send_attachment",
        tags=["Sub-system API"],
        parameters=[Query],
        request=dict.fromkeys(attachments.TYPES, OpenApiTypes.BINARY),
        responses=answers({201: Kept}, refused=[400, 401, 403, 422, 429]),
        summary="Send a file, to be named by a notification",
    )
    def post(self, request: Request) -> Response:
        """Kept, encrypted, for a day; with the notification that names it, as long as that one."""
        query = bodies.query(Query, request.query_params)
        kind, _ = parse_header_parameters(request.content_type or "")
        content = request.data if isinstance(request.data, bytes) else b""
        kept = attachments.keep(
            caller=self.caller,
            name=query["name"],
            type_=kind.lower(),
            content=content,
            now=clock.now(),
        )
        return Response({"id": kept.pk, "type": kept.type, "size": kept.size}, status=201)
