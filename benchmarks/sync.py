"""Following a directory: everybody for the first time, everybody again, what changed.

Beside each stands the bare paged read: the same client asks the same controller for the same
attributes and throws them away. The controller is a pretend one (`benchmarks.controller`), or with
`--samba` a real Samba, which takes long to fill: so it has fewer people.
"""

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import controller, figures, hub, machine
from benchmarks.hub import fresh_database
from hub.demo import engines, home, processes

if TYPE_CHECKING:
    from accounts.directory.ldap import Config

PEOPLE, GROUPS, CHANGED = 100_000, 5_000, 200
IN_SAMBA = 5_000, 250
FILL = Path(__file__).with_name("samba_fill.py")


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--people", type=int, default=PEOPLE)
    arguments.add_argument("--groups", type=int, default=GROUPS)
    arguments.add_argument("--samba", action="store_true", help="a real one; needs root")
    given = arguments.parse_args()
    if given.samba:
        given.people, given.groups = min(given.people, IN_SAMBA[0]), min(given.groups, IN_SAMBA[1])
    if given.short:
        given.people, given.groups = min(given.people, 10_000), min(given.groups, 500)
    with running(given) as at:
        runs = [measure(at, given) for _ in range(1 if given.short else given.runs)]
        medians = figures.medians(runs)
        result = {
            "name": "sync_samba" if given.samba else "sync",
            "conditions": machine.conditions(
                controller="Samba" if given.samba else "pretend",
                people=given.people,
                groups=given.groups,
                changed=CHANGED,
                runs=len(runs),
            ),
            "keys": medians,
        }
    figures.keep(given.json, result)
    return 0


@dataclass(frozen=True)
class Place:
    """A controller and how it is reached; `move` changes CHANGED people there."""

    config: "Config"
    move: Callable[[], None]


@contextlib.contextmanager
def running(given: Any) -> Iterator[Place]:
    """Engine, controller and a migrated database; Django is set up in this process."""
    place = machine.cache()
    with contextlib.ExitStack() as stack:
        postgres = engines.start_postgres(place / "postgres")
        stack.callback(postgres.stop)
        os.environ["BENCH_POSTGRES_PID"] = str(postgres.pid)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, ca_file, login, move = (start_samba if given.samba else start_controller)(
            stack, directory, given
        )
        os.environ |= {
            "HUB_MODE": "demo",
            "HUB_DIRECTORY": "local",
            "LOCAL_DIRECTORY_FILE": str(directory / "none.json"),
            **home.provide_secrets(home.Home(place)),
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "DATABASE_URL": fresh_database(postgres.url, "bench_sync"),
            "LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input"],
            cwd=machine.CHECKOUT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        import django  # after the environment is known

        django.setup()
        from django.db import connections

        from accounts.directory import ldap

        stack.callback(connections.close_all)
        base, service_dn, password = login
        yield Place(
            ldap.Config(
                servers=(server,),
                base_dn=base,
                service_dn=service_dn,
                service_password=password,
                ca_file=ca_file,
            ),
            move,
        )


# Its address, the authority that signed its certificate, who asks it (base DN, DN and password of
# the account), and what moves people.
Started = tuple[str, Path, tuple[str, str, str], Callable[[], None]]


def start_samba(stack: contextlib.ExitStack, directory: Path, given: Any) -> Started:
    """A real controller, filled while it is stopped."""
    import ldap3

    from tests.servers import samba

    made = samba.start(directory)
    stack.callback(made.remove)
    made.stop()
    hub.say(f"filling Samba with {given.people} people and {given.groups} groups")
    subprocess.run(
        [
            "/usr/bin/python3", "-I", str(FILL), str(made.home / "etc" / "smb.conf"), made.base_dn,
            str(given.people), str(given.groups),
        ],
        check=True,
    )  # fmt: skip
    made.start_again()
    rounds = itertools.count()

    def move() -> None:
        word = f"Moved {next(rounds)}"
        with made.administrator() as connection:
            for number in range(min(CHANGED, given.people)):
                connection.modify(
                    f"CN=User {number},OU=People,{made.base_dn}",
                    {"department": [(ldap3.MODIFY_REPLACE, [word])]},
                )

    login = (made.base_dn, made.service_dn, made.service_password)
    return made.host, made.ca_file, login, move


