"""A file may be larger than other bodies, up to its own limit."""

import base64

import pytest

from selfserve.models import Captured
from tests.hub.api import codes

pytestmark = pytest.mark.django_db
PATH = "/api/v1/me/modules/leave/files"


def body(size):
    content = base64.b64encode(b"x" * size).decode()
    return {"input": "proof", "media_type": "text/plain", "content": content}


def test_a_file_of_a_megabyte_is_taken_and_comes_back_as_it_was(world):
    answer = world.call("owner", "POST", PATH, body(1_000_000))

    assert (answer.status_code, answer.json()["size"]) == (201, 1_000_000)
    assert bytes(Captured.objects.get(pk=answer.json()["id"]).content) == b"x" * 1_000_000


@pytest.mark.parametrize(
    ("size", "status", "code"), [(2_100_000, 422, "invalid"), (5_300_000, 413, "too_large")]
)
def test_a_file_that_is_too_large_is_refused(world, size, status, code):
    answer = world.call("owner", "POST", PATH, body(size))

    assert (answer.status_code, codes.problem(answer)["code"]) == (status, code)


def test_what_was_handed_in_is_never_sent_as_what_it_says_it_is(world):
    answer = world.call("sender", "GET", f"/api/v1/submissions/{world.reference}/files/proof")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment"
    assert answer["X-Content-Type-Options"] == "nosniff"
