"""Combinations of settings that make no sense: each has an id, a sentence and a hint.

Single values are refused where they are read (`hub.lib.environment`); these need more than one.
They stop the start of the web server, of workers and of every command.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from hub.lib import crypto, environment, signing_keys

SECRET_KEY_CHARACTERS = 50
GOOGLE = "https://fcm.googleapis.com"

Check = Callable[..., Sequence[CheckMessage]]


def in_production() -> bool:
    """Whether weak settings are refused."""
    return bool(settings.HUB_MODE == "production")


def error(number: int, message: str, hint: str) -> Error:
    """One of the hub's own check messages."""
    return Error(message, hint=hint, id=f"hub.E{number:03}")


@checks.register("hub")
def keys_are_given(app_configs: Sequence[AppConfig] | None, **_: Any) -> Sequence[CheckMessage]:
    """Without both keys nothing personal could be stored or read."""
    try:
        crypto.Keyring.parse(settings.HUB_ENCRYPTION_KEYS, settings.HUB_MAC_KEY)
    except environment.BadSetting as refusal:
        return [
            error(
                1,
                str(refusal),
                "HUB_ENCRYPTION_KEYS is `id:base64 of 32 bytes`, comma-separated; HUB_MAC_KEY is "
                "base64 of at least 32 bytes. Make one by: openssl rand -base64 32",
            )
        ]
    return []


