"""What the column encryption promises, on every byte of a ciphertext."""

import base64
import hashlib
import hmac
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import crypto, environment

KEY_A, KEY_B = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
MAC = base64.b64encode(bytes(range(32))).decode()
CONTEXT = "accounts_device.push_address"

ring = crypto.Keyring.parse(f"a:{KEY_A}", MAC)


@given(st.binary(max_size=300), st.text(min_size=1, max_size=40))
def test_what_was_encrypted_is_decrypted(plaintext: bytes, context: str) -> None:
    try:
        context.encode()
    except UnicodeEncodeError:
        context = CONTEXT
    ciphertext = ring.encrypt(plaintext, context=context)
    assert ring.decrypt(ciphertext, context=context) == plaintext


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert len({ring.encrypt(b"x", context=CONTEXT) for _ in range(50)}) == 50


def test_a_change_of_any_single_byte_is_noticed() -> None:
    good = ring.encrypt(b"registration", context=CONTEXT)
    for place in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[place] ^= 1 << bit
            with pytest.raises(crypto.DecryptionError):
                ring.decrypt(bytes(bad), context=CONTEXT)


def test_any_truncation_is_noticed() -> None:
    good = ring.encrypt(b"registration", context=CONTEXT)
    for length in range(len(good)):
        with pytest.raises(crypto.DecryptionError):
            ring.decrypt(good[:length], context=CONTEXT)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_give_nothing_but_the_one_error(data: bytes) -> None:
    with pytest.raises(crypto.DecryptionError):
        ring.decrypt(b"\x01" + data, context=CONTEXT)


def test_a_value_moved_to_another_column_or_row_does_not_decrypt() -> None:
    ciphertext = ring.encrypt(b"secret", context=f"{CONTEXT}:1")
    for context in (f"{CONTEXT}:2", CONTEXT, "accounts_subsystem.secret:1"):
        with pytest.raises(crypto.DecryptionError):
            ring.decrypt(ciphertext, context=context)


def test_an_encryption_without_context_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="context"):
        ring.encrypt(b"secret", context="")


def test_after_a_rotation_old_values_are_read_and_new_ones_use_the_new_key() -> None:
    old = ring.encrypt(b"secret", context=CONTEXT)
    rotated = crypto.Keyring.parse(f"b:{KEY_B}, a:{KEY_A}", MAC)
    assert rotated.current_key_id == "b"
    assert rotated.decrypt(old, context=CONTEXT) == b"secret"
    new = rotated.encrypt(b"secret", context=CONTEXT)
    assert (crypto.key_id(old), crypto.key_id(new)) == ("a", "b")
    with pytest.raises(crypto.DecryptionError):
        ring.decrypt(new, context=CONTEXT)


def test_another_key_under_the_same_id_does_not_decrypt() -> None:
    other = crypto.Keyring.parse(f"a:{KEY_B}", MAC)
    with pytest.raises(crypto.DecryptionError):
        other.decrypt(ring.encrypt(b"secret", context=CONTEXT), context=CONTEXT)


def test_a_ciphertext_relabelled_with_another_key_id_does_not_decrypt() -> None:
    twins = crypto.Keyring.parse(f"a:{KEY_A},b:{KEY_A}", MAC)
    ciphertext = twins.encrypt(b"secret", context=CONTEXT)
    with pytest.raises(crypto.DecryptionError):
        twins.decrypt(ciphertext.replace(b"a", b"b", 1), context=CONTEXT)


def test_subkeys_are_those_of_rfc_5869_and_differ_by_label_and_by_use() -> None:
    extracted = hmac.digest(b"hub", bytes(range(32)), hashlib.sha256)
    by_hand = hmac.digest(extracted, b"derive:refresh\x01", hashlib.sha256)
    assert ring.derive("refresh") == by_hand
    assert ring.derive("refresh") != ring.derive("audit")
    assert ring.blind_index("x", purpose="refresh") != hmac.digest(by_hand, b"x", hashlib.sha256)


def test_a_blind_index_is_equal_for_equal_values_of_one_purpose_only() -> None:
    index = ring.blind_index("ana", purpose="name")
    assert index == ring.blind_index(b"ana", purpose="name")
    assert len(index) == 32
    assert index != ring.blind_index("ana", purpose="mail")
    assert index != ring.blind_index("Ana", purpose="name")
    other = crypto.Keyring.parse(f"a:{KEY_A}", KEY_B)
    assert index != other.blind_index("ana", purpose="name")


@pytest.mark.parametrize(
    ("keys", "mac", "setting"),
    [
        ("", MAC, "HUB_ENCRYPTION_KEYS"),
        (" , ", MAC, "HUB_ENCRYPTION_KEYS"),
        (KEY_A, MAC, "HUB_ENCRYPTION_KEYS"),
        (f":{KEY_A}", MAC, "HUB_ENCRYPTION_KEYS"),
        (f"a b:{KEY_A}", MAC, "HUB_ENCRYPTION_KEYS"),
        (f"{'a' * 33}:{KEY_A}", MAC, "HUB_ENCRYPTION_KEYS"),
        (f"a:{KEY_A},a:{KEY_B}", MAC, "HUB_ENCRYPTION_KEYS"),
        ("a:c2hvcnQ=", MAC, "HUB_ENCRYPTION_KEYS"),
        ("a:%%%not-base64%%%", MAC, "HUB_ENCRYPTION_KEYS"),
        ("a:señal", MAC, "HUB_ENCRYPTION_KEYS"),
        (f"a:{KEY_A}", "", "HUB_MAC_KEY"),
        (f"a:{KEY_A}", "c2hvcnQ=", "HUB_MAC_KEY"),
        (f"a:{KEY_A}", "%%%not-base64%%%", "HUB_MAC_KEY"),
    ],
)
def test_a_bad_key_is_refused_by_the_name_of_its_setting(keys: str, mac: str, setting: str) -> None:
    with pytest.raises(environment.BadSetting, match=setting) as refusal:
        crypto.Keyring.parse(keys, mac)
    report = "".join(traceback.format_exception_only(refusal.value))
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    for value in (KEY_A, KEY_B, "c2hvcnQ", "%%%", "señal"):
        assert value not in report


def test_neither_repr_nor_error_shows_a_key_or_a_datum() -> None:
    shown = repr(ring) + str(ring)
    assert KEY_A not in shown
    assert MAC not in shown
    assert repr(bytes(range(32))) not in shown
    ciphertext = ring.encrypt(b"secret", context=CONTEXT)
    with pytest.raises(crypto.DecryptionError) as refusal:
        ring.decrypt(ciphertext, context="a.b")
    assert "secret" not in str(refusal.value)
    assert CONTEXT not in str(refusal.value)
