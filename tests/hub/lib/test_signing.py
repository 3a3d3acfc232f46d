"""Callbacks are signed so that receivers with the public library accept them, and the reverse."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from hub.lib import signing

NOW = datetime(2026, 11, 9, 8, 30, tzinfo=UTC)
BODY = '{"type":"decision.made","label":"Überstunden"}'.encode()
EVENT = "evt_01932a6b-7f2e"


def headers_of(*secrets: str, at: datetime = NOW, event_id: str = EVENT) -> dict[str, str]:
    return signing.sign(secrets=secrets, event_id=event_id, timestamp=at, body=BODY)


def test_the_published_vector_of_the_specification_is_reproduced() -> None:
    headers = signing.sign(
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_signature_is_the_hmac_of_id_timestamp_and_body() -> None:
    key = bytes(range(32))
    secret = "whsec_" + base64.b64encode(key).decode()
    signed = f"{EVENT}.{int(NOW.timestamp())}.".encode() + BODY
    by_hand = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers_of(secret)["webhook-signature"] == f"v1,{by_hand}"


def test_the_public_library_accepts_what_the_hub_signs_and_refuses_another_body() -> None:
    secret = signing.new_secret()
    receiver = standardwebhooks.Webhook(secret)
    headers = headers_of(secret, at=datetime.now(UTC))
    assert receiver.verify(BODY.decode(), headers) == {
        "type": "decision.made",
        "label": "Überstunden",
    }
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        receiver.verify(BODY.decode() + " ", headers)


def test_the_hub_accepts_what_the_public_library_signs() -> None:
    secret = signing.new_secret()
    signature = standardwebhooks.Webhook(secret).sign(EVENT, NOW, BODY.decode())
    headers = {
        "Webhook-Id": EVENT,
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": signature,
    }
    assert signing.verify(secrets=[secret], headers=headers, body=BODY, now=NOW) == EVENT


def test_during_a_rotation_a_receiver_with_either_secret_is_content() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    headers = headers_of(new, old, at=datetime.now(UTC))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(BODY.decode(), headers)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,ñandú"},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    secret = signing.new_secret()
    with pytest.raises(signing.BadSignature):
        signing.verify(secrets=[secret], headers=headers_of(secret) | change, body=BODY, now=NOW)


def test_another_body_secret_version_or_hour_is_refused() -> None:
    secret = signing.new_secret()
    headers = headers_of(secret)
    v2 = headers | {"webhook-signature": headers["webhook-signature"].replace("v1", "v2")}
    for known, given, body, now in [
        (secret, headers, BODY + b" ", NOW),
        (signing.new_secret(), headers, BODY, NOW),
        (secret, v2, BODY, NOW),
        (secret, headers, BODY, NOW + timedelta(minutes=5, seconds=1)),
        (secret, headers, BODY, NOW - timedelta(minutes=5, seconds=1)),
    ]:
        with pytest.raises(signing.BadSignature):
            signing.verify(secrets=[known], headers=given, body=body, now=now)
    edge = NOW + timedelta(minutes=5)
    assert signing.verify(secrets=[secret], headers=headers, body=BODY, now=edge) == EVENT


def test_secrets_are_new_every_time_and_256_bits_long() -> None:
    assert len({signing.new_secret() for _ in range(20)}) == 20
    assert len(base64.b64decode(signing.new_secret().removeprefix("whsec_"))) == 32


def test_what_cannot_be_signed_safely_is_a_mistake_of_the_caller() -> None:
    secret = signing.new_secret()
    for secrets, event_id, at in [
        ((), EVENT, NOW),
        (("whsec_c2hvcnQ=",), EVENT, NOW),
        (("whsec_%%",), EVENT, NOW),
        ((secret,), "with.stop", NOW),
        ((secret,), "with\r\nheader: x", NOW),
        ((secret,), EVENT, NOW.replace(tzinfo=None)),
    ]:
        with pytest.raises(ValueError) as refusal:
            headers_of(*secrets, at=at, event_id=event_id)
        assert "c2hvcnQ" not in str(refusal.value)
