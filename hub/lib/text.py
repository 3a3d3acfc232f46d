"""What a line of text may hold, so that it shows on a phone as what it is."""

import re
import unicodedata

# Embeddings, overrides and isolates can make a text read as another one ("Trojan Source").
# The plain marks U+200E, U+200F and U+061C only help right-to-left scripts, and stay.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("[\t\n\r]")
# Living languages need four on one letter; "Zalgo" text stacks dozens over its neighbours.
MARKS_IN_A_ROW = 8


def flaw(text: str, *, several_lines: bool = False) -> str | None:
    """A code for what is wrong with the text, None if nothing is.

    `control_character` (C0, C1, DEL, line and paragraph separators, lone surrogates; tab and
    line ends are fine where several lines are), `bidi_control`, or `combining_storm` (more than
    MARKS_IN_A_ROW non-spacing marks in a row).
    """
    if several_lines:
        text = _LINE_ENDS.sub(" ", text)
    if text.isascii() and text.isprintable():
        return None
    if _BIDI.search(text):
        return "bidi_control"
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"}:
            return "control_character"
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MARKS_IN_A_ROW:
            return "combining_storm"
    return None
