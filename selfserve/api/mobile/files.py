"""POST /api/v1/me/modules/{key}/files."""

import base64
import binascii
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.parsing import StrictJSONParser
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from selfserve import captures, inputs

# base64 takes four characters for three bytes.
_CHARACTERS = inputs.BYTES_AT_MOST * 4 // 3 + 4


class FileParser(StrictJSONParser):
    """One file in base64, and a little around it."""

    most_bytes = _CHARACTERS + 1000


class FileInput(bodies.Body):
    """A file or photo for an input of the form, in base64."""

    input = bodies.Slug(max_length=40)
    media_type = bodies.Line(max_length=40)
    content = bodies.Line(max_length=_CHARACTERS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The bytes themselves."""
        try:
            attrs["content"] = base64.b64decode(attrs["content"], validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError({"content": "This is not base64."}) from None
        return attrs


class FileShape(bodies.Body):
    """What was kept: give its id in the form, within a day."""

    id = serializers.UUIDField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class Files(EmployeeView):
    """Files and photos for a form."""

    parser_classes = [FileParser]

    @extend_schema(
        operation_id="upload_file",
        tags=["Mobile API: self-serve"],
        request=FileInput,
        responses=answers({201: FileShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        summary="Upload a file or photo for a form",
    )
    def post(self, request: Request, form: str) -> Response:
        """Kept encrypted until the form is handed in, for a day at most."""
        body = bodies.validated(FileInput, request.data)
        kept = captures.upload(
            employee_id=self.session.employee_id,
            key=form,
            name=body["input"],
            media_type=body["media_type"],
            content=body["content"],
            now=clock.now(),
        )
        return Response({"id": kept.pk, "size": kept.size, "sha256": kept.sha256}, status=201)
