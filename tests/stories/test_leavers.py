"""Whoever leaves is out of the hub within the bound, by whatever road; a decision notices at once."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import ldap3
import pytest
from ldap3.core.exceptions import LDAPNoSuchObjectResult

from hub.demo import app
from tests.servers import company, postgres, process, samba
from tests.stories import invariants, world
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, request_to

pytestmark = pytest.mark.servers

BOUND_SECONDS = 30  # of the setting; production has 300
STAFF, TEAM = (f"CN={name},OU=Groups,{company.BASE_DN}" for name in ("Hub Users", "Hub Team"))
NAMES = ("lars", "lena", "lino", "lola", "luis", "alice")


def dn(name: str) -> str:
    return company.dn(name) if name in company.PEOPLE else f"CN={name},OU=People,{company.BASE_DN}"


@pytest.fixture(scope="module", name="company_of_leavers")
def a_company(samba: samba.Samba) -> Iterator[samba.Samba]:
    """People hired for this story, in a group inside the group that the hub requires."""
    with samba.administrator() as admin:
        for number, name in enumerate(NAMES[:-1]):
            attributes = {
                "sAMAccountName": name,
                "employeeID": f"E77{number}",
                "displayName": name.capitalize(),
                "unicodePwd": f'"{company.PASSWORD}"'.encode("utf-16-le"),
                "userAccountControl": 0x10200,
            }
            admin.add(dn(name), ["user"], attributes)
            samba.passwords[name] = company.PASSWORD
        for group, inside in ((TEAM, [dn(name) for name in NAMES]), (STAFF, [TEAM])):
            name = group.partition(",")[0].removeprefix("CN=")
            admin.add(group, ["group"], {"sAMAccountName": name, "member": inside})
    yield samba
    with samba.administrator() as admin:
        for gone in (STAFF, TEAM, *(dn(name) for name in NAMES[:-1])):
            with contextlib.suppress(LDAPNoSuchObjectResult):
                admin.delete(gone)


@pytest.fixture(scope="module", name="leaving")
def a_hub_with_a_short_bound(
    tmp_path_factory: pytest.TempPathFactory,
    company_of_leavers: samba.Samba,
    postgres15: postgres.Postgres,
    redis7: process.Running,
) -> Iterator[World]:
    with world.made(
        tmp_path_factory.mktemp("leavers"),
        servers=(company_of_leavers, postgres15, redis7),
        DIRECTORY_BOUND_SECONDS=str(BOUND_SECONDS),
        DIRECTORY_REQUIRED_GROUP="Hub Users",
        DIRECTORY_ABSENT_PERCENT="100",  # six people: any leaver would be too many
    ) as made:
        yield made


def ways_out(server: samba.Samba) -> dict[str, tuple[str, Callable[[ldap3.Connection], object]]]:
    """Who leaves, and how, at the domain controller."""
    ends = datetime.now(UTC) + timedelta(seconds=5)
    ticks = int((ends - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    return {
        "switched off": (
            "lars",
            lambda admin: admin.modify(
                dn("lars"), {"userAccountControl": [(ldap3.MODIFY_REPLACE, [0x10202])]}
            ),
        ),
        "deleted": ("lena", lambda admin: admin.delete(dn("lena"))),
        "past accountExpires": (
            "lino",
            lambda admin: admin.modify(
                dn("lino"), {"accountExpires": [(ldap3.MODIFY_REPLACE, [ticks])]}
            ),
        ),
        "out of a nested group": (
            "lola",
            lambda admin: admin.modify(TEAM, {"member": [(ldap3.MODIFY_DELETE, [dn("lola")])]}),
        ),
    }


def code(act: Callable[[], object]) -> str:
    """The code of the refusal; empty if there is none."""
    try:
        act()
    except app.Refused as refused:
        return str(refused.problem["code"])
    return ""


def test_whoever_leaves_is_out_within_the_bound_by_every_road(
    leaving: World, capsys: pytest.CaptureFixture[str]
) -> None:
    phones = {name: leaving.phone(name) for name in NAMES}
    until(
        "all signed in",
        lambda: all(code(lambda p=p: p.get("me/inbox")) == "" for p in phones.values()),
    )
    took: dict[str, float] = {}
    for way, (name, act) in ways_out(leaving.samba).items():
        begun = time.monotonic()
        with leaving.samba.administrator() as admin:
            act(admin)
        until(f"{name} is out", lambda name=name: code(lambda: phones[name].get("me/inbox")))
        took[way] = time.monotonic() - begun
        assert code(lambda name=name: phones[name].get("me/inbox")) == "account_disabled"
        open_sessions = leaving.query(
            "SELECT 1 FROM accounts_device d JOIN accounts_employee e ON e.id = d.employee_id"
            " WHERE e.user_name = %s AND (closed_at IS NULL OR push_address IS NOT NULL)",
            name,
        )
        assert open_sessions == []
    with capsys.disabled():
        print(f"\n  out of the hub, of a bound of {BOUND_SECONDS} s:")
        for way, seconds in took.items():
            print(f"    {way:<24} {seconds:5.1f} s")
    assert max(took.values()) <= BOUND_SECONDS
    # Nobody else was touched, and health tells how far the hub is.
    assert code(lambda: phones["alice"].get("me/inbox")) == ""
    told = leaving.http.get(f"{leaving.hub.url}/health/ready").json()["checks"]["directory"]
    assert (told["ok"], told["bound_seconds"], told["missing"]) == (True, BOUND_SECONDS, 0)
    assert told["lag_seconds"] <= BOUND_SECONDS


def test_a_decision_does_not_wait_for_the_next_run(leaving: World) -> None:
    luis = leaving.phone("luis")
    body = request_to("alice")
    body["audience"] = {"any": [{"employees": ["E774"]}]}
    request_id = accepted(leaving.post(body))
    leaving.hub.kill("beat")  # nobody rings for a run
    try:
        with leaving.samba.administrator() as admin:
            admin.modify(dn("luis"), {"userAccountControl": [(ldap3.MODIFY_REPLACE, [0x10202])]})
        answer = {"verb": "approve", "version": 1}
        path = f"me/inbox/{request_id}/response"
        assert code(lambda: luis.post(path, answer)) == "account_disabled"
        assert leaving.query("SELECT 1 FROM notifications_response") == []
        assert code(lambda: luis.get("me/inbox")) == "account_disabled"
    finally:
        leaving.hub.start()
    invariants.nothing_leaked(leaving)


def test_a_worker_killed_in_the_middle_of_a_run_costs_nothing(leaving: World) -> None:
    """The lease of a dead run ends, and the next one is whole."""
    leaving.hub.kill("worker")
    with leaving.writes_held("accounts_synchronisation"):
        pass  # the row is free: no dead process holds it
    leaving.query(
        "UPDATE accounts_synchronisation SET lease_token = gen_random_uuid(),"
        " lease_until = now() + interval '5 seconds' RETURNING 1"
    )
    begun = leaving.query("SELECT now()")[0][0]
    leaving.hub.start()
    until(
        "a whole run after the killed one",
        lambda: leaving.query(
            "SELECT 1 FROM accounts_synchronisation WHERE known_at > %s AND lease_token IS NULL",
            begun,
        ),
    )
