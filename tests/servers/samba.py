"""A Samba Active Directory domain controller on loopback, with the cast of the tests.

Its LDAP ports are fixed, so it takes a loopback address of its own, and clients reach it by
the name `localhost` through doors on free ports: several suites can run side by side, every
process of a story resolves the name, and the certificate is checked as in production.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import ldap3
import trustme

from tests.servers import company, door, install, process

PACKAGES = ("samba", "samba-dsdb-modules", "samba-ad-provision")
PROVISION = Path(__file__).with_name("samba_provision.py")
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "servers"
CONFIGURATION = """\
[global]
    workgroup = CORP
    realm = CORP.EXAMPLE
    netbios name = DC1
    server role = active directory domain controller
    server services = ldap
    interfaces = {address}/8
    bind interfaces only = yes
    private dir = {home}/private
    state directory = {home}/state
    cache directory = {home}/cache
    lock directory = {home}/lock
    pid directory = {home}/run
    ncalrpc dir = {home}/run/ncalrpc
    binddns dir = {home}/bind-dns
    winbindd socket directory = {home}/run/winbindd
    ntp signd socket directory = {home}/run/ntp
    log file = {home}/samba.log
    tls certfile = {home}/tls/certificate.pem
    tls keyfile = {home}/tls/key.pem
    tls cafile = {home}/tls/ca.pem
[sysvol]
    path = {home}/state/sysvol
[netlogon]
    path = {home}/state/sysvol/corp.example/scripts
"""


class Samba(process.Running):
    """One domain controller. What tests change here, they change back."""

    def __init__(self, *, home: Path, log: Path, address: str, authority: trustme.CA) -> None:
        self.home, self.address, self.authority = home, address, authority
        self.ca_file = home / "tls" / "ca.pem"
        self.base_dn = company.BASE_DN
        self.service_dn, self.service_password = company.SERVICE_DN, company.PASSWORD
        self.passwords = dict.fromkeys(company.PEOPLE, company.PASSWORD)
        self.ldaps = door.Door(target=(address, 636))
        self.plain = door.Door(target=(address, 389))  # for StartTLS
        super().__init__(
            url=f"ldaps://localhost:{self.ldaps.port}",
            command=[
                *("/usr/sbin/samba", "--foreground", "--model=single", "--no-process-group"),
                f"--configfile={home}/etc/smb.conf",
            ],
            log=log,
            answers=lambda: process.listens(address, 636) and process.listens(address, 389),
        )

    @property
    def host(self) -> str:
        """What goes into LDAP_SERVERS for LDAPS."""
        return f"localhost:{self.ldaps.port}"

    def environment(self) -> dict[str, str]:
        """The hub's settings that point at this directory."""
        return {
            "HUB_DIRECTORY": "ldap",
            "LDAP_SERVERS": self.host,
            "LDAP_SECURITY": "ldaps",
            "LDAP_CA_FILE": str(self.ca_file),
            "LDAP_BASE_DN": self.base_dn,
            "LDAP_SERVICE_DN": self.service_dn,
            "LDAP_SERVICE_PASSWORD": self.service_password,
        }

    def enable(self, name: str, *, enabled: bool = True) -> None:
        """Clear (or set) the account's disabled flag; the password keeps not expiring."""
        self.change(name, userAccountControl=0x10200 if enabled else 0x10202)

    def disable(self, name: str) -> None:
        """Set the account's disabled flag."""
        self.enable(name, enabled=False)

    def set_password(self, name: str, password: str) -> None:
        """Give the account this password, as the service desk would."""
        self.change(name, unicodePwd=f'"{password}"'.encode("utf-16-le", "surrogatepass"))
        self.passwords[name] = password

    def unlock(self, name: str) -> None:
        """Forget the account's failed tries."""
        self.change(name, lockoutTime=0)

    def change(self, name: str, **attributes: object) -> None:
        """Replace attributes of a person or group; an empty list removes one."""
        with self.administrator() as connection:
            connection.modify(
                company.dn(name),
                {
                    attribute: [
                        (ldap3.MODIFY_REPLACE, value if isinstance(value, list) else [value])
                    ]
                    for attribute, value in attributes.items()
                },
            )

    @contextlib.contextmanager
    def administrator(self) -> Iterator[ldap3.Connection]:
        """A connection that may do everything; failures raise."""
        tls = ldap3.Tls(
            validate=ssl.CERT_REQUIRED,
            version=ssl.PROTOCOL_TLS_CLIENT,
            ca_certs_file=str(self.ca_file),
            valid_names=["localhost"],
        )
        server = ldap3.Server(self.address, use_ssl=True, tls=tls, get_info=ldap3.NONE)
        with ldap3.Connection(
            server, company.ADMINISTRATOR_DN, company.PASSWORD, raise_exceptions=True
        ) as connection:
            yield connection

    def remove(self) -> None:
        """Stop it, shut its doors, delete its data."""
        self.stop()
        self.ldaps.close()
        self.plain.close()
        shutil.rmtree(self.home, ignore_errors=True)


