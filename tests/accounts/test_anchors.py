"""What the database alone could not show: a chain cut at its end, or made anew."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from accounts import anchors, audit
from accounts.models import AuditEvent
from tests.accounts.test_audit import record, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(now, tmp_path):
    """Three sealed events, their head in a log among other lines, then two more."""
    lines = ["granian starts", json.dumps({"event": "request", "status": 200})]
    for _ in range(3):
        record(now)
    audit.seal(now=now, limit=10)
    with capture_logs() as said:
        anchors.tell()
    lines += ["web-1  | " + json.dumps(line) for line in said]
    for _ in range(2):
        record(now)
    audit.seal(now=now, limit=10)
    path = tmp_path / "hub.log"
    path.write_text("\n".join(lines))
    return path


def verify(path):
    out = StringIO()
    call_command("verify_audit", anchors=path, stdout=out)
    return out.getvalue()


def test_a_whole_chain_has_every_head_that_was_told(told):
    assert (
        verify(told)
        == "audit log: intact, 5 sealed, 0 waiting for the sealer; 1 anchors are in it\n"
    )


def test_before_anything_is_sealed_there_is_nothing_to_tell():
    assert anchors.tell() is None


def test_a_chain_that_was_cut_at_its_end_is_found_out(told):
    tamper("DELETE FROM accounts_auditseal WHERE sequence >= 3")
    tamper(
        "DELETE FROM accounts_auditevent WHERE id NOT IN (SELECT event_id FROM accounts_auditseal)"
    )
    assert audit.verify().intact  # by itself it cannot tell
    with pytest.raises(CommandError, match="sequence 3 is not what was told"):
        verify(told)


def test_a_chain_that_was_made_anew_with_the_key_is_found_out(told, now):
    tamper("DELETE FROM accounts_auditseal")
    tamper("UPDATE accounts_auditevent SET action = 'nothing_happened'")
    audit.seal(now=now, limit=10)
    assert audit.verify().intact
    with pytest.raises(CommandError, match="sequence 3 is not what was told"):
        verify(told)


@pytest.mark.parametrize(
    "line", ['{"event": "audit_anchored"', '{"event": "audit_anchored", "mac": 1}']
)
def test_a_log_that_is_damaged_is_refused_by_line(tmp_path, line):
    path = tmp_path / "hub.log"
    path.write_text(f"first\n{line}\n")
    with pytest.raises(CommandError, match="line 2 is no anchor"):
        verify(path)


def test_a_log_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        verify(tmp_path / "hub.log")


def export(capsys, **more):
    out = StringIO()
    terms = {"since": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z", **more}
    call_command(
        "export_audit",
        *(word for name, value in terms.items() for word in (f"--{name}", value)),
        stdout=out,
    )
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_export_has_the_events_with_their_seals_and_is_on_the_log_itself(told, capsys):
    rows = export(capsys)
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5, None]
    assert rows[-1]["action"] == "audit_exported"
    assert len(rows[0]["mac"]) == 64
    assert AuditEvent.objects.filter(action="audit_exported").count() == 1


def test_an_export_can_be_of_one_person_one_action_or_one_time(told, capsys, alice, now):
    actor = audit.Actor("employee", str(alice.id))
    audit.record(now=now, actor=actor, action="signed_in", subject_kind="device", subject_id="7")
    assert [row["action"] for row in export(capsys, of=str(alice.id))] == ["signed_in"]
    assert [row["action"] for row in export(capsys, of="7", action="signed_in")] == ["signed_in"]
    assert export(capsys, until="2026-01-02T00:00:00Z") == []


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00:00", "2101-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(since):
    with pytest.raises(CommandError):
        call_command("export_audit", "--since", since, "--until", "2100-01-01T00:00:00Z")
