"""Any JSON that has one reading is read; anything else is one of three refusals."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)


def refusal(body: bytes, **options: Any) -> strict_json.MalformedJson:
    with pytest.raises(strict_json.MalformedJson) as caught:
        strict_json.loads(body, charset=None, **options)
    return caught.value


@given(VALUES, st.booleans())
def test_any_valid_json_comes_back_as_it_was(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert strict_json.loads(body, charset="utf-8", most_depth=1000) == value


PIECES = [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud800", b'"a":', b",", b"NaN"]
PIECES += [b"1e999", b"-", b"99999999999999999999", b"1", b"\xff", b"\x00", b"\xef\xbb\xbf", b" "]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_arbitrary_bytes_give_a_value_or_a_typed_refusal_that_can_be_sent(body: bytes) -> None:
    try:
        value = strict_json.loads(body, charset=None, most_depth=6)
    except (strict_json.MalformedJson, strict_json.TooDeep) as error:
        told = [error.detail, *(one.pointer + one.message for one in error.errors)]
        json.dumps(told, ensure_ascii=False).encode()
    else:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (rb'{"a": 1, "a": 1}', "duplicate_key", "/a"),
        (rb'{"x": [{"a": 1, "b": 2, "b": 3}]}', "duplicate_key", "/x/0/b"),
        (rb'{"a": 1, "\u0061": 2}', "duplicate_key", "/a"),
        (rb'{"a/b~": {"c": NaN}}', "not_finite", "/a~1b~0/c"),
        (rb"[1, Infinity]", "not_finite", "/1"),
        (rb"-Infinity", "not_finite", ""),
        (rb'{"n": 1e999}', "number_too_big", "/n"),
        (rb'{"n": -1e999}', "number_too_big", "/n"),
        (rb'{"n": 9223372036854775808}', "number_too_big", "/n"),
        (rb'{"n": -9223372036854775809}', "number_too_big", "/n"),
        (b'{"n": ' + b"9" * 100_000 + b"}", "number_too_big", "/n"),
        (rb'{"t": "a\u0000b"}', "forbidden_character", "/t"),
        (rb'{"t": ["\ud83d"]}', "forbidden_character", "/t/0"),
        (rb'{"t": "\ude00\ud83d"}', "forbidden_character", "/t"),
        (rb'{"o": {"a\u0000": 1}}', "forbidden_character", "/o"),
        (rb'{"o": {"\udfff": 1}}', "forbidden_character", "/o"),
        (rb'{"o": {"\udfff": 1, "\udfff": 2}}', "duplicate_key", "/o"),
        (b'{"o": {"%s": NaN}}' % (b"k" * 101), "not_finite", "/o"),
    ],
)
def test_what_two_readers_read_differently_is_refused_at_its_place(
    body: bytes, code: str, pointer: str
) -> None:
    error = refusal(body)
    assert [(one.code, one.pointer) for one in error.errors] == [(code, pointer)]
    assert (error.code, error.status) == ("malformed_json", 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"a"}',
        b"'a'",
        b"[1,]",
        b"01",
        b"1 2",
        b'"\x00"',
        b'"\n"',
        b"\x00",
        b'"\xff"',
        b'"\xed\xa0\x80"',  # a surrogate in UTF-8's clothes
        b'"\xc0\x80"',  # an overlong NUL
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
        b'"\\x41"',
        b"]" * 100,
        b"// comment\n1",
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(body: bytes) -> None:
    assert refusal(body).status == 400


def test_the_edges_of_the_numbers_are_within() -> None:
    body = rb'[9223372036854775807, -9223372036854775808, 1.7e308, -0, "\ud83d\ude00"]'
    assert strict_json.loads(body, charset=None) == [2**63 - 1, -(2**63), 1.7e308, 0, "😀"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("repeats", [21, 1000, 40_000])
def test_deep_nesting_is_refused_before_it_can_recurse(opening: bytes, repeats: int) -> None:
    with pytest.raises(strict_json.TooDeep) as caught:
        strict_json.loads(opening * repeats, charset=None)
    assert caught.value.status == 400


def test_twenty_levels_pass_and_brackets_in_strings_or_beside_each_other_do_not_count() -> None:
    strict_json.loads(b"[" * 20 + b"]" * 20, charset=None)
    with pytest.raises(strict_json.TooDeep):
        strict_json.loads(b"[" * 21 + b"]" * 21, charset=None)
    beside: list[object] = [["[" * 50], ['\\"' + "{" * 50], [[]] * 50, {"[" * 50: [{}] * 50}]
    for value in beside:
        assert strict_json.loads(json.dumps(value).encode(), charset=None) == value


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"'])
def test_utf_8_may_be_declared_in_its_usual_spellings(charset: str) -> None:
    assert strict_json.loads(b"[]", charset=charset) == []


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", "zlib", "rot13", "nonsense", ""])
def test_another_charset_is_refused_whether_python_knows_it_or_not(charset: str) -> None:
    with pytest.raises(strict_json.UnsupportedCharset) as caught:
        strict_json.loads(b"[]", charset=charset)
    assert (caught.value.code, caught.value.status) == ("unsupported_charset", 415)
