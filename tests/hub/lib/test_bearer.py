"""Tokens are unguessable, recognisable, and at rest nothing but a digest."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import bearer


def test_a_token_has_its_prefix_and_256_bits_and_is_new_every_time() -> None:
    tokens = {bearer.issue("hub_sk_").text for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch(r"hub_sk_[0-9A-Za-z]{49}", token) for token in tokens)


def test_at_rest_is_the_sha_256_and_only_the_right_text_matches_it() -> None:
    issued, other = bearer.issue("hub_at_"), bearer.issue("hub_at_")
    assert issued.digest == hashlib.sha256(issued.text.encode()).digest()
    assert bearer.digest(issued.text) == issued.digest
    assert bearer.matches(issued.text, issued.digest)
    assert not bearer.matches(other.text, issued.digest)
    assert not bearer.matches(issued.text + " ", issued.digest)


def test_neither_repr_nor_hint_shows_the_token() -> None:
    issued = bearer.issue("hub_sk_")
    assert issued.text not in repr(issued)
    assert repr(issued.digest) not in repr(issued)
    assert issued.hint == f"hub_sk_…{issued.text[-4:]}"


def test_a_mistyped_token_is_recognised_without_the_database() -> None:
    text = bearer.issue("hub_sk_").text
    assert bearer.well_formed(text, prefix="hub_sk_")
    assert not bearer.well_formed(text, prefix="hub_tk_")
    for place in range(len("hub_sk_"), len(text)):
        wrong = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        assert not bearer.well_formed(wrong, prefix="hub_sk_")
    for wrong in (text[:-1], text + "0", text + "\n", text.swapcase(), "hub_sk_", ""):
        assert not bearer.well_formed(wrong, prefix="hub_sk_")


@given(st.text(st.characters(exclude_categories=[]), max_size=80))
def test_any_text_at_all_has_a_digest_and_is_judged(text: str) -> None:
    assert len(bearer.digest(text)) == 32
    assert not bearer.well_formed(text, prefix="hub_sk_")
    assert not bearer.well_formed(f"hub_sk_{text}", prefix="hub_sk_")


@pytest.mark.parametrize("prefix", ["", "hub", "Hub_sk_", "hub sk_", "_", "hub__sk_"])
def test_an_odd_prefix_is_a_mistake_of_the_caller(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        bearer.issue(prefix)