def start_controller(stack: contextlib.ExitStack, directory: Path, given: Any) -> Started:
    """A pretend one, whose people move by themselves."""
    import trustme

    authority = trustme.CA()
    certificate, ca_file, log = (directory / name for name in ("dc.pem", "ca.pem", "dc.log"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(ca_file)
    process = processes.spawn(
        [
            sys.executable, "-m", "benchmarks.controller", str(certificate), str(given.people),
            str(given.groups), str(CHANGED),
        ],
        log=log, directory=machine.CHECKOUT,
    )  # fmt: skip
    stack.callback(processes.finish, process)
    while not (said := log.read_text(encoding="utf-8").strip()):
        time.sleep(0.05)
    login = (controller.BASE, f"CN=hub,{controller.BASE}", "any")
    return f"localhost:{said}", ca_file, login, lambda: None


def measure(at: Place, given: Any) -> dict[str, float]:
    """One round over an empty hub."""
    from django.db import connection

    from accounts import sync
    from accounts.directory import domain
    from accounts.models import Employee, Synchronisation

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE accounts_employee, accounts_group, accounts_synchronisation CASCADE"
        )
    directory = domain.DomainDirectory(config=at.config)
    found: dict[str, float] = {}

    def run(*, complete: bool) -> None:
        from hub.lib import clock

        summary = sync.run(directory=directory, now=clock.now(), complete=complete)
        assert summary is not None
        assert (summary.complete, summary.stopped) == (complete, False)

    took(found, "bare_read", lambda: bare_read(at.config))
    took(found, "first", lambda: run(complete=True))
    assert Employee.objects.count() >= given.people  # a real one has a few of its own
    took(found, "again", lambda: run(complete=True))
    Synchronisation.objects.update(complete_due=False)
    at.move()
    took(found, "changes", lambda: run(complete=False))
    assert Employee.objects.filter(department__startswith="Moved").count() == min(
        CHANGED, given.people
    )
    for step in ("first", "again", "changes"):
        found[f"ratio_{step}"] = figures.digits(found[f"{step}_cpu_s"] / found["bare_read_cpu_s"])
        growth = found[f"{step}_peak_mb"] - found["bare_read_peak_mb"]
        found[f"{step}_growth_mb"] = figures.digits(max(growth, 0.0), 3)
    found["people_per_s_again"] = figures.digits(given.people / found["again_s"])
    return found


def bare_read(config: "Config") -> None:
    """All pages of people, then of groups, thrown away."""
    from accounts.directory import ldap, reading

    session = ldap.Session(config=config, server=config.servers[0])
    session.open()
    for condition, attributes in (
        ("(objectCategory=person)", config.spelling.declared()),
        (reading.GROUPS, ["objectGUID", "sAMAccountName", reading.window(0)]),
    ):
        _, cookie = session.search(condition, attributes=attributes)
        while cookie:
            _, cookie = session.search(condition, attributes=attributes, cookie=cookie)
    session.close()


def took(found: dict[str, float], name: str, act: Callable[[], None]) -> None:
    """Seconds, those of CPU with the database's, and this process's highest memory meanwhile."""
    own = Path(f"/proc/{os.getpid()}")
    (own / "clear_refs").write_text("5", encoding="ascii")
    begun, cpu = time.perf_counter(), _cpu_seconds()
    act()
    found[f"{name}_s"] = figures.digits(time.perf_counter() - begun)
    found[f"{name}_cpu_s"] = figures.digits(_cpu_seconds() - cpu)
    status = (own / "status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    found[f"{name}_peak_mb"] = figures.digits(int(peak.split()[1]) / 1024, 3)
    figures.show(name, {key: found[key] for key in found if key.startswith(name)})


def _cpu_seconds() -> float:
    """Of this process, which reads and merges, and of the database."""
    return time.process_time() + machine.cpu_seconds(int(os.environ["BENCH_POSTGRES_PID"]))


if __name__ == "__main__":
    sys.exit(main())
