"""The hub's own sentences, in the languages there are catalogs for.

English is in the code. A catalog is `locale/<language>/LC_MESSAGES/hub.po`, compiled beside it by
`make phrases`; nothing but Babel is needed. See docs/operations.md, "Languages".
"""

from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.support import NullTranslations, Translations

DIRECTORY = Path(__file__).parent / "locale"
DOMAIN = "hub"
DEFAULT = "en"
LANGUAGES = (DEFAULT, *sorted(path.name for path in DIRECTORY.iterdir() if path.is_dir()))


class Phrases:
    """The sentences in one language, with what is needed to lay them out."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalog: NullTranslations = (
            NullTranslations()
            if language == DEFAULT
            else Translations.load(DIRECTORY, [language], DOMAIN)
        )
        self.direction = Locale.parse(language).text_direction

    def __call__(self, sentence: str, /, **facts: object) -> str:
        """The sentence with the facts in it."""
        said = self._catalog.ugettext(sentence)
        return said % facts if facts else said

    def counted(self, one: str, many: str, /, count: int) -> str:
        """One of the forms that the language has for numbers, with `count` in it."""
        said: str = self._catalog.ungettext(one, many, count)
        return said % {"count": count}


def of(language: str) -> Phrases:
    """The sentences for who speaks this language: its own catalog, its parent's, English."""
    return _in(best(language))


@lru_cache(maxsize=1000)
def best(language: str) -> str:
    """The catalog for a BCP 47 language: `de` for de-AT, `en` for one without a catalog."""
    for candidate in chain(language):
        if candidate in LANGUAGES:
            return candidate
    return DEFAULT


@lru_cache(maxsize=1000)
def chain(language: str) -> tuple[str, ...]:
    """A BCP 47 language and the more general ones above it: de-Latn-AT, de-Latn, de."""
    parts = language.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1) if language)


@lru_cache(maxsize=1000)
def locale(language: str) -> Locale:
    """How the language writes dates, numbers and money; as English does if nobody knows it."""
    for candidate in chain(language):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(DEFAULT)


@lru_cache(maxsize=100)
def _in(language: str) -> Phrases:
    return Phrases(language)
