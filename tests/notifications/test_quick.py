"""What is recognised as surely good is what the serializer would have made of it."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.api import bodies
from hub.lib import errors
from notifications.api.subsystem import inputs, quick
from tests.hub.api.bodies import JUNK, places, spoilt

NOTICE = {
    "category": "c", "kind": "notice", "title": "Title", "summary": "S", "body": "Two\nlines",
    "audience": {"any": [{"employees": ["E1", "mail:b@c.example"]}], "none": [{"geo": "DE"}]},
    "facts": [{"label": "Amount", "value": "1.00", "type": "money", "currency": "EUR"}],
    "links": [{"label": "Open", "module": "expenses", "path": "/reports/1"}],
    "reference": "EXP-1", "sensitivity": "internal", "priority": "high", "send_at": None,
    "due_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-02T00:00:00+02:00",
    "waves": {"by": "time_zone", "at": "09:30"}, "joiners": True, "metadata": {"opaque": [1, {"deep": "x"}]},
}  # fmt: skip
REQUEST = {
    **NOTICE, "kind": "request", "waves": None, "joiners": False, "requester": "E2", "on_expiry": "reject",
    "actions": [{"verb": "approve", "label": "Yes", "comment": "none"}], "collapse_key": "exp.1",
    "policy": {"mode": "quorum", "n": 2, "reject_ends": False},
    "escalation": [{"after": "P1D", "do": "remind"}, {"after": "P3DT4H", "do": "group", "group": "G"}],
}  # fmt: skip


ACKNOWLEDGEMENT = {**NOTICE, "kind": "acknowledgement"}


def judged(data):
    """The draft by the serializer; None if it refuses."""
    try:
        return inputs.draft_of(bodies.validated(inputs.NotificationInput, data))
    except errors.Invalid:
        return None


def agree(data):
    recognised = quick.read(copy.deepcopy(data))
    if recognised is not None:
        assert inputs.draft_of(recognised) == judged(data)
    return recognised is not None


@pytest.mark.parametrize("body", [NOTICE, ACKNOWLEDGEMENT, REQUEST], ids=lambda body: body["kind"])
def test_what_nearly_every_body_looks_like_is_recognised(body):
    assert agree(body)
    assert agree({name: body[name] for name in ("category", "kind", "title", "audience")})
    for name in body.keys() - {"category", "kind", "title", "audience"}:
        assert agree({key: value for key, value in body.items() if key != name}), name


@pytest.mark.parametrize("body", [NOTICE, REQUEST], ids=["notice", "request"])
def test_a_body_that_is_spoilt_at_any_place_is_recognised_only_if_it_is_still_good(body):
    for at in places(body):
        for junk in [
            *JUNK,
            "\u202e",
            "a\tb",
            "a\nb",
            "\x7f",
            " x ",
            "x\n",
            "EUR\n",
            "/\n",
            "é",
            500,
            501,
            2.0,
            "é" * 64,
            "e" + "\u0301" * 9,
        ]:
            agree(spoilt(body, at, junk))
        if at:
            agree({**spoilt(body, at, "x"), "more": 1})


def test_every_length_is_the_serializers():
    for name in ("category", "reference", "title", "summary", "body", "requester", "collapse_key"):
        most = inputs.NotificationInput().fields[name].max_length
        for length in (most, most + 1):
            assert agree({**REQUEST, name: "x" * length}) == (length == most), (name, length)
    for many, most, name in (("facts", 30, NOTICE["facts"]), ("links", 10, NOTICE["links"])):
        assert agree({**NOTICE, many: name * most})
        assert not agree({**NOTICE, many: name * (most + 1)})


text = st.text(st.sampled_from("aé \t\n\u202e\u0301\x7f-_/.A1"), max_size=12)
free = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
moment = st.sampled_from(
    ["2099-01-01T00:00:00Z", "2099-01-01t00:00:00.123456789-11:30", "2099-01-01", "0001-01-01T00:00:00+14:00"]
)  # fmt: skip
line = text | st.sampled_from(["x" * 40, "x" * 41, "x" * 64, "x" * 81, "x" * 200, "x" * 501])
fact = st.fixed_dictionaries(
    {"label": line, "value": line},
    optional={"type": st.sampled_from(["text", "money", "date", "x"]), "currency": st.sampled_from(["EUR", "EUR ", "EUR\n", "eur", ""])},
)  # fmt: skip
link = st.fixed_dictionaries(
    {"label": line, "module": line}, optional={"path": st.sampled_from(["/", "/a b", "/a\n", "x"])}
)
action = st.fixed_dictionaries(
    {"verb": st.sampled_from(["approve", "reject", "x"]), "label": line},
    optional={"comment": st.sampled_from(["none", "required", ""])},
)
body = st.fixed_dictionaries(
    {
        "category": line, "kind": st.sampled_from(["notice", "request", "acknowledgement", None]),
        "title": line, "audience": st.fixed_dictionaries({}, optional={"any": st.lists(free, max_size=2), "all": st.lists(st.dictionaries(text, free, max_size=2), max_size=2), "none": free}),
    },
    optional={
        "reference": line, "summary": line, "body": line, "facts": st.lists(fact, max_size=3),
        "links": st.lists(link, max_size=3), "requester": st.none() | line,
        "sensitivity": st.sampled_from(["public", "x", None]),
        "priority": st.sampled_from(["bulk", "urgent", 1]), "send_at": st.none() | moment,
        "due_at": moment, "expires_at": moment | free,
        "on_expiry": st.sampled_from(["none", "approve", ""]),
        "policy": st.sampled_from([{"mode": "any"}, {"mode": "quorum", "n": 1}, {"mode": "all", "n": 1}, {}, None]),
        "actions": st.lists(action, max_size=3), "collapse_key": st.none() | line,
        "waves": free | st.fixed_dictionaries({"by": st.just("time_zone"), "at": st.sampled_from(["09:00", "24:00"])}), "joiners": free,
        "metadata": free, "surprise": free,
    },
)  # fmt: skip


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(body)
def test_whatever_is_recognised_the_serializer_takes_alike(data):
    agree(data)
