"""Which version a change is of: the body's `version`, or the header If-Match."""

import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from hub.lib import errors

IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="The version that is edited, in quotes: `\"1\"`. Or say `version` in the body.",
)  # fmt: skip
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,8})"')


def version(request: Request, said: int | None) -> int:
    """The version that is edited. Raises Invalid if it is not said, or said in two ways."""
    header = request.headers.get("If-Match")
    found = None if header is None else _VERSION.fullmatch(header.strip())
    if header is not None and found is None:
        raise _invalid("/version", "invalid", "If-Match is one version in quotes.")
    quoted = None if found is None else int(found[1])
    chosen = quoted if said is None else said
    if chosen is None:
        raise _invalid("/version", "required", "Say which version you edit, here or by If-Match.")
    if quoted is not None and quoted != chosen:
        raise _invalid("/version", "invalid", "The body and If-Match say different versions.")
    return chosen


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
