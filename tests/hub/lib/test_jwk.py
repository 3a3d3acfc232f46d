"""Public keys: both forms give the same key, and what is no good key is refused."""

import base64

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, utils
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import base64url, jwk

EC, ED = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
BOTH = pytest.mark.parametrize("private", [EC, ED], ids=["ES256", "EdDSA"])


def spki(key, encoding=serialization.Encoding.DER):
    return key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


@BOTH
def test_a_key_is_the_same_as_jwk_as_der_and_as_pem(private):
    der = jwk.PublicKey.from_spki(base64.b64encode(spki(private)).decode())
    pem = jwk.PublicKey.from_spki(spki(private, serialization.Encoding.PEM).decode())

    assert jwk.PublicKey.from_jwk({**der.jwk, "kid": "ignored"}).jwk == der.jwk == pem.jwk
    theirs = jwt.PyJWK(der.jwk, algorithm=der.algorithm)  # another's library reads it alike
    assert spki(private) == theirs.key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_the_thumbprint_is_that_of_rfc_8037():
    key = jwk.PublicKey.from_jwk(
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    )

    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_each_algorithm_verifies_its_own_signature_and_no_other():
    message = b"what was said"
    der = EC.sign(message, ec.ECDSA(hashes.SHA256()))
    raw = b"".join(number.to_bytes(32) for number in utils.decode_dss_signature(der))
    of_ec = jwk.PublicKey.from_jwk(jwk.PublicKey.from_spki(base64.b64encode(spki(EC)).decode()).jwk)
    of_ed = jwk.PublicKey.of_private(ED)

    assert of_ec.verifies(raw, message)
    assert not of_ec.verifies(der, message), "JWS has the two numbers, not DER"
    assert not of_ec.verifies(raw, message + b".")
    assert of_ed.verifies(ED.sign(message), message)
    assert not of_ed.verifies(raw, message)
    assert not of_ed.verifies(b"", message)


def test_a_zero_signature_is_none():
    key = jwk.PublicKey.from_spki(base64.b64encode(spki(EC)).decode())

    assert not key.verifies(bytes(64), b"anything")


WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]


@pytest.mark.parametrize("raw", WEAK)
def test_a_key_under_which_one_signature_fits_every_message_is_refused(raw):
    with pytest.raises(jwk.BadKey):
        jwk.PublicKey.from_jwk(
            {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(bytes.fromhex(raw))}
        )


def test_such_a_key_would_really_verify_what_nobody_signed():
    identity = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(WEAK[0]))

    identity.verify(bytes.fromhex(WEAK[0]) + bytes(32), b"whatever it says")


GOOD = jwk.PublicKey.from_spki(base64.b64encode(spki(EC)).decode()).jwk


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {**GOOD, "kty": "RSA"},
        {**GOOD, "crv": "P-384"},
        {**GOOD, "crv": "Ed25519"},
        {**GOOD, "x": GOOD["y"]},  # beside the curve
        {**GOOD, "x": GOOD["x"] + "="},
        {**GOOD, "x": GOOD["x"][:-1]},
        {**GOOD, "x": 1},
        {**GOOD, "x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
        {name: GOOD[name] for name in ("kty", "crv", "x")},
        {"kty": "OKP", "crv": "Ed25519", "x": ""},
    ],
)
def test_what_is_no_good_jwk_is_refused(bad):
    with pytest.raises(jwk.BadKey):
        jwk.PublicKey.from_jwk(bad)


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed448.Ed448PrivateKey.generate(),
    ],
    ids=["RSA", "P-384", "Ed448"],
)
def test_other_kinds_of_keys_are_refused(private):
    with pytest.raises(jwk.BadKey):
        jwk.PublicKey.from_spki(base64.b64encode(spki(private)).decode())


@given(
    st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())
)
def test_no_text_whatever_is_taken_for_a_key_or_breaks_anything(text):
    with pytest.raises(jwk.BadKey):
        jwk.PublicKey.from_spki(text)


@given(st.binary(max_size=100))
def test_base64url_has_one_way_to_write_a_value(data):
    text = base64url.encode(data)

    assert base64url.decode(text) == data
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text + "=")


def test_stray_last_bits_are_no_other_way():
    assert base64url.decode("AA") == b"\0"
    with pytest.raises(ValueError, match="would be written"):
        base64url.decode("AB")
