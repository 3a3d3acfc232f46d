"""Titles of every language pass; what deceives or breaks a screen does not."""

import pytest

from hub.lib import text


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Expense report EXP-2291",
        "Überstunden bestätigen",
        "Nghiễn ngẫm Nghiễn",  # combining marks
        "אִ֑מָּהּ",  # Hebrew with vowels and cantillation
        "สวัสดีที่นี่",
        "नमस्ते क्ष्म्य",
        "\u200fשלום\u200e (PO-1)",
        "👩🏽‍💻 🏳️‍🌈 1️⃣",
        "a" + "\u0301" * text.MARKS_IN_A_ROW,
    ],
)
def test_living_languages_and_emoji_pass(line: str) -> None:
    assert text.flaw(line) is None


@pytest.mark.parametrize("character", list("\x00\x07\x1b\n\r\t\x7f\x85\x9b\u2028\u2029\ud800"))
def test_a_control_character_has_no_place_in_a_line(character: str) -> None:
    assert text.flaw(f"a{character}b") == "control_character"


@pytest.mark.parametrize(
    "character", list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
def test_a_bidi_control_is_refused_in_a_line_and_in_a_body(character: str) -> None:
    assert text.flaw(f"Pay {character}05.214") == "bidi_control"
    assert text.flaw(f"Pay\n{character}05.214", several_lines=True) == "bidi_control"


def test_a_combining_storm_is_refused() -> None:
    assert text.flaw("a" + "\u0301" * (text.MARKS_IN_A_ROW + 1)) == "combining_storm"
    assert text.flaw("a" + "\u20dd\u0336" * 50) == "combining_storm"


def test_a_body_may_have_tabs_and_line_ends_and_no_other_control() -> None:
    assert text.flaw("a\tb\r\nc\n", several_lines=True) is None
    assert text.flaw("a\nb\x1b[2J", several_lines=True) == "control_character"
