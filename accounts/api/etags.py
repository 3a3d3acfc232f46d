"""Entity tags of what phones ask for again and again: nothing new is said in a few bytes.

The answer is made all the same: what is spared is the way to the phone. Phones keep what they hold
in a store of their own, so it stays `no-store` for every cache in between (RFC 9110, 13.1.2).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

IF_NONE_MATCH = OpenApiParameter(
    name="If-None-Match",
    location=OpenApiParameter.HEADER,
    required=False,
    type=str,
    description="The ETag of the last answer: 304 if there is nothing new.",
)
NOT_MODIFIED = {304: OpenApiResponse(description="As the answer that had this ETag.")}


def answer(request: Request, data: Mapping[str, Any]) -> Response:
    """The data with their entity tag; 304 without them if the client holds them already."""
    tag = of(data)
    given = request.headers.get("If-None-Match", "")
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    if tag in known:
        return Response(status=304, headers={"ETag": tag})
    return Response(data, headers={"ETag": tag})


def of(data: Mapping[str, Any]) -> str:
    """The entity tag of an answer: equal answers have equal ones."""
    written = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str).encode()
    return f'"{base64.urlsafe_b64encode(hashlib.sha256(written).digest()[:18]).decode()}"'
