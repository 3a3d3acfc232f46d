"""The public key that comes with a sign-in, as a JWK or as a SubjectPublicKeyInfo."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.api import bodies
from hub.lib import jwk


class DeviceKey(bodies.Body):
    """A public key whose private half never leaves the phone: a JWK's members, or `spki` alone."""

    kty = serializers.ChoiceField(choices=["EC", "OKP"], required=False)
    crv = serializers.ChoiceField(choices=["P-256", "Ed25519"], required=False)
    x = bodies.Line(max_length=43, required=False)
    y = bodies.Line(max_length=43, required=False)
    spki = bodies.Text(
        max_length=1000,
        required=False,
        help_text="Instead of the JWK: the DER of a SubjectPublicKeyInfo in base64, or its PEM.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """It is a key that the hub can verify with."""
        try:
            read(attrs)
        except jwk.BadKey as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal
        return attrs


def read(given: Mapping[str, Any] | None) -> jwk.PublicKey | None:
    """The key of a body; None if there is none. Raises BadKey."""
    if given is None:
        return None
    if "spki" in given:
        if len(given) > 1:
            raise jwk.BadKey("Give the members of a JWK, or spki, not both.")
        return jwk.PublicKey.from_spki(given["spki"])
    return jwk.PublicKey.from_jwk(given)
