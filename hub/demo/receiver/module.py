"""A module of the pretend sub-system: it exchanges the code in its address, and greets by name."""

import json
import urllib.error
import urllib.request
from html import escape
from pathlib import Path
from typing import Any

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<style>body {{ font: 18px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 32rem;"
    " padding: 0 1rem }}</style><h1>{title}</h1><p>{text}</p></html>"
)


def open_page(code: str, *, subsystem: str, module: str, hub: Path | None) -> tuple[int, str]:
    """The status and the HTML for whoever comes with this code.

    `hub` is a file of JSON that says where the hub is (`web`) and with which `api_keys` to ask.
    """
    if not code:
        return 400, _page("Please open this from the app", "The address holds no code.")
    try:
        known = json.loads(hub.read_text(encoding="utf-8")) if hub is not None else {}
        web, key = known["web"], known["api_keys"][subsystem]
    except (OSError, ValueError, KeyError):
        return 503, _page("Not yet", "This page does not know yet where the hub is.")
    status, answer = _exchange(f"{web}/api/v1/modules/exchange", key, code, module)
    if status != 200:
        why = f"{answer.get('code', status)}: {answer.get('detail', '')}"
        return 403, _page("This opening is over", why)
    name = answer["claims"].get("display_name") or answer["employee_id"]
    return 200, _page(f"Hello {name}", f"You are {answer['employee_id']}. The hub says so.")


def _exchange(url: str, key: str, code: str, module: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        url,
        method="POST",
        data=json.dumps({"code": code, "module": module}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 503, {"code": "unreachable", "detail": "The hub does not answer."}


def _page(title: str, text: str) -> str:
    return _PAGE.format(title=escape(title), text=escape(text))
