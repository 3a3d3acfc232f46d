"""Reading bodies: JSON only, strictly, and never more than the contract allows."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from hub.lib import strict_json
from hub.lib.errors import HubError


class LengthRequired(HubError):
    """The body comes in chunks, without its length told beforehand."""

    code, status, title = "length_required", 411, "The length of the body is missing"


def refuse_chunks(meta: Mapping[str, Any]) -> None:
    """Raise LengthRequired for `Transfer-Encoding`: the framework would see an empty body.

    Nor is a body with two lengths, one of which a proxy may have believed, worth reading.
    """
    if "HTTP_TRANSFER_ENCODING" in meta:
        raise LengthRequired("Send Content-Length instead of Transfer-Encoding: chunked.")


def read(request: HttpRequest, *, most_bytes: int | None, most_depth: int) -> object:
    """The body of a request that DRF has not touched: `{}` if there is none, as DRF has it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) == 0:
        return {}
    parser = StrictJSONParser()
    parser.most_bytes, parser.most_depth = most_bytes, most_depth
    return parser.parse(request, request.META.get("CONTENT_TYPE", ""))


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 means it; what lenient parsers let through is a 400 with its reason."""

    media_type = "application/json"
    most_bytes: int | None = None  # None: the setting's
    most_depth = 20  # levels; of the contract

    def parse(
        self,
        stream: IO[bytes] | HttpRequest,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        kind, parameters = parse_header_parameters(media_type or "")
        if kind.lower() != self.media_type:  # such as */*, which matches every parser
            raise UnsupportedMediaType(kind)
        most = self.most_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig(most)
        # What was sent, not what Django makes of it: it falls back to UTF-8 on unknown ones.
        return strict_json.loads(
            body, charset=parameters.get("charset"), most_depth=self.most_depth
        )
