"""A phone that signs: with a key of its own, what an item shows, as the docs tell its makers."""

from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from hub.lib import clock, jwk
from notifications.assurance import statement

PRIVATE = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@dataclass
class Signer:
    """One phone's key pair."""

    algorithm: str = "EdDSA"
    private: Any = None
    typ: str = statement.TYP
    header: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.private = self.private or PRIVATE[self.algorithm]()

    @property
    def key(self) -> jwk.PublicKey:
        der = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return jwk.PublicKey.from_spki(der.decode())

    def proof(self, item, challenge, verb="approve", comment="", inputs=None, **changes):
        """The proof of an answer to an item, with any member of the statement changed."""
        said = {
            "v": 1,
            "notification": item["id"],
            "version": item["version"],
            "content": challenge["content"],
            "verb": verb,
            "answer": statement.answer_hash(comment=comment, inputs=inputs),
            "on_behalf_of": None,
            "nonce": challenge["nonce"],
            "device": challenge["device"],
            "signed_at": int(clock.now().timestamp()),
            **changes,
        }
        return self.sign({name: value for name, value in said.items() if value is not ...})

    def sign(self, said):
        # Another's library signs, so that what is proved is the standard and not our reading of it.
        import json

        return jwt.PyJWS().encode(
            json.dumps(said).encode(),
            self.private,
            algorithm=self.algorithm,
            headers={"typ": self.typ, **self.header},
        )
