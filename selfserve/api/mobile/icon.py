"""GET /api/v1/me/modules/{key}/icon."""

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import EmployeeView, answers
from selfserve import catalogue


class Icon(EmployeeView):
    """The picture of a module."""

    @extend_schema(
        operation_id="read_module_icon",
        tags=["Mobile API: self-serve"],
        responses=answers({(200, "image/png"): OpenApiTypes.BINARY}, refused=[401, 403, 404, 429]),
        summary="The picture that a sub-system uploaded for a module",
    )
    def get(self, request: Request, module: str) -> HttpResponse:
        """Its ETag is the digest in the list; 304 with `If-None-Match`."""
        digest, png = catalogue.icon(employee_id=self.session.employee_id, key=module)
        etag = f'"{digest}"'
        headers = {"ETag": etag, "Cache-Control": "private, max-age=86400"}
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return HttpResponseNotModified(headers=headers)
        return HttpResponse(png, content_type="image/png", headers=headers)
