"""What a module is: what its sub-system says of it, read strictly. Pure but for the audience.

{"names": {"en": "Apply for leave", "de": "Urlaub beantragen"}, "descriptions": {…},
 "icon": "calendar",                      or the SHA-256 of an uploaded one
 "audience": {"any": [{"geo": "DE"}]},
 "address": "https://leave.corp.example/start", "code_in": "fragment", "opens": "browser",
 "permissions": ["camera"], "claims": ["employee_id", "display_name"],
 "form": {"inputs": […]}}                 instead of an address
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from accounts import audience
from hub.lib import errors, text
from selfserve import wording

ICONS = (
    "apps", "badge", "bell", "book", "briefcase", "building", "bus", "calendar", "card", "chart",
    "chat", "check", "clock", "cloud", "cup", "document", "folder", "gift", "globe", "heart",
    "home", "key", "laptop", "lock", "mail", "map", "money", "people", "person", "phone", "plane",
    "receipt", "search", "settings", "shield", "star", "tag", "tool", "truck", "umbrella",
)  # fmt: skip
OPENS = ("browser", "native")
CODE_IN = ("fragment", "query")
# What the app asks the phone for before it opens the module; it asks for nothing else.
PERMISSIONS = ("camera", "location", "microphone", "photos", "files", "nfc", "bluetooth")
# What a module may learn of who opened it; the employee id always.
CLAIMS = (
    "employee_id", "display_name", "mail", "department", "geo", "title", "language", "time_zone",
)  # fmt: skip

NAME_CHARACTERS = 80
DESCRIPTION_CHARACTERS = 300
LANGUAGES_AT_MOST = 40
INPUTS_AT_MOST = 30  # of a form


@dataclass(frozen=True, slots=True)
class Definition:
    """All that a sub-system says of a module besides its key: an address or a form, never both."""

    names: dict[str, str]
    audience: dict[str, Any]
    descriptions: dict[str, str] = field(default_factory=dict)
    icon: str = "apps"
    address: str = ""
    code_in: str = "fragment"
    opens: str = "browser"
    permissions: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=lambda: ["employee_id"])
    form: dict[str, Any] | None = None

    def kept(self) -> dict[str, Any]:
        """As a column keeps it."""
        return asdict(self)


def read(kept: Mapping[str, Any] | None) -> Definition:
    """The definition in a column that holds one."""
    assert kept is not None
    return Definition(**kept)


def check(given: Definition) -> None:
    """Raise Invalid, telling every flaw of meaning by its pointer; `places` judges addresses."""
    flaws = [
        *_words("names", given.names, most=NAME_CHARACTERS),
        *_words("descriptions", given.descriptions, most=DESCRIPTION_CHARACTERS),
    ]
    if not given.names:
        flaws.append(errors.FieldError("/names", "empty", "Name it in at least one language."))
    for name, among in (("permissions", PERMISSIONS), ("claims", CLAIMS)):
        said = getattr(given, name)
        if len(set(said)) < len(said):
            flaws.append(errors.FieldError(f"/{name}", "repeated", "Each may stand once."))
        if set(said) - set(among):
            sentence = f"Of: {', '.join(among)}."
            flaws.append(errors.FieldError(f"/{name}", "unknown", sentence))
    if given.form is not None:
        flaws += _form(given.form["inputs"])
    if bool(given.address) == (given.form is not None):
        sentence = "A module has an address or a form: give one of them."
        flaws.append(errors.FieldError("/address", "address_or_form", sentence))
    try:
        audience.validate(given.audience, pointer="/audience")
    except errors.Invalid as refusal:
        flaws += refusal.errors
    if flaws:
        raise errors.Invalid("The module is not valid. See errors.", errors=flaws)


def _form(asked: list[dict[str, Any]]) -> list[errors.FieldError]:
    """What is wrong with the inputs together, and with their labels; each one's shape is right."""
    flaws = []
    names = [one["name"] for one in asked]
    if len(set(names)) < len(names):
        flaws.append(errors.FieldError("/form/inputs", "repeated", "Each name may stand once."))
    for index, one in enumerate(asked):
        labels = one.get("labels", {})
        flaws += _words(f"form/inputs/{index}/labels", labels, most=NAME_CHARACTERS)
    return flaws


def _words(name: str, words: Mapping[str, str], *, most: int) -> list[errors.FieldError]:
    if len(words) > LANGUAGES_AT_MOST:
        sentence = f"At most {LANGUAGES_AT_MOST} languages."
        return [errors.FieldError(f"/{name}", "too_many", sentence)]
    flaws = []
    for language, said in words.items():
        pointer = f"/{name}/{language}" if wording.LANGUAGE.fullmatch(language) else f"/{name}"
        if pointer == f"/{name}":
            sentence = "A language is written as de or pt-BR."
            flaws.append(errors.FieldError(pointer, "not_a_language", sentence))
        elif not said.strip():
            flaws.append(errors.FieldError(pointer, "blank", "This may not be blank."))
        elif len(said) > most:
            flaws.append(errors.FieldError(pointer, "too_long", f"At most {most} characters."))
        elif code := text.flaw(said):
            sentence = "These characters cannot be in this text."
            flaws.append(errors.FieldError(pointer, code, sentence))
    return flaws
