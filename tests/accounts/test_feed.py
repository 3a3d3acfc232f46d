"""The employee database: what it says counts where the settings say so, and bad rows are told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts import feed, people, sync
from accounts.feed import rows
from accounts.models import AuditEvent, Employee, FeedRecord, Synchronisation
from hub.lib import environment
from tests.accounts.conftest import FakeDirectory, person

COLUMNS = {
    "employee_id": "No", "department": "Dept", "geo": "Land", "title": "Job", "manager": "Boss",
    "time_zone": "Zone", "language": "Lang",
}  # fmt: skip
HEADER = "No,Dept,Land,Job,Boss,Zone,Lang,Salary"
HOUR = timedelta(hours=1)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, settings: LazySettings, db: None) -> Write:
    """Write the feed: rows below the usual header."""
    path = tmp_path / "feed.csv"
    settings.EMPLOYEE_FEED, settings.EMPLOYEE_FEED_COLUMNS = str(path), COLUMNS

    def write(*lines: str, header: str = HEADER) -> Path:
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def follow(directory: FakeDirectory, now: datetime) -> None:
    assert sync.run(directory=directory, now=now) is not None


def row(number: int, dept: str = "Finance") -> str:
    return f"E{number},{dept},DE,Clerk,,Europe/Berlin,de,1000"


def test_the_feed_fills_what_the_directory_leaves_blank_and_wins_where_the_settings_say(
    write: Write, settings: LazySettings, directory: FakeDirectory, alice: Employee,
    bob: Employee, dana: Employee, now: datetime,
) -> None:  # fmt: skip
    settings.EMPLOYEE_FEED_WINS = {"department", "manager"}
    directory.add(person(alice, title=""))
    write(
        "E1001,Treasury,US,Controller,E1002,Asia/Kolkata,en-IN,9000",
        "E1002,,FR,,,,,",
    )
    assert feed.read(now=now).records == 2
    follow(directory, now)
    for one in (alice, bob):
        one.refresh_from_db()
    assert (alice.department, alice.geo, alice.title, alice.manager) == (
        "Treasury", "DE", "Controller", bob,
    )  # fmt: skip
    assert (alice.time_zone, alice.language) == ("Asia/Kolkata", "en-IN")
    assert (bob.department, bob.geo, bob.manager) == ("Finance", "DE", dana)


def test_a_sign_in_between_two_runs_does_not_undo_what_the_feed_said(
    write: Write, settings: LazySettings, directory: FakeDirectory, alice: Employee,
    bob: Employee, now: datetime,
) -> None:  # fmt: skip
    settings.EMPLOYEE_FEED_WINS = {"department", "manager"}
    write("E1001,Treasury,,,E1002,,,")
    feed.read(now=now)
    follow(directory, now)
    people.upsert(person=person(alice, department="Finance"), now=now + HOUR)
    alice.refresh_from_db()
    assert (alice.department, alice.manager) == ("Treasury", bob)


def test_somebody_gone_from_the_feed_has_the_directorys_word_again(
    write: Write, settings: LazySettings, directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    settings.EMPLOYEE_FEED_WINS = {"department"}
    write("E1001,Treasury,,,,,,", row(5), row(6))
    feed.read(now=now)
    follow(directory, now)
    write(row(5), row(6))
    outcome = feed.read(now=now + HOUR)
    assert (outcome.gone, outcome.missing) == (1, 0)
    follow(directory, now + HOUR)
    alice.refresh_from_db()
    assert alice.department == "Finance"


def test_a_feed_without_changes_makes_no_run_read_everybody(
    write: Write, directory: FakeDirectory, now: datetime
) -> None:
    write(row(5))
    feed.read(now=now)
    follow(directory, now)
    feed.read(now=now + HOUR)
    state = Synchronisation.objects.get(name="directory")
    assert state.asked == state.answered
    write(row(5, "IT"))
    assert feed.read(now=now + HOUR).changed == 1
    state.refresh_from_db()
    assert state.asked == state.answered + 1
    follow(directory, now + HOUR)
    state.refresh_from_db()
    assert (state.asked, state.figures["complete"]) == (state.answered, 1)


def test_every_bad_row_is_told_by_its_line_and_what_was_known_of_them_stays(
    write: Write, now: datetime
) -> None:
    write(*map(row, range(10)))
    feed.read(now=now)
    write(
        row(0, "IT"),
        "E1,too few",
        ",IT,DE,Clerk,,,,",
        row(0),
        "E2,IT,DE,Clerk,,Mars/Olympus,,",
        "E3,IT,DE,Clerk,,,no language,",
        f"E4,{'x' * 129},DE,,,,,",
        "E5,a\u202eb,DE,,,,,",
        '"E6","two\nlines",DE,,,,,',
        *map(row, range(7, 10)),
        row(1),
    )
    outcome = feed.read(now=now + HOUR)
    assert [(flaw.line, flaw.column, flaw.code) for flaw in outcome.flaws] == [
        (3, "", "wrong_number_of_columns"),
        (4, "No", "blank"),
        (5, "No", "twice"),
        (6, "Zone", "unknown_time_zone"),
        (7, "Lang", "not_a_language"),
        (8, "Dept", "too_long"),
        (9, "Dept", "bidi_control"),
        (11, "Dept", "control_character"),
    ]
    assert (outcome.records, outcome.gone) == (5, 0)
    departments = dict(FeedRecord.objects.values_list("employee_id", "department"))
    assert departments == {f"E{n}": "Finance" for n in range(10)} | {"E0": "IT"}
    told = Synchronisation.objects.get(name="feed").figures
    assert told["bad"] == 8
    assert told["bad_rows"][0] == {"line": 3, "column": "", "code": "wrong_number_of_columns"}


def test_more_gone_than_may_be_stop_until_somebody_allows_it(write: Write, now: datetime) -> None:
    write(*map(row, range(100)))
    feed.read(now=now)
    write(*(row(n, "IT") for n in range(94)))
    outcome = feed.read(now=now + HOUR)
    assert (outcome.missing, outcome.changed) == (6, 0)
    assert not FeedRecord.objects.filter(department="IT").exists()
    with pytest.raises(CommandError, match="6 people are missing"):
        call_command("read_feed")
    call_command("read_feed", "--allow-absent")
    assert FeedRecord.objects.filter(department="IT", gone_at=None).count() == 94
    assert AuditEvent.objects.get(action="feed_absence_allowed").data == {"people": 6}


def test_those_gone_within_a_day_are_counted_together_and_then_deleted(
    write: Write, now: datetime
) -> None:
    write(*map(row, range(100)))
    feed.read(now=now)
    write(*map(row, range(96)))
    assert feed.read(now=now + HOUR).gone == 4
    write(*map(row, range(94)))
    assert feed.read(now=now + 2 * HOUR).missing == 2
    assert feed.read(now=now + 26 * HOUR).gone == 2
    assert FeedRecord.objects.count() == 96


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column No"),
        (b"No,Dept\nE1,IT\n", "no column Land"),
        (HEADER.encode() + b"\nE1,\xff,,,,,,\n", "not UTF-8"),
        (HEADER.encode() + b'\nE1,"IT"x,,,,,,\n', "Line 2 is no CSV"),
    ],
)
def test_a_feed_that_is_not_what_the_settings_say_changes_nothing(
    write: Write, now: datetime, content: bytes, why: str
) -> None:
    path = write(row(1))
    feed.read(now=now)
    path.write_bytes(content)
    with pytest.raises(rows.Unreadable, match=why):
        feed.read(now=now + HOUR)
    path.unlink()
    with pytest.raises(rows.Unreadable, match="cannot be read"):
        feed.read(now=now + HOUR)
    assert FeedRecord.objects.get().employee_id == "E1"


def test_a_feed_as_spreadsheets_write_it_is_read(
    write: Write, settings: LazySettings, now: datetime
) -> None:
    settings.EMPLOYEE_FEED_DELIMITER = ";"
    path = write()
    path.write_bytes('\ufeffNo;Dept;Land;Job;Boss;Zone;Lang\r\nE1;"A;B";DE;;;;\r\n\r\n'.encode())
    assert feed.read(now=now).records == 1
    assert FeedRecord.objects.get().department == "A;B"


@pytest.mark.parametrize(
    "value",
    ["[]", "{", '{"employee_id": 1}', '{"salary": "S", "employee_id": "N"}', '{"geo": "L"}'],
)
def test_a_mapping_that_makes_no_sense_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("EMPLOYEE_FEED_COLUMNS", value)
    with pytest.raises(environment.BadSetting):
        environment.feed_columns("EMPLOYEE_FEED_COLUMNS")
    monkeypatch.setenv("EMPLOYEE_FEED_WINS", "department,salary")
    with pytest.raises(environment.BadSetting):
        environment.subset("EMPLOYEE_FEED_WINS", among={"department"})
