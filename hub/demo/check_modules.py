"""The self-serve part of `make demo-check`: a page is opened once, a form comes back answered."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from hub.demo import app, modules

Waiting = Callable[[str, Callable[[], object]], None]


class NotAsPromised(Exception):
    """A step did not come out; the message says which and what was seen."""


def run(
    phone: app.App,
    *,
    web: str,
    receiver: str,
    api_key: str,
    run_id: str,
    wait: Waiting,
    said: Callable[[str], None],
) -> None:
    """Every step in order. Raises NotAsPromised."""
    seen = {one["key"]: one for one in phone.get("me/modules")["entries"]}
    if not {modules.PAGE, modules.FORM} <= seen.keys():
        raise NotAsPromised(f"alice sees these modules only: {sorted(seen)}")
    said(f"alice sees her modules: {', '.join(one['name'] for one in seen.values())}")
    address = phone.post(f"me/modules/{modules.PAGE}/launch", {})["address"]
    status, page = opened(address)
    if status != 200 or "Hello" not in page:
        raise NotAsPromised(f"the module answered {status}: {page}")
    said("the module exchanges the code and greets her")
    status, page = opened(address)
    if status != 403 or "launch_code_used" not in page:
        raise NotAsPromised(f"the same code again was answered {status}: {page}")
    said("the same code again opens nothing")
    form = phone.get(f"me/modules/{modules.FORM}/form")
    filled = {"first_day": "2099-12-24", "days": 2, "kind": "holiday"}
    body = {"version": form["version"], "inputs": filled}
    made = phone.post(f"me/modules/{modules.FORM}/submissions", body, key=f"leave-{run_id}")
    reference = made["reference"]
    said(f"alice applies for leave: {reference}")
    wait("payroll hears of it, signed", lambda: told(receiver, reference, filled))
    wait(
        "alice sees that it is confirmed", lambda: state(phone, reference)["outcome"] == "confirmed"
    )
    notice = {
        "category": "leave",
        "kind": "notice",
        "title": "Your leave is in the calendar",
        "submission": reference,
        "audience": {"any": [{"employees": ["E1001"]}]},
    }
    app.call("POST", f"{web}/api/v1/notifications", token=api_key, body=notice)
    wait("payroll's news about it is with it", lambda: state(phone, reference)["notifications"])


def opened(address: str) -> tuple[int, str]:
    """What a browser gets at this address."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def told(receiver: str, reference: str, filled: dict[str, Any]) -> bool:
    """Whether the pretend sub-system received just that, and could verify it."""
    for event in app.call("GET", f"{receiver}/events"):
        data = (event["payload"] or {}).get("data", {})
        if event["verified"] and data.get("reference") == reference:
            return bool(data["inputs"] == filled)
    return False


def state(phone: app.App, reference: str) -> dict[str, Any]:
    """What the employee reads of it."""
    entries = phone.get("me/submissions")["entries"]
    found: dict[str, Any] = next(one for one in entries if one["reference"] == reference)
    return found
