"""Answers that have to be signed: what proves one, what doesn't, and the receipt that is kept."""

import base64
import copy
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import Device
from hub.lib import base64url, clock, jws, signing_keys
from notifications import inbox
from notifications.approvals import refusals, respond
from notifications.assurance import challenge, kept, published, receipt, statement
from notifications.assurance.refusals import ProofInvalid, StepUpRequired
from notifications.models import CallbackEvent, Category, Decision, DecisionReceipt, Response
from tests.notifications.signing import Signer

pytestmark = pytest.mark.django_db


@pytest.fixture
def signing(phone):
    """A phone of somebody, whose session registered its key, and the key pair."""

    def make(person, algorithm="EdDSA"):
        signer, device = Signer(algorithm), phone(person)
        Device.objects.filter(pk=device.pk).update(
            key=signer.key.jwk, key_thumbprint=signer.key.thumbprint
        )
        return device, signer

    return make


@pytest.fixture
def asked(make_request, alice, bob):
    """A request of a category that needs step-up; alice and bob are asked, and both must agree."""
    Category.objects.update(step_up=True)
    return make_request(alice, bob, policy={"mode": "all", "n": 1, "reject_ends": True})


def seen(person, request, device, now=None):
    """The item as the phone reads it, and the challenge that comes with it."""
    item = inbox.item(employee_id=person.id, notification_id=request.id)
    given = challenge.of(item, employee_id=person.id, device_id=device.id, now=now or clock.now())
    return item, given


def answer(person, request, device, proof="", verb="approve", comment="", version=1, now=None):
    return respond.respond(
        employee_id=person.id,
        notification_id=request.id,
        answer=respond.Answer(
            verb=verb, version=version, comment=comment, proof=proof, device_id=device.id
        ),
        now=now or clock.now(),
    )


def refused(act, reason):
    with pytest.raises(ProofInvalid) as refusal:
        act()
    assert refusal.value.data["reason"] == reason
    assert not Response.objects.exists()
    assert not DecisionReceipt.objects.exists()


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_a_signed_answer_is_taken_and_its_receipt_holds(asked, alice, signing, algorithm):
    device, signer = signing(alice, algorithm)
    item, given_ = seen(alice, asked, device)
    assert [action["step_up"] for action in item["actions"]] == [True, True]

    answer(alice, asked, device, signer.proof(item, given_, comment="Fine."), comment="Fine.")

    [document] = kept.of_notification(asked.id)
    proved = receipt.verify(document, hub_keys=signing_keys.ring().published)
    assert (proved["employee_id"], proved["verb"], proved["version"]) == ("E1001", "approve", 1)
    assert proved["key"] == signer.key.thumbprint
    assert proved["statement"]["content"] == given_["content"] == statement.content_hash(item)
    assert proved["statement"]["answer"] == statement.answer_hash(comment="Fine.", inputs=None)
    [event] = CallbackEvent.objects.all()
    assert event.body["data"]["receipt"] == {
        "id": proved["receipt"],
        "uri": f"/api/v1/notifications/{asked.id}/receipt",
    }


def test_the_decision_that_it_brings_names_it(make_request, alice, signing):
    Category.objects.update(step_up=True)
    request = make_request(alice)
    device, signer = signing(alice)
    answer(alice, request, device, signer.proof(*seen(alice, request, device)))

    event = CallbackEvent.objects.get(type="decision.made")
    assert event.body["data"]["receipt"]["id"] == str(Decision.objects.get().response.receipt.id)


def test_without_a_proof_it_says_what_is_needed(asked, alice, phone, signing):
    for device, needed in ((phone(alice), "key"), (signing(alice)[0], "proof")):
        with pytest.raises(StepUpRequired) as refusal:
            answer(alice, asked, device)
        assert refusal.value.data == {"needed": needed}
    assert not Response.objects.exists()


