"""A body with every field in it for each door that reads one, and ways to spoil it."""

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings

from hub.lib import clock
from selfserve.api.mobile.files import FileParser
from tests.hub.api.world import NOTICE, World

BATCH = "POST /api/v1/notifications/batch"

# What no field takes, or only some; the document tells which.
JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 2**63 - 1, 1e300, "", "x", "1", "2026-01-01",
    "9999-12-31T23:59:59-23:59", "x" * 30_000, [], ["x"], {}, {"x": {}},
]  # fmt: skip


def full(world: World) -> dict[str, dict[str, Any]]:
    """By route: a body that the hub takes, with every field there is."""
    ids = [str(world.request.pk)]
    phone = {
        "uuid": "installation-1", "platform": "ios", "os_version": "18", "model": "Phone",
        "app_version": "1.0", "name": "Alice's", "push_token": "address", "push_kind": "token",
        "time_zone": "Europe/Vienna",
        "key": {
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
    }  # fmt: skip
    return {
        "POST /api/v1/auth/login": {"username": "alice", "password": "right", "device": phone},
        "POST /api/v1/auth/refresh": {
            "refresh_token": world.refresh_token, "app_version": "1.0", "os_version": "18",
        },
        "POST /api/v1/me/device/push-echo": {"id": world.push_code},
        "PUT /api/v1/me/device/push-token": {
            "push_token": "address", "push_kind": "token", "time_zone": "Europe/Vienna",
        },
        "POST /api/v1/me/delegations": {
            "delegate": "E1000", "from": hours(1), "until": hours(2), "subsystem": "payroll",
            "category": "approval",
        },
        "POST /api/v1/me/opt-out": {"confirm": False},
        "PUT /api/v1/me/preferences": {
            "version": 0, "language": "de-AT", "time_zone": "Europe/Vienna",
            "channels": {"push": True, "email": False}, "opted_out": [],
            "digest": "daily", "digest_at": "07:30",
            "quiet_hours": [{"days": ["monday"], "from": "22:00", "until": "07:00"}],
        },
        "POST /api/v1/me/inbox/mark": {"ids": ids, "mark": "read"},
        "POST /api/v1/me/inbox/read-up-to": {"id": ids[0]},
        "POST /api/v1/me/inbox/{notification_id}/snooze": {"until": hours(1)},
        "POST /api/v1/me/inbox/{notification_id}/acknowledge": {"version": 1},
        "POST /api/v1/me/privacy-requests": {"kind": "complaint", "words": "Why?"},
        "POST /api/v1/me/consents": {"purpose": "photos"},
        "POST /api/v1/me/receipts": {"ids": ids, "receipt": "seen"},
        "POST /api/v1/me/inbox/{notification_id}/response": {
            "verb": "approve", "version": 1, "comment": "Fine.", "inputs": {"until": "2099-01-01"},
            "step": 1, "proof": "", "on_behalf_of": None,
        },
        "PUT /api/v1/categories/{key}": {
            "name": "Approval", "essential": True, "sensitivity": "internal",
            "reject_needs_comment": True, "strict_acknowledgement": False,
            "bulk_answers": False, "step_up": False,
        },
        "PUT /api/v1/categories/{key}/templates/{template}": {
            "takes": {"who": "text"}, "default_language": "en",
            "texts": {"en": {"title": "Of {who}", "summary": "", "body": "Two\nlines"}},
        },
        "PUT /api/v1/modules/{module}": {
            "names": {"en": "Payslips", "pt-BR": "Holerites"}, "descriptions": {"en": "What came."},
            "icon": {"name": "money"}, "audience": {"any": [{"geo": "DE"}]},
            "address": "https://payroll.corp.example/?a=b", "code_in": "query", "opens": "native",
            "permissions": ["camera"], "claims": ["mail"], "form": None,
        },
        "POST /api/v1/me/modules/{form}/submissions": {"version": 1, "inputs": {"days": 2}},
        "POST /api/v1/me/modules/{form}/files": {
            "input": "proof", "media_type": "text/plain", "content": "eA==",
        },
        "POST /api/v1/modules/exchange": {"code": world.code, "module": "payslips"},
        "POST /api/v1/me/inbox/{notification_id}/question": {"to": "subsystem", "text": "Why?"},
        "POST /api/v1/me/inbox/{notification_id}/reply": {
            "question_id": str(world.question_id), "text": "Two nights.",
        },
        "POST /api/v1/notifications/{notification_id}/reply": {
            "question_id": str(world.question_id), "text": "Two nights.",
        },
        "POST /api/v1/notifications/{notification_id}/withdraw": {"reason": "A mistake."},
        "POST /api/v1/notifications/erase": {"reference": "EXP-1"},
        BATCH: {"notifications": [NOTICE]},
        "POST /api/v1/audiences/preview": {
            "audience": {"any": [{"everybody": True}], "all": [{"geo": "DE"}], "none": []},
        },
        "POST /api/v1/test/respond": {
            "notification_id": ids[0], "employee_id": "E1001", "verb": "approve", "version": 1,
            "comment": "Fine.", "inputs": {"until": "2099-01-01"},
        },
        "POST /api/v1/decisions/{notification_id}/outcome": {
            "status": "refused", "message": "The period is closed.",
        },
        "POST /api/v1/me/responses": {
            "responses": [
                {"id": ids[0], "verb": "approve", "version": 1, "comment": "", "inputs": {}, "step": 1, "proof": ""},
            ],
        },
        "POST /api/v1/notifications/{notification_id}/settle": {
            "outcome": "paid", "by": "Treasury", "note": "On Friday.",
        },
        "PATCH /api/v1/notifications/{notification_id}": {
            "version": 1, "title": "Title", "summary": "Summary", "body": "Two\nlines",
            "facts": [{"label": "Amount", "value": "1.00", "type": "money", "currency": "EUR"}],
            "links": [{"label": "Open", "module": "expenses", "path": "/reports/1"}],
            "actions": [{"verb": "approve", "label": "Yes", "comment": "none"}],
            "reference": "EXP-1", "metadata": {"opaque": [1]}, "on_expiry": "reject",
            "due_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-02T00:00:00+02:00",
        },
        "POST /api/v1/notifications": {
            "category": "approval", "kind": "request", "reference": "EXP-1", "title": "Title",
            "summary": "Summary", "body": "Two\nlines", "audience": {
                "any": [
                    {"employees": ["E1001", "mail:bob@corp.example"]}, {"department": "Finance"},
                ],
                "all": [{"geo": "DE"}], "none": [{"manager_of": "E1001"}],
            },
            "facts": [{"label": "Amount", "value": "1.00", "type": "money", "currency": "EUR"}],
            "links": [{"label": "Open", "module": "expenses", "path": "/reports/1"}],
            "requester": "E1003", "sensitivity": "internal", "priority": "high", "send_at": None,
            "due_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-02T00:00:00+02:00",
            "on_expiry": "reject", "policy": {"mode": "quorum", "n": 1, "reject_ends": True},
            "actions": [
                {"verb": "approve", "label": "Yes", "effect": "approve", "comment": "optional", "inputs": [
                    {"name": "until", "label": "Until", "type": "date", "required": False, "min": "2000-01-01"},
                    {"name": "text", "type": "text", "max_length": 9},
                    {"name": "which", "type": "multi-select", "options": ["a"], "min": 0, "max": 1},
                ]},
            ],
            "supersedes": None, "submission": "", "collapse_key": "exp", "metadata": {"opaque": [1, {"deep": "x"}]},
        },
    }  # fmt: skip


def hours(number: int) -> str:
    """A moment so many hours from now."""
    return clock.text(clock.now() + timedelta(hours=number))


# A body may come, and holds nothing.
EMPTY = frozenset(
    {
        "POST /api/v1/notifications/{notification_id}/release",
        "POST /api/v1/callbacks/{event_id}/replay",
    }
)
# No body is read, whatever comes.
BODILESS = frozenset(
    {
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/logout-everywhere",
        "PUT /api/v1/me/modules/{module}/favourite",
        "POST /api/v1/me/modules/{module}/launch",
        "PUT /api/v1/me/modules/{form}/consents/{kind}",
    }
)
# A file of any kind, which is not JSON.
FILES = frozenset({"POST /api/v1/attachments"})

# Where a body may be larger, in bytes, or deeper, in levels, than elsewhere.
MOST_BYTES = {
    BATCH: settings.BATCH_BODY_BYTES,
    "POST /api/v1/me/modules/{form}/files": FileParser.most_bytes,
}
MOST_DEPTH = {BATCH: 22}

# Whom each of these doors serves.
CALLER = {
    BATCH: "sender",
    "POST /api/v1/notifications/erase": "sender",
    "POST /api/v1/notifications/{notification_id}/withdraw": "sender",
    "POST /api/v1/notifications/{notification_id}/release": "sender",
    "POST /api/v1/callbacks/{event_id}/replay": "sender",
    "POST /api/v1/audiences/preview": "sender",
    "POST /api/v1/test/respond": "sender_test_key",
    "POST /api/v1/notifications": "sender",
    "PUT /api/v1/categories/{key}": "sender",
    "PUT /api/v1/categories/{key}/templates/{template}": "sender",
    "PUT /api/v1/modules/{module}": "sender",
    "POST /api/v1/modules/exchange": "sender",
    "POST /api/v1/notifications/{notification_id}/reply": "sender",
    "POST /api/v1/decisions/{notification_id}/outcome": "sender",
    "POST /api/v1/notifications/{notification_id}/settle": "sender",
    "PATCH /api/v1/notifications/{notification_id}": "sender",
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body, as the keys and indexes that lead there."""
    yield at
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*at, key))


def spoilt(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with another value at one place."""
    if not at:
        return value
    changed = copy.deepcopy(body)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return changed