@checks.register("hub")
def production_is_closed(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Production has a secret of its own, names its hosts, and asks a real directory."""
    if not in_production():
        return []
    return list(_openings())


def _openings() -> Iterator[CheckMessage]:
    if len(settings.SECRET_KEY) < SECRET_KEY_CHARACTERS:
        yield error(2, "SECRET_KEY is absent or short.", "Give at least 50 random characters.")
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield error(3, "ALLOWED_HOSTS is empty or open.", "Name the hosts the hub is reached by.")
    if settings.HUB_DIRECTORY != "ldap":
        yield error(4, "The local directory is for the demo.", "Set HUB_DIRECTORY=ldap.")
    if settings.FCM_ENDPOINT != GOOGLE:
        yield error(5, "FCM_ENDPOINT is not Firebase.", "Leave it out in production.")


@checks.register("hub")
def people_know_whom_to_ask(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Production says to whom people turn for help, and with questions about their data."""
    if not in_production():
        return []
    return [
        error(number, f"{name} is not set.", f"Give {what}: a mail address, a number or a page.")
        for number, name, what in (
            (20, "SUPPORT_CONTACT", "who helps people with the hub"),
            (21, "PRIVACY_CONTACT", "who answers for the protection of their data"),
        )
        if not getattr(settings, name)
    ]


@checks.register("hub")
def erasures_outlive_backups(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Production writes erasures down outside of the database."""
    if not in_production() or settings.ERASURE_JOURNAL:
        return []
    hint = "Name a file on a disk that workers and `migrate` share, and that no restore replaces."
    return [error(22, "ERASURE_JOURNAL is not set.", hint)]


@checks.register("hub")
def directory_is_reachable_safely(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """The chosen directory has all it needs."""
    needed: dict[str, object]
    if settings.HUB_DIRECTORY == "local":
        needed = {"LOCAL_DIRECTORY_FILE": settings.LOCAL_DIRECTORY_FILE}
    else:
        needed = {
            "LDAP_SERVERS": settings.LDAP_SERVERS,
            "LDAP_BASE_DN": settings.LDAP_BASE_DN,
            "LDAP_SERVICE_DN": settings.LDAP_SERVICE_DN,
            "LDAP_SERVICE_PASSWORD": settings.LDAP_SERVICE_PASSWORD,
        }
    absent = [name for name, value in needed.items() if not value]
    if not absent:
        return []
    return [
        error(
            6,
            f"HUB_DIRECTORY={settings.HUB_DIRECTORY}, but {', '.join(absent)} is not set.",
            "Set it, or choose the other directory.",
        )
    ]


@checks.register("hub")
def firebase_is_configured(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Production has Firebase credentials, and the endpoint is TLS everywhere."""
    found: list[CheckMessage] = []
    if in_production() and not settings.FCM_PROJECTS:
        found.append(
            error(7, "FCM_CREDENTIALS_FILE is not set.", "Give the service account's JSON key.")
        )
    found += [
        error(
            15,
            f"FCM_CREDENTIALS_FILE lists {name}, but that key is of {project}.",
            "List each project under its own id, as the app knows it: id=path.",
        )
        for name, path in settings.FCM_PROJECTS.items()
        if name and (project := _project_of(path)) not in {name, None}
    ]
    if urlsplit(settings.FCM_ENDPOINT).scheme != "https":
        found.append(error(8, "FCM_ENDPOINT is not https.", "Tokens travel there: use https."))
    return found


def _project_of(path: str) -> str | None:
    """The Firebase project of a service account's key; None where this process can't read it."""
    try:
        key = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        return None  # only workers need it: they say so when they push
    except ValueError:
        return "nobody: it is no JSON"
    return str(key.get("project_id")) if isinstance(key, dict) else "nobody: it is no JSON object"


@checks.register("hub")
def receipts_can_be_signed(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Production signs receipts with a key of its own, which outlives all others."""
    hint = (
        "base64 of 32 bytes, made by: openssl rand -base64 32. Keep it as long as receipts count."
    )
    if not settings.HUB_RECEIPT_KEY:
        return [error(10, "HUB_RECEIPT_KEY is not set.", hint)] if in_production() else []
    try:
        signing_keys.SigningKeys.parse(settings.HUB_RECEIPT_KEY)
    except environment.BadSetting as refusal:
        return [error(10, str(refusal), hint)]
    return []


@checks.register("hub")
def calls_end_before_their_lease(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """A call outside must end before the task's time limit, and that before the errand's lease."""
    limit = settings.CELERY_TASK_TIME_LIMIT
    calls = {
        "FCM_TOTAL_TIMEOUT_SECONDS": settings.FCM_TOTAL_TIMEOUT,
        "CALLBACK_TOTAL_TIMEOUT_SECONDS": settings.CALLBACK_TOTAL_TIMEOUT,
    }
    return [
        error(
            9,
            f"{name} is not below the tasks' time limit of {limit} s.",
            "Raise ERRAND_LEASE_SECONDS (the limit is four fifths of it) or lower the time-out.",
        )
        for name, value in calls.items()
        if value.total_seconds() >= limit
    ]


@checks.register("hub")
def mail_can_be_sent(app_configs: Sequence[AppConfig] | None, **_: Any) -> Sequence[CheckMessage]:
    """E-mail needs a sender, links that lead here, and no passwords or names in clear."""
    if not settings.MAIL_HOST:
        return []
    found = []
    if "@" not in settings.MAIL_FROM:
        found.append(error(17, "MAIL_FROM is no address.", "Such as hub@corp.example."))
    if in_production() and not settings.HUB_PUBLIC_URL.startswith("https://"):
        found.append(error(18, "HUB_PUBLIC_URL is not https.", "Links in e-mails lead there."))
    if in_production() and settings.MAIL_SECURITY == "none":
        hint = "E-mails name people: use MAIL_SECURITY=starttls or tls."
        found.append(error(19, "E-mail would leave in clear.", hint))
    return found


@checks.register("hub")
def strangers_have_a_try(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Who signs in on a new phone needs tries that are not kept for known ones."""
    if settings.SIGN_IN_TRIES_KEPT < settings.SIGN_IN_TRIES:
        return []
    return [
        error(
            16,
            "SIGN_IN_TRIES_KEPT is not below SIGN_IN_TRIES: nobody could sign in on a new phone.",
            "Lower it, or raise SIGN_IN_TRIES as far as the directory's lock-out allows.",
        )
    ]
