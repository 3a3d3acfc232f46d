"""A category's templates: kept in editions, found by key, and what they make of a card."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from django.db import transaction

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import rendering
from notifications.models import Category, Template
from notifications.models.notification import Card, Edition

LANGUAGES_AT_MOST = 50
FIELDS_AT_MOST = 30
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def newest(*, category_id: uuid.UUID, key: str) -> Template | None:
    """The edition that counts for what is sent now."""
    return Template.objects.filter(category_id=category_id, key=key).order_by("-id").first()


def of(*, category_id: uuid.UUID) -> list[Template]:
    """The newest edition of each template of a category, by key."""
    found = Template.objects.filter(category_id=category_id).order_by("key", "-id")
    return list(found.distinct("key"))


def put(
    *, caller: Caller, category: Category, key: str, wish: Mapping[str, Any], now: datetime
) -> tuple[Template, bool]:
    """A new edition, unless it would be the same; whether the key is new.

    `wish` has `takes`, `texts` and `default_language`. What was sent before goes on reading as it
    did. Raises Invalid, telling every flaw.
    """
    flaws = [*_flaws(key, wish)]
    if not flaws:
        flaws = [*rendering.check(wish["texts"], wish["takes"])]
    if flaws:
        raise errors.Invalid("This template is not possible. See errors.", errors=flaws)
    with transaction.atomic():
        Category.objects.select_for_update().get(pk=category.pk)  # one edition after the other
        before = newest(category_id=category.pk, key=key)
        said = {name: wish[name] for name in ("takes", "texts", "default_language")}
        if before is not None and all(getattr(before, name) == said[name] for name in said):
            return before, False
        made = Template.objects.create(category=category, key=key, created_at=now, **said)
        audit.record(
            now=now,
            actor=audit.Actor("subsystem", str(caller.subsystem_id)),
            action="template_changed" if before else "template_created",
            subject_kind="category",
            subject_id=category.pk,
            data={"key": key, "edition": str(made.pk), "languages": sorted(said["texts"])},
        )
    return made, before is None


def card(given: Card, *, category_id: uuid.UUID, key: str, data: Mapping[str, Any]) -> Card:
    """The card of a notification that names a template: its words in the default language.

    With them go the edition and the data, by which it reads otherwise elsewhere. Raises Invalid
    with /template or /data.
    """
    template = newest(category_id=category_id, key=key)
    if template is None:
        raise _invalid("/template", "unknown_template", "The category has no template of that key.")
    flaws = [*rendering.check_data(data, template.takes)]
    if flaws:
        raise errors.Invalid("The data do not fit the template. See errors.", errors=flaws)
    said = _words(template, data, template.default_language)
    if not said["title"]:
        raise _invalid("/data", "blank", "With these data the title is empty.")
    edition = {"id": str(template.pk), "data": dict(data)}
    return cast(Card, {**given, **said, "template": edition})


def localized(given: Card, *, language: str) -> Card:
    """The card as it reads in this language; as it is where no template made it."""
    said = words(given.get("template"), language=language)
    return given if said is None else cast(Card, {**given, **said})


def words(edition: Edition | None, *, language: str) -> dict[str, str] | None:
    """Title, summary and body in this language; None where no template has them."""
    template = None if edition is None else _edition(uuid.UUID(edition["id"]))
    if edition is None or template is None:
        return None
    return _words(template, edition["data"], language)


def language_of(edition: Edition | None, language: str) -> str:
    """In which of a template's languages who speaks this one reads; empty without a template."""
    template = None if edition is None else _edition(uuid.UUID(edition["id"]))
    if template is None:
        return ""
    return rendering.chosen(template.texts, default=template.default_language, language=language)


@lru_cache(maxsize=1000)
def _edition(template_id: uuid.UUID) -> Template | None:
    # An edition never changes, so that it may be kept for as long as the process lives.
    return Template.objects.filter(pk=template_id).first()


def _words(template: Template, data: Mapping[str, Any], language: str) -> dict[str, str]:
    return rendering.words(
        template.texts, default=template.default_language, data=data, takes=template.takes,
        language=language,
    )  # fmt: skip


def _flaws(key: str, wish: Mapping[str, Any]) -> list[errors.FieldError]:
    flaws = []
    if not _KEY.fullmatch(key):
        sentence = "A key has lower-case letters, digits, dots and dashes."
        flaws.append(errors.FieldError("/key", "bad_key", sentence))
    for name, kind in wish["takes"].items():
        if not _FIELD.fullmatch(name) or kind not in rendering.TYPES:
            types = ", ".join(rendering.TYPES)
            sentence = f"It takes names such as amount, each as one of {types}."
            flaws.append(errors.FieldError("/takes", "invalid", sentence))
    for language, parts in wish["texts"].items():
        if not _LANGUAGE.fullmatch(language):
            flaws.append(errors.FieldError("/texts", "not_a_language", "Such as de-AT."))
        elif not parts.get("title"):
            pointer = f"/texts/{language}/title"
            flaws.append(errors.FieldError(pointer, "required", "Each language has a title."))
    if wish["default_language"] not in wish["texts"]:
        sentence = "The default language is one of the texts'."
        flaws.append(errors.FieldError("/default_language", "invalid_choice", sentence))
    return flaws


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
