"""The public keys that receipts are checked with, as a JWK set (RFC 7517)."""

from typing import Any

from hub.lib import jwk, signing_keys


def key_set() -> dict[str, list[dict[str, str]]]:
    """The hub's own keys: the one that signs, and those before it."""
    return {
        "keys": [
            {**key.jwk, "kid": key.thumbprint, "alg": key.algorithm, "use": "sig"}
            for key in signing_keys.ring().published
        ]
    }


def read(document: Any) -> list[jwk.PublicKey]:
    """The keys in a JWK set. Raises BadKey for anything else."""
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise jwk.BadKey("This is no JWK set.")
    return [jwk.PublicKey.from_jwk(one) for one in found]
