"""Templates in many languages: what is written where, and that nobody's data break a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import rendering

TAKES = {"who": "text", "count": "number", "amount": "money", "on": "date", "at": "datetime"}
TEXTS = {
    "en": {"title": "{count, plural, one {# report} other {# reports}} of {who}", "summary": "{amount}, {on}"},
    "de": {"title": "{count, plural, one {# Bericht} other {# Berichte}} von {who}", "summary": "{amount}, {on}, {at}"},
    "ar": {"title": "{count, plural, zero {لا تقارير} one {تقرير واحد} two {تقريران} few {# تقارير} other {# تقريرًا}}"},
}  # fmt: skip
DATA = {
    "who": "Ana", "count": 1200, "amount": {"value": "1234.50", "currency": "EUR"},
    "on": "2026-12-24", "at": "2026-12-24T17:30:00+01:00",
}  # fmt: skip


def words(language, texts=TEXTS, default="en", **data):
    return rendering.words(texts, default=default, data=DATA | data, takes=TAKES, language=language)


@pytest.mark.parametrize(
    ("language", "title", "summary"),
    [
        ("en", "1,200 reports of Ana", "€1,234.50, Dec 24, 2026"),
        ("de", "1.200 Berichte von Ana", "1.234,50 €, 24.12.2026, 24.12.26, 17:30"),
        ("de-AT", "1.200 Berichte von Ana", "1.234,50 €, 24.12.2026, 24.12.26, 17:30"),
        ("fr", "1,200 reports of Ana", "€1,234.50, Dec 24, 2026"),
        ("", "1,200 reports of Ana", "€1,234.50, Dec 24, 2026"),
    ],
)
def test_each_reads_it_as_their_language_writes_it(language, title, summary):
    said = words(language)

    assert said["title"] == title
    assert said["summary"].replace("\N{NO-BREAK SPACE}", " ") == summary


@pytest.mark.parametrize(
    ("count", "form"), [(0, "لا تقارير"), (1, "تقرير واحد"), (2, "تقريران"), (3, "٣ تقارير")]
)
def test_plurals_are_those_of_the_language(count, form):
    said = words("ar", count=count)["title"].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert said == form


def test_the_chain_is_the_own_language_its_parents_the_default_and_english():
    texts = {"de-AT": {}, "de": {}, "fr": {}, "en": {}}
    assert rendering.chosen(texts, default="fr", language="de-AT") == "de-AT"
    assert rendering.chosen(texts, default="fr", language="de-CH") == "de"
    assert rendering.chosen(texts, default="fr", language="it") == "fr"
    assert rendering.chosen({"en": {}, "it": {}}, default="xx", language="de") == "en"


@pytest.mark.parametrize(
    "pattern", ["{", "{count, plural, one {x}}", "{count, nonsense}", "{undeclared}", "{0}"]
)
def test_a_text_that_would_not_show_what_it_says_is_refused(pattern):
    [flaw] = rendering.check({"en": {"title": pattern}}, TAKES)

    assert (flaw.pointer, flaw.code) == ("/texts/en/title", "bad_template")


@pytest.mark.parametrize(
    ("data", "pointer", "code"),
    [
        ({"count": "three"}, "/data/count", "invalid"),
        ({"count": True}, "/data/count", "invalid"),
        ({"amount": {"value": "1", "currency": "eur"}}, "/data/amount", "invalid"),
        ({"amount": {"value": "NaN", "currency": "EUR"}}, "/data/amount", "invalid"),
        ({"amount": "1 EUR"}, "/data/amount", "invalid"),
        ({"amount": {"value": 1, "currency": "EUR"}}, "/data/amount", "invalid"),
        ({"on": "24.12.2026"}, "/data/on", "invalid"),
        ({"at": "2026-12-24T17:30:00"}, "/data/at", "invalid"),
        ({"who": "x" * 501}, "/data/who", "invalid"),
        ({"who": ["x"]}, "/data/who", "invalid"),
        ({"other": "x"}, "/data", "unknown_field"),
    ],
)
def test_data_that_do_not_fit_have_their_pointer(data, pointer, code):
    [flaw] = rendering.check_data(DATA | data, TAKES)

    assert (flaw.pointer, flaw.code) == (pointer, code)


def test_what_is_missing_is_told():
    [flaw] = rendering.check_data({k: v for k, v in DATA.items() if k != "who"}, TAKES)

    assert (flaw.pointer, flaw.code) == ("/data/who", "required")


@given(
    st.text(max_size=60, alphabet=st.characters(exclude_categories=["Cs", "Cc"])),
    st.integers(-(10**12), 10**12), st.decimals(-(10**9), 10**9, places=2, allow_nan=False),
)  # fmt: skip
def test_whatever_fits_is_shown_and_never_read_as_a_pattern(who, count, amount):
    data = {**DATA, "who": who, "count": count, "amount": {"value": str(amount), "currency": "JPY"}}
    if [*rendering.check_data(data, TAKES)]:
        return
    for language in ("en", "de-AT", "ar", "hi", "xx"):
        said = rendering.words(TEXTS, default="en", data=data, takes=TAKES, language=language)
        assert " ".join(who.split()) in " ".join(said["title"].split()) or language == "ar"
        assert len(said["title"]) <= 200


def test_a_title_stays_one_line():
    texts = {"en": {"title": "A\n{who}"}}

    assert words("en", texts, who="B\nC")["title"] == "A B C"
