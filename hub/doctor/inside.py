"""The hub's own parts: settings, keys, and the work that waits."""

from collections.abc import Iterator

from django.conf import settings as given
from django.core import checks
from django.core.checks import CheckMessage

from accounts import audit
from accounts.models import AuditSeal
from hub import rotation
from hub.doctor.finding import Finding, Grade
from hub.lib import crypto
from hub.lib import keys as keyring
from notifications import figures

LATE_SECONDS = 60


def settings() -> Iterator[Finding]:
    found = checks.run_checks(include_deployment_checks=given.HUB_MODE == "production")
    for message in found:
        grade = Grade.BAD if message.level >= checks.ERROR else Grade.WARNING
        yield Finding("settings", grade, f"{message.id}: {message.msg}", _hint(message))
    if not found:
        yield Finding("settings", Grade.OK, f"mode {given.HUB_MODE}, no complaints")


def _hint(message: CheckMessage) -> str:
    return str(message.hint or "")


def keys() -> Iterator[Finding]:
    ring = keyring.ring()
    sealed = ring.encrypt(b"doctor", context="hub.doctor")
    ring.decrypt(sealed, context="hub.doctor")
    missing = set()
    for column in rotation.columns():
        newest = column.model._default_manager.exclude(**{column.attname: None}).order_by("-pk")
        for row, value in newest.values_list("pk", column.attname)[:1]:
            try:
                ring.decrypt(bytes(value), context=column.context(row))
            except crypto.DecryptionError:
                missing.add(f"{column.model._meta.db_table}.{column.column}")
    if missing:
        yield Finding(
            "keys", Grade.BAD, f"cannot open the newest value of {', '.join(sorted(missing))}",
            "HUB_ENCRYPTION_KEYS lacks the key that sealed them: put it back behind the first.",
        )  # fmt: skip
    else:
        yield Finding("keys", Grade.OK, f"seals with {ring.current_key_id}, opens what is there")
    last = AuditSeal.objects.select_related("event").order_by("-sequence")[:2]
    if len(last) == 2 and not audit.follows(last[1], last[0]):
        yield Finding(
            "keys", Grade.BAD, "the last audit event is not what was sealed",
            "Either HUB_MAC_KEY is another one now, or the row was edited: manage.py verify_audit.",
        )  # fmt: skip


def work() -> Iterator[Finding]:
    found = figures.current()
    dead = sum(one.count for one in found.errands if one.state == "dead")
    oldest = max((one.oldest_seconds for one in found.errands if one.state == "due"), default=0.0)
    if dead:
        yield Finding("work", Grade.WARNING, f"{dead} dead errands", "See Errands in the admin.")
    if found.callbacks_dead:
        yield Finding(
            "work", Grade.WARNING, f"{found.callbacks_dead} events were given up",
            "Once the endpoint is well: manage.py replay_callbacks.",
        )  # fmt: skip
    if found.breakers_open:
        yield Finding(
            "work", Grade.WARNING, f"{found.breakers_open} endpoints do not answer",
            "Tell their owners; nothing is lost for days.",
        )  # fmt: skip
    if oldest > LATE_SECONDS:
        yield Finding(
            "work", Grade.WARNING, f"the oldest errand has been due for {oldest:.0f} s",
            "Add workers on its queue: see docs/operations.md, Scaling.",
        )  # fmt: skip
    else:
        yield Finding("work", Grade.OK, "nothing is late")
