"""The pages say what the code does: links, commands, paths, names, examples and vectors hold."""

import ast
import importlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
import time_machine
from django.conf import settings

from accounts.models import Employee
from hub.lib import errors, signing
from notifications.api.subsystem.inputs import NotificationInput
from notifications.approvals import decisions
from notifications.callbacks import events
from notifications.models import Decision, Notification, Response

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SUBSYSTEM_API = (ROOT / "docs/sub-system-api.md").read_text(encoding="utf-8")

FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
NAMED = re.compile(r"([\w/.-]+\.py): (\w+)")
PATH = re.compile(
    r"(?:hub|accounts|notifications|selfserve|tests|docs|docker|requirements|\.ci)/[\w./-]*"
)


def of_page(page):
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=of_page)


def prose(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """The fragments that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@every_page
def test_every_relative_link_leads_somewhere(page):
    for target in LINK.findall(prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        path, _, fragment = target.partition("#")
        found = (page.parent / path).resolve() if path else page

        assert found.exists(), target
        assert not fragment or fragment in anchors(found), target


@every_page
def test_every_make_target_that_is_named_exists(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    code = [*FENCE.findall(text), *CODE.findall(FENCE.sub("", text))]
    named = {name for part in code for name in re.findall(r"(?:^|\s|`)make ([a-z-]+)", part)}

    assert named <= targets


@every_page
def test_every_path_that_is_named_exists(page):
    for code in CODE.findall(prose(page)):
        path = re.split("[: ]", code)[0]
        assert not PATH.fullmatch(path) or (ROOT / path).exists(), code


@every_page
def test_every_function_that_is_named_stands_in_its_file(page):
    for path, name in NAMED.findall(prose(page)):
        source = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = {
            node.name for node in source.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }

        assert name in names, f"{path}: {name}"


def test_architecture_names_enough_for_this_to_prove_something():
    assert len(NAMED.findall((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))) > 40


@every_page
def test_pages_speak_of_the_hub_and_of_no_machine(page):
    text = page.read_text(encoding="utf-8")

    assert not re.search(r"/root/|/work/|/tmp/|TODO|FIXME", text)


def test_the_first_curl_is_the_one_that_make_run_prints():
    seed = ast.parse((ROOT / "hub/demo/seed.py").read_text(encoding="utf-8"))
    [printed] = [
        ast.literal_eval(value)
        for node in ast.walk(seed)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "first_notification"
    ]
    [shown] = re.findall(r"-d '(\{.*?\})'", README)

    assert json.loads(shown) == printed


def test_the_fields_of_the_table_are_those_of_the_endpoint():
    section = SUBSYSTEM_API.partition("\n## Fields\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(
        NotificationInput().fields
    )


def codes_with_status():
    importlib.import_module("hub.urls")  # loads every door, and with them every refusal
    found, waiting = set(), [errors.HubError]
    while waiting:
        kind = waiting.pop()
        found.add((kind.code, str(kind.status)))
        waiting += kind.__subclasses__()
    return found


def test_the_refusals_that_an_app_must_understand_exist_with_their_status():
    page = (ROOT / "docs/mobile-api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\d{3}) \|", page, re.MULTILINE)
    said = {(code, status) for codes, status in rows for code in CODE.findall(codes)}

    assert len(said) > 20
    assert said <= codes_with_status()


def test_the_changelog_alone_knows_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert re.search(r"^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert 'dynamic = ["version"]' in project
    assert not re.search(r"^version\s*=", project, re.MULTILINE)


def vector():
    rows = dict(re.findall(r"^\| ([\w-]+) \| `([^`]+)` \|$", SUBSYSTEM_API, re.MULTILINE))
    [body] = re.findall(r"^```text\n(\{.*\})\n```$", SUBSYSTEM_API, re.MULTILINE)
    return rows, body


def rows_of_two():
    """What stands beside the vector for the time in which a secret is changed."""
    return dict(re.findall(r"^\| ([\w -]+) \| `([^`]+)` \|$", SUBSYSTEM_API, re.MULTILINE))


def test_the_test_vector_is_what_the_hub_signs():
    rows, body = vector()
    at = datetime.fromtimestamp(int(rows["webhook-timestamp"]), tz=UTC)

    headers = signing.sign(
        secrets=[rows["secret"]], event_id=rows["webhook-id"], timestamp=at, body=body.encode()
    )

    assert headers == {name: rows[name] for name in headers}


def test_the_vector_of_two_secrets_is_what_the_hub_signs_and_taken_with_either():
    rows, body = vector()
    secrets = [rows_of_two()["second secret"], rows["secret"]]
    at = datetime.fromtimestamp(int(rows["webhook-timestamp"]), tz=UTC)

    headers = signing.sign(
        secrets=secrets, event_id=rows["webhook-id"], timestamp=at, body=body.encode()
    )

    assert headers["webhook-signature"] == rows_of_two()["webhook-signature with both"]
    with time_machine.travel(at):
        for secret in secrets:
            assert standardwebhooks.Webhook(secret).verify(body, headers) == json.loads(body)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(signing.new_secret()).verify(body, headers)


def test_the_example_of_a_callback_is_the_vector_and_what_the_hub_writes():
    _, body = vector()
    [example] = re.findall(
        r'^```json\n(\{\n  "id".*?)```$', SUBSYSTEM_API, re.DOTALL | re.MULTILINE
    )
    example = json.loads(example)
    data, at = example["data"], datetime.fromisoformat(example["timestamp"])
    bob = Employee(employee_id=data["actor"]["employee_id"])
    said = Response(comment=data["comment"], inputs=None, actor=bob)
    decision = Decision(
        version=data["version"], verb=data["verb"], effect=data["effect"], decided_at=at
    )
    notification = Notification(
        id=data["notification_id"],
        reference=data["reference"],
        mode=data["mode"],
        state=data["state"],
        metadata=data["metadata"],
    )

    written = events.body(
        example["id"],
        notification,
        type_=example["type"],
        sequence=data["sequence"],
        facts=decisions.facts(decision, response=said),
        now=at,
    )

    assert written == example == json.loads(body)
    assert body == json.dumps(written, separators=(",", ":"), ensure_ascii=False)


def test_the_receiver_in_python_takes_the_vector_and_refuses_another_body():
    rows, body = vector()
    [code] = re.findall(r"^```python\n(.*?)```$", SUBSYSTEM_API, re.DOTALL | re.MULTILINE)
    names = {"standardwebhooks": standardwebhooks}
    exec(code, names)  # our own page
    receive = names["receive"]
    headers = {name: rows[name] for name in rows if name.startswith("webhook-")}

    with time_machine.travel(int(rows["webhook-timestamp"]) + 60):
        status, answer = receive(rows["secret"], headers, body.encode())
        refused, _ = receive(rows["secret"], headers, body.encode() + b" ")

    assert (status, answer["received"], refused) == (200, rows["webhook-id"], 401)


def test_the_schedule_of_callbacks_is_the_settings():
    waits = settings.CALLBACK_WAITS_SECONDS
    least, most = timedelta(seconds=sum(waits)), timedelta(seconds=sum(waits) * 1.2)

    for total in (least, most):
        minutes = round(total.total_seconds() / 60)
        said = f"{minutes // 60} hours {minutes % 60} minutes"
        assert said in " ".join(SUBSYSTEM_API.split()), said
    assert len(waits) + 1 == 10
    assert "**Ten tries.**" in SUBSYSTEM_API
