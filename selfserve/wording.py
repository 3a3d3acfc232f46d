"""Words in several languages, and how they are searched. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

DEFAULT = "en"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def pick(words: Mapping[str, str], *, language: str) -> str:
    """The words in the reader's language: de-AT, then de, then English, then whichever is first.

    "" where there are none.
    """
    by_tag = {tag.lower(): text for tag, text in sorted(words.items())}
    parts = language.lower().replace("_", "-").split("-")
    for end in range(len(parts), 0, -1):
        if (text := by_tag.get("-".join(parts[:end]))) is not None:
            return text
    return by_tag.get(DEFAULT, next(iter(by_tag.values()), ""))


def folded(text: str) -> str:
    """As it is compared in a search: without case, accents or runs of spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())


def found(query: str, among: Iterable[str]) -> bool:
    """Whether each word of the query begins a word, or stands inside one, of these texts."""
    text = " ".join(map(folded, among))
    return all(word in text for word in folded(query).split())
