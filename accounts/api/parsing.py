"""Reading bodies: JSON only, strictly, and never more than the contract allows."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from hub.lib import strict_json


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 means it; what lenient parsers let through is a 400 with its reason."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        kind, parameters = parse_header_parameters(media_type or "")
        if kind.lower() != self.media_type:  # such as */*, which matches every parser
            raise UnsupportedMediaType(kind)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
        # What was sent, not what Django makes of it: it falls back to UTF-8 on unknown ones.
        return strict_json.loads(body, charset=parameters.get("charset"))