def start(directory: Path) -> Samba:
    """A domain controller with fresh data, its log in `directory`: 4 s the first time on a
    machine, then under one (the provisioned domain is copied). Needs root for its ports.

    Raises install.Missing if it can't be had.
    """
    install.ensure(*PACKAGES)
    if os.geteuid() != 0:
        raise install.Missing("Samba's LDAP ports (389, 636) need root: run the tests as root.")
    template, address = _provisioned(), _free_address()
    home = Path(tempfile.mkdtemp(prefix="hub-samba-"))  # short: it holds unix sockets
    shutil.copytree(template, home, dirs_exist_ok=True)
    _configure(home, address=address)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "dc1.corp.example")
    authority.cert_pem.write_to_path(home / "tls" / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(home / "tls" / "certificate.pem")
    certificate.private_key_pem.write_to_path(home / "tls" / "key.pem")
    (home / "tls" / "key.pem").chmod(0o600)  # Samba refuses to start otherwise
    return Samba(home=home, log=directory / "samba.log", address=address, authority=authority)


def _provisioned() -> Path:
    """The domain's files as provisioning leaves them, made once for each version of ours."""
    cast = json.dumps(
        {
            "base_dn": company.BASE_DN,
            "service_dn": company.SERVICE_DN,
            "administrator_dn": company.ADMINISTRATOR_DN,
            "password": company.PASSWORD,
            "lock_out_after": company.LOCK_OUT_AFTER,
            "people": company.PEOPLE,
            "groups": company.GROUPS,
            "dn": {name: company.dn(name) for name in (*company.PEOPLE, *company.GROUPS)},
            "disabled": company.DISABLED,
            "must_change": company.MUST_CHANGE,
            "password_expired": company.PASSWORD_EXPIRED,
            "account_expired": company.ACCOUNT_EXPIRED,
            "never_at_this_hour": company.NEVER_AT_THIS_HOUR,
        }
    )
    version = subprocess.run(["/usr/sbin/samba", "--version"], capture_output=True, check=True)
    recipe = version.stdout + PROVISION.read_bytes() + CONFIGURATION.encode() + cast.encode()
    result = CACHE / f"samba-{hashlib.sha256(recipe).hexdigest()[:12]}"
    if result.exists():
        return result
    CACHE.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="hub-samba-"))
    _configure(home, address="127.0.0.1")
    made = subprocess.run(
        ["/usr/bin/python3", "-I", str(PROVISION), str(home / "etc" / "smb.conf")],
        input=cast.encode(),
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        raise process.DidNotStart(f"Samba's provisioning failed:\n{made.stderr.decode()[-3000:]}")
    draft = Path(tempfile.mkdtemp(dir=CACHE))
    shutil.copytree(home, draft, dirs_exist_ok=True)
    shutil.rmtree(home)
    try:
        draft.rename(result)
    except OSError:  # another suite was quicker
        shutil.rmtree(draft)
    return result


def _configure(home: Path, *, address: str) -> None:
    for part in ("etc", "private", "state/sysvol", "cache", "lock", "run", "bind-dns", "tls"):
        (home / part).mkdir(parents=True, exist_ok=True)
    text = CONFIGURATION.format(home=home, address=address)
    (home / "etc" / "smb.conf").write_text(text, encoding="utf-8")


def _free_address() -> str:
    """A loopback address whose LDAP ports nobody has taken."""
    while True:
        address = f"127.{10 + secrets.randbelow(200)}.{secrets.randbelow(250)}.10"
        try:
            for port in (389, 636, 3268, 3269):
                socket.create_server((address, port)).close()
        except OSError:
            continue
        return address
