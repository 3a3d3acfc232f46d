"""The token endpoint: RFC 7523 (JWT bearer grant) as Google's OAuth 2 server offers it.

Access tokens are self-contained (expiry, nonce, MAC under a key derived from the service
account's), so that they outlive a restart of the emulator as Google's outlive anything.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hub.demo.fcm import refusals
from hub.demo.fcm.credentials import Account

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = frozenset(
    {
        "https://www.googleapis.com/auth/firebase.messaging",
        "https://www.googleapis.com/auth/cloud-platform",
    }
)
# google-auth signs for this audience whatever the key's token_uri says.
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
CLOCK_SKEW_SECONDS = 300
ASSERTION_LIFE_SECONDS = 3600


class Tokens:
    """Issues and checks access tokens. `life_seconds` is what new ones get."""

    def __init__(self, account: Account, *, life_seconds: int = 3600) -> None:
        self._account = account
        self._secret = hashlib.sha256(b"access tokens\0" + account.private_key_pem).digest()
        self._checked: dict[bytes, float] = {}  # Authorization header -> expiry
        self.life_seconds = life_seconds

    def grant(self, body: bytes, *, now: float) -> dict[str, Any]:
        """The answer to a token request (form-encoded). Raises Refusal in OAuth's shape."""
        form = parse_qs(body.decode("utf-8", "replace"))
        grant = form.get("grant_type", [""])[0]
        if grant != GRANT:
            raise _refuse("unsupported_grant_type", f"Invalid grant_type: {grant}")
        claims = self._claims(form.get("assertion", [""])[0])
        self._check(claims, now=now)
        token = self.issue(now=now)
        return {"access_token": token, "expires_in": self.life_seconds, "token_type": "Bearer"}

    def issue(self, *, now: float) -> str:
        """A new access token."""
        payload = struct.pack(">d", now + self.life_seconds) + secrets.token_bytes(12)
        return "ya29." + base64.urlsafe_b64encode(payload + self._mac(payload)).decode().rstrip("=")

    def check(self, authorization: bytes | None, *, now: float) -> None:
        """Raises Refusal (401) unless the header carries a token of ours that is still good."""
        if authorization is None:
            raise refusals.unauthenticated("CREDENTIALS_MISSING")
        expires_at = self._checked.get(authorization)
        if expires_at is None:
            expires_at = self._expiry(authorization)
            if len(self._checked) > 1000:
                self._checked.clear()
            self._checked[authorization] = expires_at
        if expires_at <= now:
            raise refusals.unauthenticated("ACCESS_TOKEN_EXPIRED")

    def _expiry(self, authorization: bytes) -> float:
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token.startswith(b"ya29."):
            raise refusals.unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        try:
            decoded = _unbase64(token[5:].decode())
        except ValueError as error:
            raise refusals.unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED") from error
        payload, mac = decoded[:20], decoded[20:]
        if len(payload) != 20 or not hmac.compare_digest(mac, self._mac(payload)):
            raise refusals.unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        expires_at: float = struct.unpack(">d", payload[:8])[0]
        return expires_at

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, "sha256")[:16]

    def _claims(self, assertion: str) -> dict[str, Any]:
        """The claims of an assertion that the service account signed."""
        try:
            head, body, signature = assertion.split(".")
            header, claims = json.loads(_unbase64(head)), json.loads(_unbase64(body))
            algorithm, issuer = header.get("alg"), claims.get("iss")
            signature_bytes = _unbase64(signature)
        except (ValueError, AttributeError) as error:
            raise _refuse("invalid_grant", "Invalid JWT: it cannot be parsed.") from error
        if issuer != self._account.client_email:
            raise _refuse("invalid_grant", "Invalid grant: account not found")
        public_key = self._account.private_key.public_key()
        assert isinstance(public_key, rsa.RSAPublicKey)
        try:
            if algorithm != "RS256":
                raise InvalidSignature
            signed = f"{head}.{body}".encode()
            public_key.verify(signature_bytes, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise _refuse("invalid_grant", "Invalid JWT Signature.") from error
        assert isinstance(claims, dict)
        return claims

    def _check(self, claims: dict[str, Any], *, now: float) -> None:
        if claims.get("aud") not in (self._account.token_uri, GOOGLE_AUDIENCE):
            raise _refuse("invalid_grant", "Invalid JWT: Failed audience check.")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise _refuse("invalid_grant", "Invalid JWT: iat and exp must be whole numbers.")
        if (
            not now - CLOCK_SKEW_SECONDS <= expires <= issued + ASSERTION_LIFE_SECONDS
            or issued > now + CLOCK_SKEW_SECONDS
        ):
            sentence = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable"
                " timeframe. Check your iat and exp values in the JWT claim."
            )
            raise _refuse("invalid_grant", sentence)
        scope = claims.get("scope")
        if not isinstance(scope, str) or SCOPES.isdisjoint(scope.split()):
            raise _refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided.")


def _refuse(code: str, description: str) -> refusals.Refusal:
    body = json.dumps({"error": code, "error_description": description}).encode()
    return refusals.Refusal(400, code, body)


def _unbase64(text: str) -> bytes:
    """URL-safe base64 without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