def test_a_single_action_may_need_it_and_the_others_not(make_request, alice, signing):
    request = make_request(alice)
    card = copy.deepcopy(request.card)
    card["actions"][0]["step_up"] = True
    request.card = card
    request.save()
    device, _ = signing(alice)
    item, _ = seen(alice, request, device)
    assert [action["step_up"] for action in item["actions"]] == [True, False]

    with pytest.raises(StepUpRequired):
        answer(alice, request, device)
    answer(alice, request, device, verb="reject", comment="No.")


def test_a_restricted_request_needs_it_unless_the_operators_wait_for_new_apps(
    make_request, alice, phone, settings
):
    request = make_request(alice, sensitivity="restricted")
    with pytest.raises(StepUpRequired):
        answer(alice, request, phone(alice))

    settings.STEP_UP_FOR_RESTRICTED = False
    assert answer(alice, request, phone(alice))["state"] == "decided"


def test_what_needs_none_has_no_challenge_and_takes_the_answer(make_request, alice, phone):
    request, device = make_request(alice), phone(alice)

    assert seen(alice, request, device)[1] is None
    answer(alice, request, device, proof="whatever")
    assert not DecisionReceipt.objects.exists()


OTHER = "01998000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"verb": "reject"}, "verb"),
        ({"answer": statement.answer_hash(comment="Other.", inputs=None)}, "answer"),
        ({"on_behalf_of": "E1002"}, "on_behalf_of"),
        ({"device": OTHER}, "device"),
        ({"notification": OTHER}, "notification"),
        ({"nonce": "AAAA"}, "nonce"),
        ({"nonce": base64url.encode(bytes(32))}, "nonce"),
        ({"nonce": "not base64url!"}, "nonce"),
        ({"signed_at": int(clock.now().timestamp()) - 3600}, "time"),
        ({"signed_at": int(clock.now().timestamp()) + 3600}, "time"),
        ({"v": 2}, "malformed"),
        ({"v": True}, "malformed"),
        ({"version": "1"}, "malformed"),
        ({"signed_at": 1.5}, "malformed"),
        ({"device": OTHER.upper().replace("A", "B")[:-1]}, "malformed"),
        ({"content": "short"}, "malformed"),
        ({"verb": None}, "malformed"),
        ({"nonce": ...}, "malformed"),
        ({"surprise": 1}, "malformed"),
    ],
)
def test_a_statement_that_says_something_else_proves_nothing(
    asked, alice, signing, changes, reason
):
    device, signer = signing(alice)
    proof = signer.proof(*seen(alice, asked, device), **changes)

    refused(lambda: answer(alice, asked, device, proof), reason)


@pytest.mark.parametrize("changes", [{"version": 2}, {"content": "A" * 43}])
def test_a_signature_under_other_content_is_answered_with_the_present_one(
    asked, alice, signing, changes
):
    device, signer = signing(alice)
    proof = signer.proof(*seen(alice, asked, device), **changes)

    with pytest.raises(refusals.VersionChanged) as refusal:
        answer(alice, asked, device, proof)
    assert refusal.value.data["item"]["id"] == str(asked.id)


def test_another_phones_key_and_a_colleagues_key_prove_nothing(asked, alice, bob, signing):
    device, signer = signing(alice)
    own_other, of_other = signing(alice)
    _, of_bob = signing(bob)
    item, given_ = seen(alice, asked, device)

    for wrong in (of_other, of_bob):
        refused(
            lambda wrong=wrong: answer(alice, asked, device, wrong.proof(item, given_)), "signature"
        )
    # Through the other phone, with a statement for this one.
    refused(lambda: answer(alice, asked, own_other, of_other.proof(item, given_)), "device")
    # A challenge handed out to bob, or to alice's other phone, is none for this one.
    for foreign in (seen(alice, asked, own_other)[1], seen(bob, asked, device)[1]):
        proof = signer.proof(item, given_, nonce=foreign["nonce"])
        refused(lambda proof=proof: answer(alice, asked, device, proof), "nonce")


