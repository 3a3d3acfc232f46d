"""Reading bodies: JSON only, strictly, and never more than the contract allows."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
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
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
        charset = (parser_context or {}).get("encoding")
        return strict_json.loads(body, charset=charset)
