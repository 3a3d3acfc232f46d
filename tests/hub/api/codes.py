"""The closed list of codes, as docs/errors.md has it, and the one shape of every refusal."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpResponse

PAGE = Path(__file__).resolve().parents[3] / "docs" / "errors.md"
ROW = re.compile(
    r"^\| `(?P<code>[a-z_]+)` \| (?P<status>[0-9, ]+) \| (?P<when>.+) \| (?P<do>.+) \|$"
)
FLAW = re.compile(r"^\| `(?P<code>[a-z_]+)` \| (?P<when>[^|]+) \|$")
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


@dataclass(frozen=True)
class Documented:
    """A row of the page."""

    statuses: frozenset[int]
    when: str
    do: str


def documented() -> dict[str, Documented]:
    """The codes of problems."""
    rows = [match for line in PAGE.read_text().splitlines() if (match := ROW.match(line))]
    assert len({row["code"] for row in rows}) == len(rows), "a code stands twice"
    return {
        row["code"]: Documented(
            frozenset(int(status) for status in row["status"].split(",")), row["when"], row["do"]
        )
        for row in rows
    }


def documented_flaws() -> set[str]:
    """The codes inside `errors`."""
    return {match["code"] for line in PAGE.read_text().splitlines() if (match := FLAW.match(line))}


def problem(answer: HttpResponse) -> dict[str, Any]:
    """The body of a refusal, after everything that every refusal promises was seen in it."""
    assert 400 <= answer.status_code < 600, answer.status_code
    assert answer["Content-Type"] == "application/problem+json", answer.content[:200]
    body: dict[str, Any] = json.loads(answer.content)
    assert body.keys() >= MEMBERS
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer["X-Request-ID"]
    assert body["type"] == f"urn:hub:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert answer.status_code in documented()[body["code"]].statuses, body
    for flaw in body.get("errors", ()):
        assert flaw.keys() == {"pointer", "code", "message"}
        assert flaw["pointer"] == "" or flaw["pointer"].startswith("/")
        assert flaw["code"] in documented_flaws(), flaw
        assert flaw["message"]
    return body