def test_a_nonce_is_good_for_its_version_and_its_time_only(asked, alice, signing, settings):
    device, signer = signing(alice)
    item, given_ = seen(alice, asked, device)
    late = clock.now() + settings.STEP_UP_NONCE_LIFE
    stale = signer.proof(item, given_, signed_at=int(late.timestamp()))
    refused(lambda: answer(alice, asked, device, stale, now=late), "nonce_expired")

    asked.version = 2
    asked.save()
    renewed, fresh = seen(alice, asked, device)
    proof = signer.proof(renewed, fresh, nonce=given_["nonce"])
    refused(lambda: answer(alice, asked, device, proof, version=2), "nonce")


def test_a_session_that_ended_has_no_key_any_more(asked, alice, signing, now):
    device, signer = signing(alice)
    proof = signer.proof(*seen(alice, asked, device))
    Device.objects.update(closed_at=now, push_address=None, push_address_index=None)

    with pytest.raises(StepUpRequired):
        answer(alice, asked, device, proof)


def test_a_statement_is_used_once(asked, alice, bob, signing, now):
    device, signer = signing(alice)
    proof = signer.proof(*seen(alice, asked, device))
    answer(alice, asked, device, proof)
    # As if the same person sat on the request twice: the constraint refuses, whatever the code does.
    first = DecisionReceipt.objects.get()
    other = Response.objects.create(
        notification=asked, seat=asked.seat_set.exclude(pk=first.response.seat_id).get(), version=1,
        actor=alice, verb="approve", effect="approve", responded_at=now,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        DecisionReceipt.objects.create(
            response=other, notification=asked, nonce=first.nonce, statement="", device_key={},
            attestation="", created_at=now,
        )  # fmt: skip


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=120).map(base64url.encode))
def test_no_text_whatever_is_taken_for_a_statement_or_breaks_anything(text):
    for typ in (statement.TYP, receipt.ATTESTATION):
        with pytest.raises(jws.Malformed):
            jws.read(text, typ=typ)


def b64(value):
    return base64url.encode(value if isinstance(value, bytes) else json.dumps(value).encode())


HEADER = {"alg": "EdDSA", "typ": statement.TYP}


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "alg": "none"},
        {**HEADER, "alg": "HS256"},
        {**HEADER, "alg": "ES256"},
        {**HEADER, "crit": ["b64"], "b64": False},
        {**HEADER, "jwk": {"kty": "OKP"}},
        {**HEADER, "typ": receipt.ATTESTATION},
        {**HEADER, "kid": 1},
        {"alg": "EdDSA"},
        [],
        b'{"alg":"none","alg":"EdDSA","typ":"hub-answer+jws"}',
        b"\xff",
    ],
)
def test_a_header_that_would_change_how_it_is_read_is_refused(asked, alice, signing, header):
    device, signer = signing(alice)
    good = signer.proof(*seen(alice, asked, device))
    _, payload, _ = good.split(".")
    signed = f"{b64(header)}.{payload}"
    proof = f"{signed}.{base64url.encode(signer.private.sign(signed.encode()))}"

    refused(lambda: answer(alice, asked, device, proof), "malformed")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof + ".",
        lambda proof: proof + "=",
        lambda proof: proof.replace(".", "..", 1),
        lambda proof: proof.rpartition(".")[0],
        lambda proof: f" {proof}",
        lambda proof: proof + "A" * 5000,
        lambda proof: json.dumps({"payload": proof}),
    ],
)
def test_what_is_no_compact_jws_is_refused(asked, alice, signing, spoil):
    device, signer = signing(alice)
    proof = spoil(signer.proof(*seen(alice, asked, device)))

    refused(lambda: answer(alice, asked, device, proof), "malformed")


def test_every_bit_of_a_receipt_counts(asked, alice, signing):
    device, signer = signing(alice)
    answer(alice, asked, device, signer.proof(*seen(alice, asked, device)))
    [document] = kept.of_notification(asked.id)
    keys = signing_keys.ring().published
    assert receipt.verify(document, hub_keys=keys)

    for tampered in _tampered(document):
        with pytest.raises(receipt.Invalid):
            receipt.verify(tampered, hub_keys=keys)
    with pytest.raises(receipt.Invalid):
        receipt.verify(document, hub_keys=[Signer().key])


