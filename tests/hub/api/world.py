"""A small company in the middle of its day, and everybody who may knock at its doors."""

import functools
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts import activation, audit, devices, people, sessions, subsystems
from accounts.models import Activation, ApiKey, Device, Employee, Subsystem
from accounts.privacy import archives, consents, notices, requests
from hub.lib import clock
from notifications import ingest
from notifications.approvals import delegation
from notifications.callbacks import events
from notifications.models import Category, Delegation, Notification, Question, Recipient
from selfserve import captures, forms, launches, modules, places
from selfserve.definition import Definition
from selfserve.models import Icon, Module

# Stands in whatever is alice's or payroll's; nobody else's answer may hold it.
MARK = "CONFIDENTIAL-4711"
NOTICE_VERSION = "2026-1"
ADMIN = audit.Actor("staff", "1")

NOTICE = {
    "category": "approval",
    "kind": "notice",
    "title": "Payslip",
    "audience": {"any": [{"employees": ["E1001"]}]},
}


@dataclass
class World:
    """Who is there: the Authorization header of each caller, and the objects they knock for."""

    tokens: dict[str, str | None] = field(default_factory=dict)
    request: Notification = None  # type: ignore[assignment]
    alice: Employee = None  # type: ignore[assignment]
    device_id: uuid.UUID = None  # type: ignore[assignment]
    other_device_id: uuid.UUID = None  # type: ignore[assignment]
    delegation_id: uuid.UUID = None  # type: ignore[assignment]
    privacy_request_id: uuid.UUID = None  # type: ignore[assignment]
    refresh_token: str = ""
    push_code: str = ""
    event_id: uuid.UUID = None  # type: ignore[assignment]
    question_id: uuid.UUID = None  # type: ignore[assignment]
    code: str = ""
    reference: str = ""

    def call(
        self,
        caller: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        """What the hub answers this caller; a body that is no bytes is sent as JSON."""
        return send(
            self.tokens[caller], method, path, body, content_type=content_type, headers=headers
        )


def send(
    token: str | None,
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """One request; what the hub fails to do is seen as its 500, not as an exception."""
    given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    if token is not None:
        given.setdefault("Authorization", f"Bearer {token}")
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return _client().generic(method, path, data, content_type=content_type, headers=given)


@functools.cache
def _client() -> Client:
    # It loads the middleware, which takes longer than a request.
    return Client(raise_request_exception=False)


def build(
    *,
    alice: Employee,
    bob: Employee,
    charlie: Employee,
    payroll: Subsystem,
    rosters: Subsystem,
    now: datetime,
) -> World:
    """alice is asked by payroll, bob may read along, charlie and rosters are strangers."""
    world = World(alice=alice)
    for system in (payroll, rosters):
        Category.objects.create(subsystem=system, key="approval", name="Approval")
    caller = subsystems.Caller(subsystem_id=payroll.id, key_id=uuid.uuid4(), mode="live")
    world.request = _request(caller, now)
    _shown(world, bob, now)
    world.delegation_id = _delegation(alice, now).pk
    world.question_id = Question.objects.create(
        notification=world.request, asker=bob, to="subsystem", text=MARK, asked_at=now
    ).pk
    _let_employees_in(world, alice, bob, charlie, now)
    _tell_of_privacy(world, now)
    _let_subsystems_in(world, payroll, rosters, now)
    world.event_id = events.emit(
        Notification.objects.get(pk=world.request.pk),
        type_="response.recorded",
        facts={"mark": MARK},
        now=now,
    ).pk
    _offer_modules(world, alice, payroll, now)
    return world


def _shown(world: World, person: Employee, now: datetime) -> None:
    # Whoever is asked may have a copy since the request was accepted.
    Recipient.objects.get_or_create(
        employee=person, notification=world.request, defaults={"arrived_at": now}
    )


def _request(caller: subsystems.Caller, now: datetime) -> Notification:
    card = {
        "title": MARK,
        "summary": MARK,
        "body": "",
        "facts": [],
        "links": [],
        "actions": [
            {"verb": verb, "label": verb, "effect": verb, "comment": ""}
            for verb in ("approve", "reject")
        ],
    }
    draft = ingest.Draft(
        category="approval",
        kind="request",
        card=card,
        reference=MARK,
        metadata={"mark": MARK},
        audience={"any": [{"employees": ["E1001"]}]},
    )
    return ingest.accept(draft, caller=caller, now=now).notification


def _offer_modules(world: World, alice: Employee, payroll: Subsystem, now: datetime) -> None:
    """payroll has a page for alice and bob, with alice on her way to it."""
    allowed = places.Allowed(hosts=["payroll.corp.example"])
    places.allow(subsystem_id=payroll.pk, allowed=allowed, actor=ADMIN, now=now)
    wanted = Definition(
        names={"en": MARK},
        audience={"any": [{"employees": ["E1001", "E1002"]}]},
        address=f"https://payroll.corp.example/{MARK}",
    )
    module = modules.register(
        subsystem_id=payroll.pk, key="payslips", wanted=wanted, actor=ADMIN, now=now
    )
    Icon.objects.create(module=module, digest="0" * 64, png=b"")
    Module.objects.filter(pk=module.pk).update(shown={**wanted.kept(), "icon": "0" * 64})
    session = devices.Session(world.device_id, alice.pk)
    made = launches.launch(session=session, key="payslips", now=clock.now())
    _offer_form(world, alice, payroll, now)
    world.code = made.address.partition("hub_code=")[2]


def _offer_form(world: World, alice: Employee, payroll: Subsystem, now: datetime) -> None:
    """payroll has a form, too, which alice has handed in once, with a file."""
    asked = [
        {"name": "days", "label": MARK, "type": "number", "required": True},
        {"name": "proof", "label": MARK, "type": "file", "required": False},
    ]
    wanted = Definition(
        names={"en": MARK},
        audience={"any": [{"employees": ["E1001", "E1002"]}]},
        form={"inputs": asked},
    )
    modules.register(subsystem_id=payroll.pk, key="leave", wanted=wanted, actor=ADMIN, now=now)
    captures.agree(employee_id=alice.pk, key="leave", kind="file", now=now)
    proof = captures.upload(
        employee_id=alice.pk, key="leave", name="proof", media_type="text/plain",
        content=MARK.encode(), now=now,
    )  # fmt: skip
    given = {"days": 2, "proof": str(proof.pk)}
    made = forms.hand_in(employee_id=alice.pk, key="leave", version=1, given=given, now=now)
    world.reference = made.reference


def _delegation(alice: Employee, now: datetime) -> Delegation:
    assert alice.manager is not None
    wish = delegation.Wish(
        delegate=alice.manager.employee_id, starts_at=now, ends_at=now + timedelta(days=1)
    )
    return delegation.give(principal_id=alice.pk, wish=wish, now=now)


def _open(person: Employee, installation: str, now: datetime) -> sessions.Opened:
    claim = devices.Claim(installation=installation, platform="android", name=person.user_name)
    return sessions.open_session(
        employee_id=person.pk, claim=claim, client_address="127.0.0.1", now=now
    )


def _let_employees_in(
    world: World, alice: Employee, bob: Employee, charlie: Employee, now: datetime
) -> None:
    own = _open(alice, f"own-{MARK}", now)
    Device.objects.filter(pk=own.device_id).update(model=MARK)
    world.device_id, world.refresh_token = own.device_id, own.pair.refresh
    activation.register(device_id=own.device_id, address=MARK, kind="token", actor=ADMIN, now=now)
    world.push_code = activation.code_of(Activation.objects.get().pk)
    world.other_device_id = _open(alice, "alice-tablet", now).device_id
    world.tokens |= {
        "nobody": None,
        "owner": own.pair.access,
        "reader": _open(bob, "bob-phone", now).pair.access,
        "other_employee": _open(charlie, "charlie-phone", now).pair.access,
        "refresh_token": own.pair.refresh,
        "unknown_token": "hub_at_" + "A" * 49,
    }
    closed = _open(alice, "alice-closed", now)
    sessions.logout(session=devices.Session(closed.device_id, alice.pk), now=now)
    world.tokens["closed_session"] = closed.pair.access
    late = _open(alice, "alice-late", now)
    Device.objects.filter(pk=late.device_id).update(access_expires_at=now - timedelta(seconds=1))
    world.tokens["expired_token"] = late.pair.access
    erin = Employee.objects.create(
        object_guid=uuid.uuid4(), employee_id="E1009", user_name="erin",
        display_name="Erin", seen_in_directory_at=now,
    )  # fmt: skip
    _shown(world, erin, now)
    gone = _open(erin, "erin-phone", now)
    people.set_disabled(employee_id=erin.pk, reason="directory", actor=ADMIN, now=now)
    world.tokens["disabled"] = gone.pair.access


def _tell_of_privacy(world: World, now: datetime) -> None:
    """A notice that nobody has to accept, and alice's consent to one purpose."""
    words = {"language": "en", "title": "Privacy notice", "text": "What we know of you."}
    notices.draft(version=NOTICE_VERSION, material=False, recipients=[], actor=ADMIN, now=now)
    notices.write(version=NOTICE_VERSION, actor=ADMIN, now=now, **words)
    notices.publish(version=NOTICE_VERSION, effective_at=now, actor=ADMIN, now=now)
    session = devices.Session(world.device_id, world.alice.pk)
    consents.give(session=session, purpose="location", now=now)
    asked = requests.ask(employee_id=world.alice.pk, kind="export", words="", now=now)
    archives.keep(asked, b"PK of alice", now=now)
    world.privacy_request_id = asked.pk


def _let_subsystems_in(world: World, payroll: Subsystem, rosters: Subsystem, now: datetime) -> None:
    def issue(subsystem: Subsystem, mode: str, expires_at: datetime | None = None) -> Any:
        return subsystems.issue_key(
            subsystem=subsystem, mode=mode, name="key", expires_at=expires_at, actor=ADMIN, now=now
        )

    revoked = issue(payroll, ApiKey.Mode.LIVE)
    subsystems.revoke_key(key_id=revoked.key.pk, actor=ADMIN, now=now)
    asleep = Subsystem.objects.create(key="asleep", name="Asleep", created_at=now)
    world.tokens |= {
        "sender": issue(payroll, ApiKey.Mode.LIVE).text,
        "sender_test_key": issue(payroll, ApiKey.Mode.TEST).text,
        "other_subsystem": issue(rosters, ApiKey.Mode.LIVE).text,
        "other_test_key": issue(rosters, ApiKey.Mode.TEST).text,
        "revoked_key": revoked.text,
        "expired_key": issue(payroll, ApiKey.Mode.LIVE, now - timedelta(seconds=1)).text,
        "paused_subsystem": issue(asleep, ApiKey.Mode.LIVE).text,
    }
    subsystems.pause(subsystem_id=asleep.pk, actor=ADMIN, now=now)
