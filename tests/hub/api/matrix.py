"""The object-access matrix: what each caller gets at each door. A route without a row fails."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hub.lib import clock
from tests.hub.api.world import NOTICE, NOTICE_VERSION, World

UNKNOWN = "401 not_authenticated"
ABSENT = "404 not_found"

# What is said to whom the door does not serve, whatever stands behind it.
OUTSIDERS = {
    "employee": {
        "nobody": UNKNOWN,
        "refresh_token": UNKNOWN,
        "unknown_token": UNKNOWN,
        "closed_session": "401 session_revoked",
        "expired_token": "401 token_expired",
        "disabled": "403 account_disabled",
        "sender": UNKNOWN,
        "sender_test_key": UNKNOWN,
        "other_subsystem": UNKNOWN,
        "other_test_key": UNKNOWN,
        "revoked_key": UNKNOWN,
        "expired_key": UNKNOWN,
        "paused_subsystem": UNKNOWN,
    },
    "subsystem": {
        "nobody": UNKNOWN,
        "owner": UNKNOWN,
        "reader": UNKNOWN,
        "other_employee": UNKNOWN,
        "disabled": UNKNOWN,
        "refresh_token": UNKNOWN,
        "unknown_token": UNKNOWN,
        "closed_session": UNKNOWN,
        "expired_token": UNKNOWN,
        "revoked_key": UNKNOWN,
        "expired_key": UNKNOWN,
        "paused_subsystem": "403 subsystem_paused",
    },
}

Body = Callable[[World], Any]


@dataclass(frozen=True)
class Row:
    """A door, what is sent through it, and what those it serves get."""

    door: str  # employee | subsystem | open
    served: dict[str, str]
    body: Body = lambda world: None

    def expected(self) -> dict[str, str]:
        """The answer to every caller: a status, and the code where it is a refusal."""
        if self.door == "open":
            everybody = {name for callers in OUTSIDERS.values() for name in callers}
            return dict.fromkeys(sorted(everybody), self.served["everybody"])
        return {**OUTSIDERS[self.door], **self.served}


def employees(owner: str, reader: str | None = None, stranger: str | None = None) -> dict[str, str]:
    """alice, who is asked; bob, who may read along; charlie, who must see nothing."""
    return {"owner": owner, "reader": reader or owner, "other_employee": stranger or owner}


def subsystems(sender: str, test_key: str, stranger: str) -> dict[str, str]:
    """payroll by a live key and by a test key, and rosters by either."""
    return {
        "sender": sender,
        "sender_test_key": test_key,
        "other_subsystem": stranger,
        "other_test_key": stranger,
    }


def everybody(answer: str) -> dict[str, str]:
    """One answer, whoever asks."""
    return {"everybody": answer}


def _ids(world: World) -> list[str]:
    return [str(world.request.pk)]


def _login(world: World) -> dict[str, Any]:
    device = {"uuid": uuid.uuid4().hex, "platform": "ios"}
    return {"username": "alice", "password": "right", "device": device}


def _delegation(world: World) -> dict[str, Any]:
    until = clock.now() + timedelta(days=1)
    return {"delegate": "E1000", "until": clock.text(until)}


def _answer(world: World) -> dict[str, Any]:
    return {"verb": "approve", "version": 1}


def _reply(world: World) -> dict[str, Any]:
    return {"question_id": str(uuid.UUID(int=1)), "text": "Two nights."}


def _module(world: World) -> dict[str, Any]:
    return {
        "names": {"en": "Payslips"},
        "audience": {"any": [{"everybody": True}]},
        "address": "https://payroll.corp.example/",
    }


MATRIX = {
    "POST /api/v1/auth/login": Row("open", everybody("200"), _login),
    "POST /api/v1/auth/refresh": Row(
        "open", everybody("200"), lambda world: {"refresh_token": world.refresh_token}
    ),
    "GET /api/v1/openapi.json": Row("open", everybody("200")),
    "GET /api/v1/docs": Row("open", everybody("200")),
    "POST /api/v1/auth/logout": Row("employee", employees("204")),
    "POST /api/v1/auth/logout-everywhere": Row("employee", employees("200")),
    "GET /api/v1/me": Row("employee", employees("200")),
    "GET /api/v1/me/access-log": Row("employee", employees("200")),
    "GET /api/v1/me/devices": Row("employee", employees("200")),
    "DELETE /api/v1/me/devices/{device_id}": Row("employee", employees("204", ABSENT, ABSENT)),
    # Not even whose code it is: one of another session is none.
    "POST /api/v1/me/device/push-echo": Row(
        "employee", employees("204", ABSENT, ABSENT), lambda world: {"id": world.push_code}
    ),
    "GET /api/v1/me/devices/{device_id}": Row("employee", employees("200", ABSENT, ABSENT)),
    "PUT /api/v1/me/device/push-token": Row(
        "employee", employees("204"), lambda world: {"push_token": "address"}
    ),
    "GET /api/v1/me/inbox": Row("employee", employees("200")),
    "GET /api/v1/me/inbox/{notification_id}": Row("employee", employees("200", "200", ABSENT)),
    "POST /api/v1/me/inbox/{notification_id}/response": Row(
        "employee", employees("200", "403 not_yours_to_answer", ABSENT), _answer
    ),
    # It is a request: who sees it is told that there is nothing to confirm.
    "POST /api/v1/me/inbox/{notification_id}/acknowledge": Row(
        "employee",
        employees("409 nothing_to_acknowledge", "409 nothing_to_acknowledge", ABSENT),
        lambda world: {"version": 1},
    ),
    "POST /api/v1/me/inbox/{notification_id}/question": Row(
        "employee",
        employees("200", "403 not_yours_to_answer", ABSENT),
        lambda world: {"to": "subsystem", "text": "Why so much?"},
    ),
    "POST /api/v1/me/inbox/{notification_id}/reply": Row(
        "employee",
        employees("403 not_yours_to_answer", "403 not_yours_to_answer", ABSENT),
        _reply,
    ),
    "POST /api/v1/me/responses": Row(
        "employee",
        employees("207"),
        lambda world: {"responses": [{"id": _ids(world)[0], "verb": "approve", "version": 1}]},
    ),
    "GET /api/v1/me/answers": Row("employee", employees("200")),
    # Nobody is told which of the ids they name exist: marking marks one's own copies.
    "POST /api/v1/me/inbox/mark": Row(
        "employee", employees("200"), lambda world: {"ids": _ids(world), "mark": "read"}
    ),
    "POST /api/v1/me/inbox/read-up-to": Row(
        "employee", employees("200", "200", ABSENT), lambda world: {"id": _ids(world)[0]}
    ),
    "POST /api/v1/me/inbox/{notification_id}/snooze": Row(
        "employee",
        employees("200", "200", ABSENT),
        lambda world: {"until": clock.text(clock.now() + timedelta(hours=1))},
    ),
    # The request has none: only who sees it learns even that.
    "GET /api/v1/me/inbox/{notification_id}/attachments/{number}": Row(
        "employee", employees(ABSENT)
    ),
    "POST /api/v1/me/receipts": Row(
        "employee", employees("200"), lambda world: {"ids": _ids(world), "receipt": "seen"}
    ),
    # Without a beginning of a name there is nothing to look for.
    "GET /api/v1/me/colleagues": Row("employee", employees("422 invalid")),
    "GET /api/v1/contacts": Row("open", everybody("200")),
    "GET /api/v1/privacy-notices": Row("open", everybody("200")),
    "GET /api/v1/privacy-notices/{version}": Row("open", everybody("200")),
    "GET /api/v1/me/privacy-requests": Row("employee", employees("200")),
    "POST /api/v1/me/privacy-requests": Row(
        "employee", employees("201"), lambda world: {"kind": "complaint", "words": "Why?"}
    ),
    "GET /api/v1/me/privacy-requests/{request_id}/archive": Row(
        "employee", employees("200", ABSENT, ABSENT)
    ),
    "GET /api/v1/me/consents": Row("employee", employees("200")),
    "POST /api/v1/me/consents": Row(
        "employee", employees("200"), lambda world: {"purpose": "photos"}
    ),
    # alice has consented, the others not.
    "DELETE /api/v1/me/consents/{purpose}": Row("employee", employees("204", ABSENT, ABSENT)),
    "GET /api/v1/me/delegations": Row("employee", employees("200")),
    "POST /api/v1/me/delegations": Row("employee", employees("201"), _delegation),
    "DELETE /api/v1/me/delegations/{delegation_id}": Row(
        "employee", employees("204", ABSENT, ABSENT)
    ),
    "POST /api/v1/me/opt-out": Row("employee", employees("204"), lambda world: {"confirm": True}),
    "GET /api/v1/me/preferences": Row("employee", employees("200")),
    "PUT /api/v1/me/preferences": Row("employee", employees("200"), lambda world: {"version": 0}),
    "GET /api/v1/me/counts": Row("employee", employees("200")),
    "GET /api/v1/me/counts/categories": Row("employee", employees("200")),
    "GET /api/v1/me/changes": Row("employee", employees("200")),
    "GET /api/v1/notifications": Row("subsystem", subsystems("200", "200", "200")),
    "POST /api/v1/notifications": Row(
        "subsystem", subsystems("202", "202", "202"), lambda world: NOTICE
    ),
    "POST /api/v1/notifications/batch": Row(
        "subsystem",
        subsystems("207", "207", "207"),
        lambda world: {"notifications": [NOTICE, {**NOTICE, "category": "nonsense"}]},
    ),
    "POST /api/v1/notifications/erase": Row(
        "subsystem", subsystems("200", "200", "200"), lambda world: {"reference": "none"}
    ),
    "GET /api/v1/notifications/{notification_id}": Row(
        "subsystem", subsystems("200", ABSENT, ABSENT)
    ),
    "GET /api/v1/notifications/{notification_id}/recipients": Row(
        "subsystem", subsystems("200", ABSENT, ABSENT)
    ),
    "GET /api/v1/notifications/{notification_id}/receipt": Row(
        "subsystem", subsystems("200", ABSENT, ABSENT)
    ),
    "GET /api/v1/receipt-keys": Row("open", everybody("200")),
    # Nothing was asked: only who sees the request learns even that.
    "POST /api/v1/notifications/{notification_id}/reply": Row(
        "subsystem", subsystems(ABSENT, ABSENT, ABSENT), _reply
    ),
    "PATCH /api/v1/notifications/{notification_id}": Row(
        "subsystem",
        subsystems("200", ABSENT, ABSENT),
        lambda world: {"version": 1, "title": "Another title"},
    ),
    "POST /api/v1/notifications/{notification_id}/settle": Row(
        "subsystem", subsystems("200", ABSENT, ABSENT), lambda world: {"outcome": "paid"}
    ),
    # It is not held: that is said to its sender only.
    "POST /api/v1/notifications/{notification_id}/release": Row(
        "subsystem", subsystems("409 not_held", ABSENT, ABSENT)
    ),
    "GET /api/v1/decisions": Row("subsystem", subsystems("200", "200", "200")),
    "POST /api/v1/decisions/{notification_id}/outcome": Row(
        "subsystem",
        subsystems("409 not_decided", ABSENT, ABSENT),
        lambda world: {"status": "confirmed", "message": "Booked."},
    ),
    "GET /api/v1/callbacks": Row("subsystem", subsystems("200", "200", "200")),
    # payroll has no endpoint: that is said of its own events only.
    "POST /api/v1/callbacks/{event_id}/replay": Row(
        "subsystem", subsystems("409 no_endpoint", ABSENT, ABSENT)
    ),
    # What is live is answered by people; nobody finds it with a key of another mode or sub-system.
    "POST /api/v1/test/respond": Row(
        "subsystem",
        {
            "sender": "403 test_key_needed",
            "sender_test_key": ABSENT,
            "other_subsystem": "403 test_key_needed",
            "other_test_key": ABSENT,
        },
        lambda world: {
            "notification_id": str(world.request.pk),
            "employee_id": "E1001",
            "verb": "approve",
        },
    ),
    # The matrix sends JSON, which is no type of file.
    "POST /api/v1/attachments": Row(
        "subsystem",
        subsystems("422 invalid", "422 invalid", "422 invalid"),
        lambda world: {"name": "receipt.pdf"},
    ),
    "GET /api/v1/subsystem": Row("subsystem", subsystems("200", "200", "200")),
    "GET /api/v1/categories": Row("subsystem", subsystems("200", "200", "200")),
    # rosters has one of the same key: each sees and changes its own.
    "GET /api/v1/categories/{key}": Row("subsystem", subsystems("200", "200", "200")),
    "PUT /api/v1/categories/{key}": Row(
        "subsystem",
        {
            **subsystems("200", "403 live_key_needed", "200"),
            "other_test_key": "403 live_key_needed",
        },
        lambda world: {"name": "Approvals", "sensitivity": "public"},
    ),
    "GET /api/v1/categories/{key}/templates": Row("subsystem", subsystems("200", "200", "200")),
    "GET /api/v1/categories/{key}/templates/{template}": Row(
        "subsystem", subsystems(ABSENT, ABSENT, ABSENT)
    ),
    "PUT /api/v1/categories/{key}/templates/{template}": Row(
        "subsystem",
        {
            **subsystems("201", "403 live_key_needed", "201"),
            "other_test_key": "403 live_key_needed",
        },
        lambda world: {"texts": {"en": {"title": "A report"}}, "default_language": "en"},
    ),
    "POST /api/v1/audiences/preview": Row(
        "subsystem",
        subsystems("200", "200", "200"),
        lambda world: {"audience": {"any": [{"everybody": True}]}},
    ),
    "POST /api/v1/notifications/{notification_id}/withdraw": Row(
        "subsystem", subsystems("200", ABSENT, ABSENT), lambda world: {"reason": "A mistake."}
    ),
}

MATRIX |= {
    # Modules: payroll's `payslips` is for alice and bob.
    "GET /api/v1/me/modules": Row("employee", employees("200")),
    "PUT /api/v1/me/modules/{module}/favourite": Row("employee", employees("204", "204", ABSENT)),
    "DELETE /api/v1/me/modules/{module}/favourite": Row(
        "employee", employees("204", "204", ABSENT)
    ),
    "GET /api/v1/me/modules/{module}/icon": Row("employee", employees("200", "200", ABSENT)),
    "POST /api/v1/me/modules/{module}/launch": Row("employee", employees("200", "200", ABSENT)),
    # Forms: payroll's `leave` is for alice and bob; only alice lets it have files.
    "GET /api/v1/me/modules/{form}/form": Row("employee", employees("200", "200", ABSENT)),
    "PUT /api/v1/me/modules/{form}/consents/{kind}": Row(
        "employee", employees("204", "204", ABSENT)
    ),
    "DELETE /api/v1/me/modules/{form}/consents/{kind}": Row(
        "employee", employees("204", "204", ABSENT)
    ),
    "POST /api/v1/me/modules/{form}/files": Row(
        "employee",
        employees("201", "403 capture_consent_needed", ABSENT),
        lambda world: {"input": "proof", "media_type": "text/plain", "content": "eA=="},
    ),
    "POST /api/v1/me/modules/{form}/submissions": Row(
        "employee",
        employees("201", "201", ABSENT),
        lambda world: {"version": 1, "inputs": {"days": 2}},
    ),
    "GET /api/v1/me/submissions": Row("employee", employees("200")),
    "GET /api/v1/submissions/{reference}/files/{input}": Row(
        "subsystem",
        {
            **subsystems("200", "403 live_key_needed", ABSENT),
            "other_test_key": "403 live_key_needed",
        },
    ),
    "GET /api/v1/modules/{module}": Row(
        "subsystem",
        {
            **subsystems("200", "403 live_key_needed", ABSENT),
            "other_test_key": "403 live_key_needed",
        },
    ),
    "PUT /api/v1/modules/{module}": Row(
        "subsystem",
        {
            **subsystems("200", "403 live_key_needed", "422 invalid"),
            "other_test_key": "403 live_key_needed",
        },
        _module,
    ),
    "DELETE /api/v1/modules/{module}": Row(
        "subsystem",
        {
            **subsystems("204", "403 live_key_needed", ABSENT),
            "other_test_key": "403 live_key_needed",
        },
    ),
    "POST /api/v1/modules/exchange": Row(
        "subsystem",
        {
            **subsystems("200", "403 live_key_needed", ABSENT),
            "other_test_key": "403 live_key_needed",
        },
        lambda world: {"code": world.code, "module": "payslips"},
    ),
}

# What stands open on purpose; a longer list is a decision, not an accident.
OPEN = {
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "GET /api/v1/openapi.json",
    "GET /api/v1/docs",
    "GET /api/v1/receipt-keys",  # public keys
    "GET /api/v1/contacts",
    "GET /api/v1/privacy-notices",  # read before signing in
    "GET /api/v1/privacy-notices/{version}",
}


def address(path: str, world: World) -> str:
    """The path with the ids of alice's and payroll's objects in it."""
    return path.format(
        notification_id=world.request.pk,
        device_id=world.other_device_id,
        delegation_id=world.delegation_id,
        event_id=world.event_id,
        number=0,
        key="approval",
        template="report",
        version=NOTICE_VERSION,
        purpose="location",
        request_id=world.privacy_request_id,
        module="payslips",
        form="leave",
        kind="file",
        reference=world.reference,
        input="proof",
    )
