"""The fields `waves` and `joiners` of POST /notifications."""

import json
from datetime import timedelta

import pytest

from hub.lib import clock
from tests.hub.api import codes
from tests.hub.api.world import NOTICE

pytestmark = pytest.mark.django_db


def post(world, **more):
    return world.call("sender", "POST", "/api/v1/notifications", {**NOTICE, **more})


def test_both_are_taken_and_read_back(world):
    end = clock.text(clock.now() + timedelta(days=3))
    waves = {"by": "time_zone", "at": "09:00"}
    accepted = json.loads(post(world, waves=waves, joiners=True, expires_at=end).content)
    report = json.loads(world.call("sender", "GET", accepted["uri"]).content)

    assert (report["waves"], report["joiners"], report["fanned_out"]) == (waves, True, False)
    plain = json.loads(post(world).content)
    report = json.loads(world.call("sender", "GET", plain["uri"]).content)
    assert (report["waves"], report["joiners"], report["fanned_out"]) == (None, False, True)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"waves": {"by": "geo", "at": "09:00"}}, "/waves/by"),
        ({"waves": {"by": "time_zone", "at": "24:00"}}, "/waves/at"),
        ({"waves": {"by": "time_zone", "at": "9:00"}}, "/waves/at"),
        ({"waves": {"by": "time_zone"}}, "/waves/at"),
        ({"waves": {"by": "time_zone", "at": "09:00", "of": 1}}, "/waves/of"),
        ({"waves": "09:00"}, "/waves"),
        ({"joiners": "perhaps"}, "/joiners"),
        ({"joiners": True}, "/joiners"),
        ({"kind": "request", "joiners": True}, "/joiners"),
        ({"kind": "request", "waves": {"by": "time_zone", "at": "09:00"}}, "/waves"),
    ],
)
def test_what_makes_no_sense_is_pointed_at(world, more, pointer):
    problem = codes.problem(post(world, **more))

    assert problem["status"] == 422
    assert [flaw["pointer"] for flaw in problem["errors"]] == [pointer]
