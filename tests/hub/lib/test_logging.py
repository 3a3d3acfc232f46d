"""No log line carries what a person typed or what a row holds, whoever wrote it."""

import json
import subprocess
import sys

LOGGED = """
import logging, types
import psycopg
from hub.lib import logging as ours
ours.configure()
try:
    try:
        raise psycopg.errors.UniqueViolation(
            'duplicate key value violates unique constraint "one"\\n'
            "DETAIL:  Key (mail)=(alice@corp.example) already exists.\\nIn two lines of Alice."
        )
    except psycopg.Error as error:
        raise ValueError("not saved") from error
except ValueError as error:
    ours.get("hub").error("request_failed", exc_info=error, mail="alice@corp.example")
request = types.SimpleNamespace(path="/people/alice")
for logger, level, message in (
    ("django.request", logging.WARNING, "%s: %s"),
    ("django.request", logging.ERROR, "%s: %s"),
    ("django.security.csrf", logging.WARNING, "Forbidden (%s): %s"),
):
    logging.getLogger(logger).log(
        level, message, "Said", request.path, extra={"status_code": 400, "request": request}
    )
"""


def test_neither_paths_nor_rows_nor_forbidden_keys_reach_the_log() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGGED], capture_output=True, text=True, check=True
    )
    assert "alice" not in done.stderr.lower()
    failed, broken = map(json.loads, done.stderr.splitlines())
    assert 'violates unique constraint "one"' in failed["exception"]
    assert failed["exception"].endswith("ValueError: not saved")
    assert broken["event"] == "Said"


TWICE = """
import structlog
from hub.lib import logging as ours
ours.configure()
with structlog.contextvars.bound_contextvars(request_id="r-1"):
    ours.get("hub.door").info("request", status=202, ms=1.5)
    ours.write("hub.door", "request", status=202, ms=1.5)
"""


def test_the_line_of_a_request_is_what_any_logger_would_have_written() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    usual, quick = map(json.loads, done.stderr.splitlines())
    moments = [line.pop("timestamp") for line in (usual, quick)]

    assert quick == usual
    assert quick["request_id"] == "r-1"
    assert [moment[-1] for moment in moments] == ["Z", "Z"]
