"""A schema fuzzer at every operation of both APIs: no 5xx, and no answer but what is documented.

What it sends fits the document, or breaks it in a way that the document tells. The world behind the
doors is the one of the access matrix, so many of its calls meet something that is really there.
"""

import contextlib
import json
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub import openapi
from hub.wsgi import application
from tests.hub.api.matrix import MATRIX, address
from tests.hub.api.test_openapi import DESCRIBED

EXAMPLES = 8  # of each operation and mode
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MISUSE = GenerationMode.NEGATIVE
# These judge each member of a list by itself, and answer 207.
EACH_BY_ITSELF = {"POST /api/v1/notifications/batch", "POST /api/v1/me/responses"}
CALLERS = {"employee": "owner", "subsystem": "sender", "open": "nobody"}


@cache
def operations() -> dict[str, Any]:
    """The operations of the document, by method and path."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(openapi.document())))
    schema.app = application
    found = (result.ok() for result in schema.get_all_operations())
    return {f"{one.method.upper()} {one.path}": one for one in found}


@pytest.mark.django_db
@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, MISUSE], ids=str)
@pytest.mark.parametrize("key", DESCRIBED)
def test_a_fuzzer_finds_no_failure_and_nothing_undocumented(world, key, mode):
    operation, row = operations()[key], MATRIX[key]
    token = world.tokens[CALLERS[row.door]]
    path = key.partition(" ")[2]

    statuses: list[int] = []

    @settings(
        max_examples=EXAMPLES, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def fuzz(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if "{" in path and data.draw(st.integers(0, 2)):
            there = address(path, world)
            case.path_parameters = parameters(path, there)
        if token:  # instead of the made-up one that fits the document as well
            case.headers["Authorization"] = f"Bearer {token}"
        judged = [*CHECKS, negative_data_rejection] if misused(case, key) else CHECKS
        answer = case.call_and_validate(checks=judged)
        statuses.append(answer.status_code)

    with contextlib.suppress(Unsatisfiable):  # an operation that takes nothing can't be misused
        fuzz()
    if mode == GenerationMode.POSITIVE:
        assert set(statuses) - {401}, "nothing of it came past the door"


def misused(case: Any, key: str) -> bool:
    """Whether body or query break the document; paths and tokens were replaced by good ones."""
    if key in EACH_BY_ITSELF or has_blanks_around(case.body):
        return False
    parts = {where for where, part in case.meta.components.items() if part.mode == MISUSE}
    return bool(parts & {ParameterLocation.BODY, ParameterLocation.QUERY})


def has_blanks_around(value: Any) -> bool:
    """Whether a text in it begins or ends with blanks: they are taken off before it is judged."""
    if isinstance(value, str):
        return value != value.strip()
    if isinstance(value, dict):
        return any(map(has_blanks_around, value.values()))
    return isinstance(value, list) and any(map(has_blanks_around, value))


def parameters(path: str, there: str) -> dict[str, str]:
    """The path parameters with which a template becomes this address."""
    pairs = zip(path.split("/"), there.split("/"), strict=True)
    return {name.strip("{}"): value for name, value in pairs if name.startswith("{")}
