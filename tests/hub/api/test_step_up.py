"""Signed answers over HTTP, from the sign-in to the receipt, as docs/receipts.md tells it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785

from accounts.models import Device
from hub.lib import base64url
from notifications.models import Category, DecisionReceipt, Response
from tests.hub.api import codes
from tests.hub.api.world import send
from tests.notifications.signing import Signer

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).resolve().parents[3] / "docs/receipts.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def step_up(world):
    Category.objects.update(step_up=True)


@pytest.fixture
def item(world):
    return f"/api/v1/me/inbox/{world.request.pk}"


def sign_in(signer, **key):
    body = {
        "username": "alice", "password": "right",
        "device": {"uuid": "alice-signs", "platform": "ios", "key": key or signer.key.jwk},
    }  # fmt: skip
    answer = send(None, "POST", "/api/v1/auth/login", body)
    assert answer.status_code == 200, answer.content
    return answer.json()["access_token"]


def read(token, item):
    seen = send(token, "GET", item).json()
    return seen, seen["challenge"]


def answer(token, item, **body):
    return send(token, "POST", f"{item}/response", {"verb": "approve", "version": 1, **body})


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_from_the_sign_in_to_a_receipt_that_a_script_without_the_hub_checks(
    world, item, algorithm, tmp_path
):
    signer = Signer(algorithm)
    token = sign_in(signer)
    proof = signer.proof(*read(token, item), comment="Fine.")

    assert answer(token, item, comment=" Fine. ", proof=proof).status_code == 200
    path = f"/api/v1/notifications/{world.request.pk}/receipt"
    [receipt] = world.call("sender", "GET", path).json()["entries"]
    keys = send(None, "GET", "/api/v1/receipt-keys").json()
    script = tmp_path / "check.py"
    [code] = re.findall(r"^```python\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
    script.write_text(code)
    checked = run(script, receipt, keys)
    assert checked.returncode == 0, checked.stderr
    assert "'employee_id': 'E1001'" in checked.stdout
    for name in ("statement", "attestation"):
        header, payload, signature = receipt[name].split(".")
        other = base64url.encode(base64url.decode(payload).replace(b"approve", b"reject "))
        assert run(script, {**receipt, name: f"{header}.{other}.{signature}"}, keys).returncode
    assert run(script, {**receipt, "device_key": Signer(algorithm).key.jwk}, keys).returncode
    assert run(script, receipt, {"keys": [Signer().key.jwk]}).returncode


def run(script, receipt, keys):
    for name, value in (("receipt", receipt), ("keys", keys)):
        script.with_name(f"{name}.json").write_text(json.dumps(value))
    return subprocess.run(
        [sys.executable, "-I", script, "receipt.json", "keys.json"],
        cwd=script.parent, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_script_of_the_page_is_short():
    [code] = re.findall(r"^```python\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)

    assert len([line for line in code.splitlines() if line.strip()]) <= 37


def test_the_vectors_of_the_page_are_what_the_hub_computes():
    import hashlib

    rows = re.findall(r"^\| `(\{.*\})` \| `([\w-]{43})` \|$", PAGE, re.MULTILINE)

    assert len(rows) == 4
    for text, hashed in rows:
        assert rfc8785.dumps(json.loads(text)).decode() == text
        assert base64url.encode(hashlib.sha256(text.encode()).digest()) == hashed


def test_an_answer_without_a_proof_says_what_is_needed(world, item):
    refusal = codes.problem(answer(world.tokens["owner"], item))
    assert (refusal["code"], refusal["needed"]) == ("step_up_required", "key")
    refusal = codes.problem(answer(sign_in(Signer()), item))
    assert (refusal["code"], refusal["needed"]) == ("step_up_required", "proof")
    assert not Response.objects.exists()


def test_a_proof_that_proves_nothing_says_why_and_leaves_nothing(world, item):
    signer = Signer()
    token = sign_in(signer)
    seen, challenge = read(token, item)

    for proof, reason in (
        ("x", "malformed"),
        (Signer().proof(seen, challenge), "signature"),
        (signer.proof(seen, challenge, verb="reject"), "verb"),
    ):
        refusal = codes.problem(answer(token, item, proof=proof))
        assert (refusal["status"], refusal["code"]) == (422, "proof_invalid")
        assert refusal["reason"] == reason
    assert not Response.objects.exists()
    assert not DecisionReceipt.objects.exists()


def test_a_repeat_with_its_idempotency_key_is_the_same_answer_and_one_receipt(world, item):
    signer = Signer()
    token = sign_in(signer)
    body = {"verb": "approve", "version": 1, "proof": signer.proof(*read(token, item))}
    headers = {"Idempotency-Key": "once"}

    first, again = (
        send(token, "POST", f"{item}/response", body, headers=headers) for _ in range(2)
    )
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert DecisionReceipt.objects.count() == 1


def test_a_key_goes_with_its_session(world, item):
    signer = Signer()
    token = sign_in(signer)
    proof = signer.proof(*read(token, item))
    other = sign_in(Signer())  # the same installation signs in again, with another key
    refusal = codes.problem(answer(token, item, proof=proof))
    assert refusal["code"] == "session_revoked"
    assert codes.problem(answer(other, item, proof=proof))["reason"] == "signature"
    assert Device.objects.filter(closed_at=None).exclude(key=None).count() == 1


def test_a_request_without_signed_answers_has_no_receipts(world):
    path = f"/api/v1/notifications/{world.request.pk}/receipt"

    assert world.call("sender", "GET", path).json() == {"entries": []}
