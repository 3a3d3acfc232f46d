"""The emulator's certificate authority and service account, made once and kept in a folder."""

import datetime
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "demo-hub"
CLIENT_EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"
NAMES = ("localhost", "127.0.0.1")
RENEW_BEFORE = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Account:
    """A service account, as the token endpoint knows it."""

    client_email: str
    token_uri: str
    private_key_pem: bytes
    private_key: rsa.RSAPrivateKey


@dataclass(frozen=True)
class Files:
    """Where the pieces lie: two for clients (`ca`, `account`), two for the server."""

    ca: Path
    certificate: Path
    key: Path
    account: Path


def prepare(directory: Path, *, port: int) -> tuple[Files, Account]:
    """Make or find the certificates and the service account's key; `port` goes into token_uri.

    Keys already there are kept, so that clients of an earlier start still trust and are trusted.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = Files(
        ca=directory / "ca.pem",
        certificate=directory / "server.pem",
        key=directory / "server-key.pem",
        account=directory / "service-account.json",
    )
    if not _certificate_is_good(files):
        authority = trustme.CA(organization_name="Pretend Firebase")
        issued = authority.issue_cert(*NAMES)
        chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
        _write(files.key, issued.private_key_pem.bytes())
        _write(files.certificate, chain)
        _write(files.ca, authority.cert_pem.bytes())
    token_uri = f"https://127.0.0.1:{port}/token"
    return files, _account(files.account, token_uri)


def _certificate_is_good(files: Files) -> bool:
    if not (files.ca.exists() and files.certificate.exists() and files.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return certificate.not_valid_after_utc > datetime.datetime.now(datetime.UTC) + RENEW_BEFORE


def _account(path: Path, token_uri: str) -> Account:
    """The service account in this file, in the format of Google's JSON keys."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": secrets.token_hex(20),
            "private_key": _new_key(),
            "client_email": CLIENT_EMAIL,
            "client_id": str(secrets.randbelow(10**21)).zfill(21),
            "auth_uri": token_uri,
            "universe_domain": "googleapis.com",
        }
    if known.get("token_uri") != token_uri:
        known["token_uri"] = token_uri
        _write(path, json.dumps(known, indent=2).encode())
    pem = known["private_key"].encode()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return Account(known["client_email"], token_uri, pem, key)


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _write(path: Path, content: bytes) -> None:
    """Replace a file at one stroke, readable by its owner only."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)
