"""GET /api/v1/submissions/{reference}/files/{input}."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from selfserve import forms


class OneFile(SubsystemView):
    """A file, photo or place that was handed in."""

    @extend_schema(
        operation_id="fetch_submission_file",
        tags=["Sub-system API"],
        responses=answers(
            {(200, "application/octet-stream"): OpenApiTypes.BINARY},
            refused=[401, 403, 404, 429],
        ),
        summary="Fetch a file, photo or place that was handed in",
    )
    def get(self, request: Request, reference: str, input: str) -> HttpResponse:  # noqa: A002
        """Its bytes as they were; the event says their type, size and SHA-256. Audited.

        404 also for what was erased since: the employee withdrew it, or its 30 days are over.
        """
        found = forms.file_for(caller=self.caller, reference=reference, name=input, now=clock.now())
        content = found.content
        assert isinstance(content, bytearray)
        # Never as its own type: no browser shall open it in the hub's name.
        return HttpResponse(
            bytes(content),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": "attachment",
                "X-Media-Type": found.media_type,
            },
        )
