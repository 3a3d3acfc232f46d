"""What may leave the building, by sensitivity; and that it always fits."""

import json
from datetime import timedelta

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.push import wording
from tests.notifications.push import said

PLATFORMS = ["android", "ios", "web"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_public_words_are_the_senders(platform: str) -> None:
    shown = said.show(platform=platform)
    channel = {"channel": "requests"} if platform == "android" else {}
    assert shown.data == channel | {
        "v": "1", "type": "notification", "id": said.ID, "kind": "request", "version": "3",
        "category": "expense.approval", "title": "Expense report EXP-2291",
        "body": "Taxi and hotel, Bengaluru",
    }  # fmt: skip
    assert shown.tag == said.ID
    alert = ("Expense report EXP-2291", "Taxi and hotel, Bengaluru")
    assert shown.alert == (None if platform == "android" else alert)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("kind", ["notice", "acknowledgement", "request", "of tomorrow"])
def test_internal_names_the_subsystem_and_none_of_the_senders_words(
    platform: str, kind: str
) -> None:
    shown = said.show(platform=platform, kind=kind, sensitivity="internal", collapse_key="EXP-2291")
    assert shown.data["title"] == "Expenses"
    everything = str((shown.data, shown.alert, shown.collapse_key, shown.category))
    assert "2291" not in everything
    assert "Taxi" not in everything


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("sensitivity", ["restricted", "a word the hub does not know"])
def test_restricted_carries_format_type_and_id_and_nothing_else(
    platform: str, sensitivity: str
) -> None:
    shown = said.show(platform=platform, sensitivity=sensitivity, collapse_key="EXP-2291")
    assert shown.data == {"v": "1", "type": "notification", "id": said.ID}
    assert shown.alert == (None if platform == "android" else wording.HIDDEN)
    assert shown.category is None  # no answer from the lock screen
    assert shown.collapse_key is None


def test_two_restricted_notifications_differ_in_their_id_only() -> None:
    one = said.show(sensitivity="restricted", platform="ios")
    other = said.show(
        sensitivity="restricted", platform="ios", kind="notice", category="payroll.slip",
        subsystem_name="Payroll", title="Other", summary="Words", version=9,
    )  # fmt: skip
    assert one == other


def test_buttons_are_offered_on_an_iphone_for_what_can_be_answered_there() -> None:
    assert said.show(platform="ios").category == "request"
    assert said.show(platform="ios", kind="acknowledgement").category == "acknowledgement"
    assert said.show(platform="ios", kind="notice").category is None


@pytest.mark.parametrize(
    ("kind", "urgent", "channel"),
    [
        ("request", True, "requests"),
        ("request", False, "requests"),
        ("notice", True, "urgent"),
        ("acknowledgement", True, "urgent"),
        ("notice", False, "notices"),
        ("acknowledgement", False, "notices"),
    ],
)
def test_android_is_told_the_channel_that_people_have_set_to_their_liking(
    kind: str, urgent: bool, channel: str
) -> None:
    assert said.show(kind=kind, urgent=urgent).data["channel"] == channel
    assert "channel" not in said.show(kind=kind, urgent=urgent, platform="ios").data
    assert "channel" not in said.show(kind=kind, urgent=urgent, sensitivity="restricted").data


def test_a_collapse_key_is_set_only_where_the_sender_named_one_and_never_in_his_words() -> None:
    assert said.show().collapse_key is None
    named = said.show(collapse_key="status")
    assert named.collapse_key not in {None, "status"}
    assert named.collapse_key == said.show(collapse_key="status", title="Other").collapse_key
    other_sender = said.show(collapse_key="status", subsystem_name="Payroll")
    assert named.collapse_key != other_sender.collapse_key
    assert said.show(collapse_key="status", platform="ios").collapse_key is None


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_silent_one_draws_nothing_and_sends_the_app_to_the_changes(platform: str) -> None:
    shown = said.show(platform=platform, silent=True)
    assert shown.data == {"v": "1", "type": "changes", "id": said.ID}
    assert shown.alert is None
    assert not shown.urgent


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_clearing_is_a_background_push_under_the_same_tag(platform: str) -> None:
    cleared = wording.clear(
        notification_id=said.ID, platform=platform, expires_at=None, now=said.NOW
    )
    assert cleared.data == {"v": "1", "type": "clear", "id": said.ID}
    assert (cleared.alert, cleared.urgent, cleared.tag) == (None, False, said.ID)


@pytest.mark.parametrize(
    ("left", "ttl"),
    [
        (timedelta(seconds=90, milliseconds=999), timedelta(seconds=90)),
        (timedelta(days=28), timedelta(days=28)),
        (timedelta(days=300), timedelta(days=28)),
        (timedelta(seconds=-1), timedelta(0)),
        (None, timedelta(days=28)),
    ],
)
def test_the_time_to_live_ends_with_the_notification_within_what_fcm_takes(
    left: timedelta | None, ttl: timedelta
) -> None:
    expires_at = None if left is None else said.NOW + left
    assert said.show(expires_at=expires_at).ttl == ttl


def test_the_clearing_of_an_expired_one_still_waits_a_day_for_a_phone_that_is_off() -> None:
    cleared = wording.clear(
        notification_id=said.ID, platform="ios", expires_at=said.NOW, now=said.NOW
    )
    assert cleared.ttl == timedelta(days=1)


@pytest.mark.parametrize(
    "grapheme",
    [
        "👨‍👩‍👧‍👦",  # a family, four people joined
        "🇮🇳",  # a flag, two letters
        "👍🏽",  # a thumb with its skin
        "e\u0301\u0323",  # e with two marks
        "नि",  # Devanagari: consonant and vowel sign
        "क्षि",  # Devanagari: conjunct
        "நி",  # Tamil
    ],
)
def test_a_long_body_is_cut_between_graphemes_never_inside(grapheme: str) -> None:
    shown = said.show(summary=grapheme * 4000)
    body = shown.data["body"].removesuffix("…")
    assert body
    assert body.replace(grapheme, "") == ""
    assert shown.data["title"] == "Expense report EXP-2291"  # the body gives way first
    # No room is given away: one more grapheme would not have fitted.
    room = wording.LIMIT_BYTES - wording.size(data=shown.data, alert=None)
    assert 0 <= room < len(grapheme.encode())


def test_a_long_title_gives_way_only_after_the_body() -> None:
    shown = said.show(title="न" * 3000, summary="b" * 3000)
    assert shown.data["body"] == "…"
    assert shown.data["title"].endswith("न…")
    assert said.show(title="न" * 3000, summary="").data["body"] == ""


def test_a_single_grapheme_larger_than_a_message_leaves_an_ellipsis() -> None:
    assert said.show(summary="e" + "\u0301" * 5000).data["body"] == "…"


awkward = st.one_of(
    st.text(max_size=300), st.text(alphabet='"\\\n\u0000😀न\u0301x', max_size=200)
).map(lambda text: text * 20)


@settings(deadline=None, derandomize=True)
@given(title=awkward, summary=awkward, platform=st.sampled_from(PLATFORMS))
def test_whatever_is_said_fits(title: str, summary: str, platform: str) -> None:
    shown = said.show(title=title, summary=summary, platform=platform)
    reserved = wording.RESERVED_BYTES[platform]
    assert wording.size(data=shown.data, alert=shown.alert) <= wording.LIMIT_BYTES - reserved
    assert json.loads(json.dumps(dict(shown.data))) == shown.data


# Of every kind of writing, what a reader takes for one sign: none may be torn apart.
SIGNS = [
    "a", "é", "ß", "\u0130", "Ж", "λ", "ש\u05b8\u05c1", "م\u064e\u0651", "क्षि", "নি", "ਕਿ", "நி", "తె", "ക്ഷ",
    "กำ", "ຂ້", "က္က", "ស្ត្រី", "བོད", "ཀྱི", "한", "\u1112\u1161\u11ab", "漢", "𠮷", "か\u3099", "葛\U000e0100", "ሰላ",
    "👨‍👩‍👧‍👦", "🏳️‍🌈", "🧑🏽‍🚀", "👍🏿", "🇮🇳", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "1️⃣", "☎️",
    "\r\n", " ", "\u200f", "\u2066", '"', "\\", "Z" + "\u0335\u0321\u0356" * 12,
]  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(
    title=st.lists(st.sampled_from(SIGNS), min_size=1, max_size=40),
    summary=st.lists(st.sampled_from(SIGNS), min_size=1, max_size=60),
    times=st.sampled_from([1, 20, 90]),
    platform=st.sampled_from(PLATFORMS),
)
def test_no_language_is_cut_inside_a_sign_and_no_sign_is_left_out_in_between(
    title: list[str], summary: list[str], times: int, platform: str
) -> None:
    long_title, long_summary = "".join(title), "".join(summary) * times
    shown = said.show(title=long_title, summary=long_summary, platform=platform)
    reserved = wording.RESERVED_BYTES[platform]
    assert wording.size(data=shown.data, alert=shown.alert) <= wording.LIMIT_BYTES - reserved
    for whole, cut in ((long_title, shown.data["title"]), (long_summary, shown.data["body"])):
        if cut == whole:
            continue
        assert cut.endswith("…")
        kept = regex.findall(r"\X", cut.removesuffix("…"))
        assert regex.findall(r"\X", whole)[: len(kept)] == kept
    if shown.data["title"] != long_title:
        assert shown.data["body"] == "…"  # it gave way first
    if shown.alert is not None:
        assert shown.alert == (shown.data["title"], shown.data["body"])


def test_the_words_and_the_address_do_not_show_in_a_repr() -> None:
    text = repr(said.push("SECRET-ADDRESS", said.show(platform="ios")))
    assert "SECRET-ADDRESS" not in text
    assert "Taxi" not in text
    assert "EXP-2291" not in text
