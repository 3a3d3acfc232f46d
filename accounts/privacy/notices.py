"""Privacy notices: versions that are drafted, published, and in effect from a moment on.

A material change is published at least AHEAD before it takes effect, so that people can read it
first; see docs/privacy.md.
"""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts import audit
from accounts.models import PrivacyNotice
from hub.lib import errors

AHEAD = timedelta(days=30)
# Who outside of the company may get data, and has to be named by a notice first.
FIREBASE, MAIL = "firebase", "mail"
RECIPIENTS = (FIREBASE, MAIL)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")  # BCP 47, as far as it is used
NEEDED_LANGUAGE = "en"
LONGEST_TEXT = 100_000  # characters
_PUBLISH_LOCK = 0x68756203  # pg_advisory_xact_lock: numbers follow each other


def draft(
    *,
    version: str,
    material: bool,
    recipients: Collection[str],
    actor: audit.Actor,
    now: datetime,
) -> PrivacyNotice:
    """A new version without words yet. Raises Invalid for a name that is taken."""
    with transaction.atomic():
        notice, made = PrivacyNotice.objects.get_or_create(
            version=version,
            defaults={"material": material, "recipients": sorted(recipients), "created_at": now},
        )
        if not made:
            raise _invalid("/version", "taken", "Another version has this name: choose another.")
        _note(actor, "privacy_notice_drafted", notice, now=now, material=material)
    return notice


def write(
    *, version: str, language: str, title: str, text: str, actor: audit.Actor, now: datetime
) -> PrivacyNotice:
    """Set the words of a draft in one language. Raises Invalid for what is published already."""
    if not LANGUAGE.fullmatch(language):
        raise _invalid("/language", "invalid", "A language is a tag such as en or de-AT.")
    with transaction.atomic():
        notice = _draft(version)
        notice.texts = {**notice.texts, language: {"title": title, "text": text}}
        notice.save(update_fields=["texts"])
        _note(actor, "privacy_notice_written", notice, now=now, language=language)
    return notice


def publish(
    *, version: str, effective_at: datetime, actor: audit.Actor, now: datetime
) -> PrivacyNotice:
    """Let everybody read a draft, and let it take effect at a moment.

    A material one is published AHEAD of it, but for the very first: that changes nothing. Raises
    Invalid for a moment too early, for a draft without its English text, and for what is no draft.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PUBLISH_LOCK])
        notice = _draft(version)
        if NEEDED_LANGUAGE not in notice.texts:
            raise _invalid("/version", "needs_english", "Write its English text first.")
        last = PrivacyNotice.objects.exclude(number=None).order_by("-number").first()
        earliest = now + AHEAD if last is not None and notice.material else now
        if effective_at < earliest:
            raise _invalid(
                "/effective_at",
                "too_early",
                f"It can take effect from {earliest:%Y-%m-%d %H:%M} on.",
            )
        if last is not None and last.effective_at is not None and effective_at < last.effective_at:
            raise _invalid(
                "/effective_at", "too_early", "An earlier version takes effect later than that."
            )
        notice.number = 1 if last is None or last.number is None else last.number + 1
        notice.published_at, notice.effective_at = now, effective_at
        notice.save(update_fields=["number", "published_at", "effective_at"])
        _note(actor, "privacy_notice_published", notice, now=now, number=notice.number)
    return notice


def published() -> list[PrivacyNotice]:
    """Every version that may be read, the newest first."""
    return list(PrivacyNotice.objects.exclude(number=None).order_by("-number"))


def read(version: str) -> PrivacyNotice:
    """A version that may be read. Raises NotFound for any other."""
    notice = PrivacyNotice.objects.filter(version=version).exclude(number=None).first()
    if notice is None:
        raise errors.NotFound("There is no such privacy notice.")
    return notice


def in_effect(*, now: datetime) -> PrivacyNotice | None:
    """The version that holds; None before the first one."""
    effective = PrivacyNotice.objects.filter(number__isnull=False, effective_at__lte=now)
    return effective.order_by("-number").first()


def to_accept(*, now: datetime) -> PrivacyNotice | None:
    """The version without whose acceptance, or that of a later one, nobody goes on; None if none.

    `accounts.sessions` asks the same within its own query.
    """
    material = PrivacyNotice.objects.filter(material=True, effective_at__lte=now)
    return material.order_by("-number").first()


def names(recipient: str, *, now: datetime) -> bool:
    """Whether the version in effect tells people that this recipient outside gets data."""
    notice = in_effect(now=now)
    return notice is not None and recipient in notice.recipients


def _draft(version: str) -> PrivacyNotice:
    notice = PrivacyNotice.objects.select_for_update().filter(version=version).first()
    if notice is None or notice.number is not None:
        raise _invalid("/version", "not_a_draft", "It is published: draft a new version instead.")
    return notice


def _note(
    actor: audit.Actor, action: str, notice: PrivacyNotice, *, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="privacy_notice",
        subject_id=notice.pk,
        data={"version": notice.version, **data},
    )


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
