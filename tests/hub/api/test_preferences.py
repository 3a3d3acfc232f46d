"""GET and PUT /me/preferences, over HTTP."""

import pytest

from accounts.models import AuditEvent
from notifications.models import Category, OptOut, Preference
from tests.hub.api import codes

pytestmark = pytest.mark.django_db

PATH = "/api/v1/me/preferences"
QUIET = [{"days": ["monday", "friday"], "from": "22:00", "until": "07:00"}]


@pytest.fixture
def news(payroll):
    return Category.objects.create(subsystem=payroll, key="news", name="News", essential=False)


def read(world, caller="owner"):
    answer = world.call(caller, "GET", PATH)
    assert answer["ETag"] == f'"{answer.json()["version"]}"'
    return answer.json()


def put(world, body, caller="owner", **headers):
    return world.call(caller, "PUT", PATH, body, **headers)


def test_who_never_chose_anything_is_told_so_and_what_can_be_refused(world, news):
    held = read(world)

    assert (held["version"], held["channels"]) == (0, {"push": True, "email": True})
    assert held["effective"]["time_zone_from"] == "geo"
    assert (held["digest"], held["digest_at"]) == ("immediate", "08:00")
    assert {
        (one["subsystem"]["key"], one["category"], one["essential"], one["opted_out"])
        for one in held["categories"]
    } == {
        ("payroll", "approval", True, False), ("payroll", "news", False, False),
        ("rosters", "approval", True, False),
    }  # fmt: skip


def test_what_is_chosen_holds_for_oneself_alone_and_until_it_is_chosen_anew(world, news):
    body = {
        "language": "de-AT", "time_zone": "Europe/Vienna", "channels": {"push": False},
        "quiet_hours": QUIET, "opted_out": [{"subsystem": "payroll", "category": "news"}],
        "digest": "daily", "digest_at": "17:30",
    }  # fmt: skip
    first = put(world, {**body, "version": 0})
    assert first.status_code == 200

    held = read(world)
    assert held == first.json()
    assert (held["version"], held["language"], held["quiet_hours"]) == (1, "de-AT", QUIET)
    assert (held["digest"], held["digest_at"]) == ("daily", "17:30")
    assert held["effective"] == {
        "language": "de-AT", "time_zone": "Europe/Vienna", "time_zone_from": "preferences",
    }  # fmt: skip
    assert [one["category"] for one in held["categories"] if one["opted_out"]] == ["news"]
    assert read(world, "other_employee")["version"] == 0
    assert AuditEvent.objects.filter(action="preferences_changed").count() == 1

    again = put(world, {}, **{"If-Match": '"1"'}).json()
    assert (again["version"], again["quiet_hours"], again["digest"]) == (2, [], "immediate")
    assert not OptOut.objects.exists()


def test_two_phones_never_undo_each_other_unseen(world):
    assert put(world, {"version": 0, "language": "de"}).status_code == 200
    problem = codes.problem(put(world, {"version": 0, "language": "fr"}))

    assert (problem["status"], problem["code"]) == (412, "preferences_changed")
    assert problem["preferences"]["language"] == "de"
    assert Preference.objects.get().language == "de"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"time_zone": "Europe/Atlantis"}, "/time_zone", "unknown_time_zone"),
        ({"language": "German!"}, "/language", "not_a_language"),
        (
            {"quiet_hours": [{**QUIET[0], "days": ["noday"]}]},
            "/quiet_hours/0/days/0", "invalid_choice",
        ),
        ({"quiet_hours": [{**QUIET[0], "from": "24:00"}]}, "/quiet_hours/0/from", "invalid"),
        (
            {"quiet_hours": [{
                "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
                         "sunday"],
                "from": "00:00", "until": "00:00",
            }]},
            "/quiet_hours", "never_open",
        ),
        (
            {"opted_out": [{"subsystem": "payroll", "category": "approval"}]},
            "/opted_out", "essential_category",
        ),
        (
            {"opted_out": [{"subsystem": "payroll", "category": "nonsense"}]},
            "/opted_out", "unknown_category",
        ),
        ({"digest": "weekly"}, "/digest", "invalid_choice"),
        ({"digest": "daily", "digest_at": "8:00"}, "/digest_at", "invalid"),
        ({"digest": "daily", "digest_at": "24:00"}, "/digest_at", "invalid"),
        ({"version": None}, "/version", "null"),
    ],
)  # fmt: skip
def test_what_is_not_possible_has_its_pointer_and_changes_nothing(world, body, pointer, code):
    problem = codes.problem(put(world, {"version": 0, **body}))

    assert problem["status"] == 422
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(pointer, code)]
    assert not OptOut.objects.exists()
    assert not Preference.objects.filter(version__gt=0).exists()
