"""payroll offers a page and a form; alice opens the one and hands in the other."""

import base64
import hashlib
import secrets
from typing import Any

import httpx
import pytest

from hub.demo import app
from tests.servers import company
from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World, accepted

pytestmark = pytest.mark.servers

FINANCE = {"any": [{"department": "Finance"}]}
PDF = b"%PDF-1.7 a doctor's note"


def as_subsystem(
    world: World, method: str, path: str, body: object = None, *, subsystem: str = "payroll"
) -> httpx.Response:
    return world.http.request(
        method,
        f"{world.hub.url}/api/v1/{path}",
        json=body,
        headers={"Authorization": f"Bearer {world.keys[subsystem]}"},
    )


def refused(act: Any) -> tuple[int, str]:
    with pytest.raises(app.Refused) as problem:
        act()
    return problem.value.problem["status"], problem.value.problem["code"]


def submission(phone: app.App, reference: str) -> dict[str, Any]:
    entries = phone.get("me/submissions")["entries"]
    return next(one for one in entries if one["reference"] == reference)


def test_a_page_is_opened_once_and_a_form_comes_back_answered(world: World) -> None:
    alice, charlie = world.phone("alice"), world.phone("charlie")
    world.hub.run("-m", "tests.stories.approve")  # where payroll's modules may lead

    # payroll proposes a page; nobody sees it before it is approved, and charlie never.
    page = {
        "names": {"en": "Payslips"},
        "audience": FINANCE,
        "address": f"{world.receiver}/modules/payroll/payslips",
        "code_in": "query",
        "claims": ["display_name"],
    }
    proposed = as_subsystem(world, "PUT", "modules/payslips", page)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed")
    assert alice.get("me/modules")["entries"] == []
    world.hub.run("-m", "tests.stories.approve")
    assert [one["key"] for one in alice.get("me/modules", q="PAYslip")["entries"]] == ["payslips"]
    assert charlie.get("me/modules")["entries"] == []
    assert refused(lambda: charlie.post("me/modules/payslips/launch", {}))[0] == 404

    # Alice opens it: the page knows her by name, and the same address opens nothing again.
    address = alice.post("me/modules/payslips/launch", {})["address"]
    world.secrets.add(address.partition("hub_code=")[2])
    opened = world.http.get(address)
    assert opened.status_code == 200
    assert company.PEOPLE["alice"][1] in opened.text
    again = world.http.get(address)
    assert again.status_code == 403
    assert "launch_code_used" in again.text

    # Another sub-system learns nothing by a code that it got hold of; payroll still does.
    code = alice.post("me/modules/payslips/launch", {})["address"].partition("hub_code=")[2]
    world.secrets.add(code)
    body = {"code": code, "module": "payslips"}
    stolen = as_subsystem(world, "POST", "modules/exchange", body, subsystem="rosters")
    assert stolen.status_code == 404
    rightful = as_subsystem(world, "POST", "modules/exchange", body)
    assert rightful.json()["employee_id"] == company.PEOPLE["alice"][0]
    assert len(rightful.json()["claims"]) == 1
    said = world.query("SELECT action FROM accounts_auditevent WHERE action LIKE 'launch_ex%%'")
    assert sorted(said) == [("launch_exchange_refused",)] * 2 + [("launch_exchanged",)] * 2

    # payroll offers a form. Nothing is captured before alice agrees.
    form = {
        "names": {"en": "Apply for leave"},
        "audience": FINANCE,
        "form": {
            "inputs": [
                {"name": "days", "type": "number", "required": True},
                {"name": "note", "type": "file", "media_types": ["application/pdf"]},
            ]
        },
    }
    assert as_subsystem(world, "PUT", "modules/leave", form).status_code == 201
    world.hub.run("-m", "tests.stories.approve")
    version = alice.get("me/modules/leave/form")["version"]
    upload = {
        "input": "note",
        "media_type": "application/pdf",
        "content": base64.b64encode(PDF).decode(),
    }
    files = "me/modules/leave/files"
    assert refused(lambda: alice.post(files, upload)) == (403, "capture_consent_needed")
    consent = f"{world.hub.url}/api/v1/me/modules/leave/consents/file"
    app.call("PUT", consent, token=alice.access_token)
    note = alice.post(files, upload)["id"]

    # She hands it in, twice by a shaky line: it is one, and payroll is told of it, signed.
    filled = {"version": version, "inputs": {"days": 2, "note": note}}
    key = secrets.token_hex(8)
    reference = alice.post("me/modules/leave/submissions", filled, key=key)["reference"]
    assert alice.post("me/modules/leave/submissions", filled, key=key)["reference"] == reference
    until("alice sees it confirmed", lambda: submission(alice, reference)["outcome"] == "confirmed")
    events = world.http.get(f"{world.receiver}/events").json()
    (told,) = [one for one in events if one["payload"]["data"]["reference"] == reference]
    assert (told["verified"], told["payload"]["type"]) == (True, "form.submitted")
    data = told["payload"]["data"]
    assert data["inputs"] == {"days": 2}
    assert data["employee"] == {"employee_id": company.PEOPLE["alice"][0]}

    # The paper is fetched by payroll alone, until alice withdraws it.
    (paper,) = data["files"]
    path = paper["uri"].removeprefix("/api/v1/")
    assert hashlib.sha256(as_subsystem(world, "GET", path).content).hexdigest() == paper["sha256"]
    assert as_subsystem(world, "GET", path, subsystem="rosters").status_code == 404
    app.call("DELETE", consent, token=alice.access_token)
    assert as_subsystem(world, "GET", path).status_code == 404

    # Its progress comes back as a notification, on her phone and with what she handed in.
    about = {
        "category": "news",
        "kind": "notice",
        "title": f"Leave {secrets.token_hex(4)} is in the calendar",
        "summary": "Two days",
        "submission": reference,
        "audience": {"any": [{"employees": [company.PEOPLE["alice"][0]]}]},
    }
    assert world.post(about, subsystem="rosters").status_code == 422
    notice = accepted(world.post(about))
    until("alice's phone shows it", lambda: world.shows("alice", notice))
    assert [one["id"] for one in submission(alice, reference)["notifications"]] == [notice]
    assert alice.get(f"me/inbox/{notice}")["submission"] == reference

    invariants.hold(world)