def _tampered(document):
    yield {**document, "format": "hub-receipt/2"}
    yield {**document, "note": ""}
    for name in document:
        yield {key: value for key, value in document.items() if key != name}
        yield {**document, name: None}
    yield {**document, "device_key": Signer().key.jwk}
    yield {**document, "device_key": {**document["device_key"], "alg": "EdDSA"}}
    for name in ("statement", "attestation"):
        text = document[name]
        for place in range(0, len(text), 7):
            other = "A" if text[place] != "A" else "B"
            yield {**document, name: text[:place] + other + text[place + 1 :]}
        header, payload, signature = text.split(".")
        said = json.loads(base64url.decode(payload))
        for member, value in said.items():
            changed = {**said, member: value + 1 if isinstance(value, int) else "other"}
            yield {**document, name: f"{header}.{b64(changed)}.{signature}"}


def test_a_phone_cannot_lend_its_statement_to_another_word_of_the_hub(asked, alice, signing):
    device, signer = signing(alice)
    answer(alice, asked, device, signer.proof(*seen(alice, asked, device)))
    [document] = kept.of_notification(asked.id)
    word = jws.read(document["attestation"], typ=receipt.ATTESTATION).payload
    current = signing_keys.ring().current
    for member in ("notification", "version", "verb", "on_behalf_of", "device"):
        other = jws.sign({**word, member: "other"}, key=current, typ=receipt.ATTESTATION)
        with pytest.raises(receipt.Invalid, match=member):
            receipt.verify(
                {**document, "attestation": other}, hub_keys=signing_keys.ring().published
            )


def test_a_key_that_was_replaced_is_published_still():
    old, new = bytes([1]) * 32, bytes([2]) * 32
    encoded = [base64.b64encode(raw).decode() for raw in (new, old)]
    before = signing_keys.SigningKeys.parse(encoded[1])
    public = base64.b64encode(before.current.public_key().public_bytes_raw()).decode()

    for value in (",".join(encoded), f"{encoded[0]}, public:{public}"):
        keys = signing_keys.SigningKeys.parse(value)
        assert keys.published[1] == before.published[0]
        assert keys.current.private_bytes_raw() == new


def test_the_command_checks_a_receipt_with_public_keys_only(
    asked, alice, signing, tmp_path, capsys
):
    device, signer = signing(alice)
    answer(alice, asked, device, signer.proof(*seen(alice, asked, device)))
    entries = {"entries": kept.of_notification(asked.id)}
    file, keys = tmp_path / "receipt.json", tmp_path / "keys.json"
    file.write_text(json.dumps(entries))
    keys.write_text(json.dumps(published.key_set()))

    call_command("verify_receipt", str(file), keys=keys)
    call_command("verify_receipt", str(file))
    assert capsys.readouterr().out.count("1 valid") == 2
    entries["entries"][0]["statement"] += "A"
    for text in (json.dumps(entries), "{", "[]", '{"entries": []}', '{"entries": [1]}', "1"):
        file.write_text(text)
        with pytest.raises(CommandError):
            call_command("verify_receipt", str(file), keys=keys)
    keys.write_text("{}")
    with pytest.raises(CommandError):
        call_command("verify_receipt", str(file), keys=keys)


def test_a_challenge_is_different_every_time_and_writes_nothing(
    asked, alice, signing, django_assert_num_queries
):
    device, _ = signing(alice)
    item, first = seen(alice, asked, device)
    with django_assert_num_queries(0):
        second = challenge.of(item, employee_id=alice.id, device_id=device.id, now=clock.now())
    assert first["nonce"] != second["nonce"]
    assert timedelta(0) < _life(second) <= timedelta(minutes=10)


def _life(given_):
    from datetime import datetime

    return datetime.fromisoformat(given_["expires_at"]) - clock.now()
