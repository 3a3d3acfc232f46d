"""The hub's own sentences: each has its translation, compiled, with the same facts in it."""

import gettext as support
import io
import re

import pytest
from babel.messages import mofile, pofile

from notifications import phrases
from notifications.api import unsubscribe
from notifications.mailing import wording as mail_wording
from notifications.push import wording

TRANSLATED = [language for language in phrases.LANGUAGES if language != phrases.DEFAULT]
SAID = {
    *wording.HIDDEN, *wording.GENERIC_BODY.values(), wording.REFUSED_BODY, *mail_wording.HIDDEN, *mail_wording.GENERIC.values(), *mail_wording.WHY.values(),
    "Get no more of “%(category)s”", "Unsubscribe", "Open",
    unsubscribe.ASK, unsubscribe.DONE, unsubscribe.ASK_ALL, unsubscribe.DONE_ALL, unsubscribe.ESSENTIAL, unsubscribe.UNKNOWN,
}  # fmt: skip
FACT = re.compile(r"%\((\w+)\)s")


def catalog(language):
    path = phrases.DIRECTORY / language / "LC_MESSAGES" / "hub.po"
    return pofile.read_po(path.open("rb"), locale=language)


def test_there_are_german_and_arabic_at_least():
    assert {"en", "de", "ar"} <= set(phrases.LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_has_its_translation_with_the_same_facts(language):
    found = catalog(language)
    for sentence in SAID:
        said = found.get(sentence)
        assert said is not None, sentence
        assert said.string, sentence
        assert set(FACT.findall(said.string)) == set(FACT.findall(sentence))
    for message in found:
        forms = message.string if message.pluralizable else (message.string,)
        assert all(forms), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language):
    compiled = phrases.DIRECTORY / language / "LC_MESSAGES" / "hub.mo"
    made = io.BytesIO()
    mofile.write_mo(made, catalog(language))

    made.seek(0)
    said = [support.GNUTranslations(file)._catalog for file in (compiled.open("rb"), made)]
    assert {k: v for k, v in said[0].items() if k} == {k: v for k, v in said[1].items() if k}


@pytest.mark.parametrize(
    ("language", "catalog_"),
    [("de-AT", "de"), ("de", "de"), ("ar-EG", "ar"), ("fr", "en"), ("", "en"), ("../..", "en")],
)
def test_who_speaks_a_language_without_a_catalog_reads_the_nearest_one(language, catalog_):
    assert phrases.of(language).language == catalog_


@pytest.mark.parametrize(("count", "form"), [(1, 1), (2, 2), (5, 3), (11, 4), (100, 5)])
def test_arabic_has_six_forms_of_number(count, form):
    many = "You have %(count)s new messages."
    said = phrases.of("ar").counted("You have %(count)s new message.", many, count)

    assert said == catalog("ar").get("You have %(count)s new message.").string[form] % {
        "count": count
    }
    assert phrases.of("ar").direction == "rtl"
