"""Files that come with a notification: sent to the hub first, then named by the notification.

What a file is, its first bytes say, not its sender. It is read through the item, with the reader's
rights, and has no address of its own. See docs/sub-system-api.md, "Attachments".
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict, cast

from accounts.subsystems import Caller
from hub.lib import errors, text
from notifications.models import Attachment
from notifications.models.notification import Card

AT_MOST = 10  # of one notification
UNUSED_KEPT = timedelta(days=1)
NAME_LONGEST = 120
ROWS_A_BATCH = 100

OOXML = "application/vnd.openxmlformats-officedocument"


class UnknownType(errors.HubError):
    """A type that is not taken, or a file that is none of that type."""

    code, status, title = "attachment_type", 415, "Not a file of a type that is taken"


class Shown(TypedDict):
    """What a card says of a file; `id` is the sender's, and of no use to a reader."""

    id: str
    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """A file that a reader may have."""

    name: str
    type: str
    content: bytes = field(repr=False)


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(starts)


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def _is_ooxml(content: bytes) -> bool:
    return content.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in content


# No HTML, no SVG, no archive: nothing that a browser or an app would run or unpack.
TYPES: Mapping[str, Callable[[bytes], bool]] = {
    "application/pdf": _begins(b"%PDF-"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/gif": _begins(b"GIF87a", b"GIF89a"),
    "image/webp": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    "text/plain": _is_text,
    "text/csv": _is_text,
    f"{OOXML}.wordprocessingml.document": _is_ooxml,
    f"{OOXML}.spreadsheetml.sheet": _is_ooxml,
    f"{OOXML}.presentationml.presentation": _is_ooxml,
}


def keep(*, caller: Caller, name: str, type_: str, content: bytes, now: datetime) -> Attachment:
    """Keep a file until a notification names it, for a day.

    Raises UnknownType, and Invalid for a name that is no file's name or an empty file.
    """
    if not content:
        raise errors.Invalid("The file is empty.")
    is_of_type = TYPES.get(type_)
    if is_of_type is None:
        raise UnknownType(f"These types are taken: {', '.join(TYPES)}.")
    if not is_of_type(content):
        raise UnknownType(f"The file is not what {type_} looks like.")
    attachment = Attachment(
        subsystem_id=caller.subsystem_id,
        mode=caller.mode,
        type=type_,
        size=len(content),
        created_at=now,
        name=_checked(name),
        content=bytearray(content),
    )
    attachment.save(force_insert=True)
    return attachment


def find(ids: Sequence[uuid.UUID], *, caller: Caller) -> list[Shown]:
    """What a card says of these files, in their order.

    Raises Invalid, with a pointer each, for what is no unused file of this caller and its mode.
    """
    free = Attachment.objects.filter(
        subsystem_id=caller.subsystem_id, mode=caller.mode, notification=None, id__in=ids
    ).defer("content")
    found = {one.pk: one for one in free}
    flaws = [
        errors.FieldError(f"/attachments/{place}", "unknown_attachment", "No unused file of yours.")
        for place, one in enumerate(ids)
        if one not in found or one in ids[:place]
    ]
    if flaws:
        raise errors.Invalid("Send the files first, and each for one notification.", errors=flaws)
    return [
        {"id": str(one), "name": str(found[one].name), "type": found[one].type,
         "size": found[one].size}
        for one in ids
    ]  # fmt: skip


def onto(card: Card, shown: Sequence[Shown]) -> Card:
    """The card with these files on it; without any, the card."""
    return cast(Card, {**card, "attachments": list(shown)}) if shown else card


def attach(
    notification_id: uuid.UUID, shown: Sequence[Mapping[str, Any]], *, caller: Caller
) -> None:
    """Give these files to a notification, in the transaction that writes it.

    Raises Invalid if another notification of the same moment has taken one of them.
    """
    taken = Attachment.objects.filter(
        subsystem_id=caller.subsystem_id,
        mode=caller.mode,
        notification=None,
        id__in=[one["id"] for one in shown],
    ).update(notification_id=notification_id)
    if taken != len(shown):
        flaw = errors.FieldError("/attachments", "unknown_attachment", "One was used meanwhile.")
        raise errors.Invalid("Send the files first, and each for one notification.", errors=[flaw])


def listed(card: Mapping[str, Any], *, notification_id: uuid.UUID) -> list[dict[str, Any]]:
    """What a reader sees of a notification's files."""
    return [
        {
            "n": number,
            "name": one["name"],
            "type": one["type"],
            "size": one["size"],
            "path": f"/api/v1/me/inbox/{notification_id}/attachments/{number}",
        }
        for number, one in enumerate(card.get("attachments", ()))
    ]


def read(card: Mapping[str, Any], *, notification_id: uuid.UUID, number: int) -> File:
    """The file of that number. Raises NotFound; whether the reader may see it the caller knows."""
    shown = card.get("attachments", ())
    found = None
    if number < len(shown):
        found = Attachment.objects.filter(
            id=shown[number]["id"], notification_id=notification_id
        ).first()
    if found is None:
        raise errors.NotFound("There is no such attachment.")
    content: Any = found.content
    return File(name=str(found.name), type=found.type, content=bytes(content))


def purge(*, now: datetime) -> int:
    """Delete files that no notification has named for a day; how many."""
    deleted = 0
    while True:
        unused = Attachment.objects.filter(notification=None, created_at__lt=now - UNUSED_KEPT)
        ids = list(unused.values_list("id", flat=True)[:ROWS_A_BATCH])
        if not ids:
            return deleted
        deleted += Attachment.objects.filter(id__in=ids, notification=None).delete()[0]


def _checked(name: str) -> str:
    """A file's name, and no path. Raises Invalid."""
    trimmed = name.strip()
    is_odd = text.flaw(trimmed) or not trimmed.strip(".") or set(trimmed) & set('/\\:*?"<>|')
    if is_odd or len(trimmed) > NAME_LONGEST:
        flaw = errors.FieldError("/name", "invalid", "The name of a file, without a path.")
        raise errors.Invalid("The name can't be that of a file.", errors=[flaw])
    return trimmed
