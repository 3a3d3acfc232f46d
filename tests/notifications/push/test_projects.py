"""Several Firebase projects behind one gateway, each with an emulator of its own."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.demo.fcm import client, process
from notifications.push import fcm, projects
from notifications.push.gateway import Address, Fate, Push
from tests.notifications.push import said

NAMES = ("emea", "us")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, process.Running]]:
    started = {name: process.start(tmp_path_factory.mktemp(name)) for name in NAMES}
    yield started
    for each in started.values():
        each.stop()


@pytest.fixture
def emulators(running: dict[str, process.Running]) -> Iterator[dict[str, client.Emulator]]:
    steered = {name: each.client() for name, each in running.items()}
    yield steered
    for each in steered.values():
        each.clear_scripts()


@pytest.fixture
def gateway(running: dict[str, process.Running]) -> projects.Projects:
    return projects.Projects({name: fcm.FcmGateway(config(each)) for name, each in running.items()})


def config(of: process.Running) -> fcm.Config:
    return fcm.Config(
        credentials_file=str(of.credentials_file),
        endpoint=of.endpoint,
        ca_file=str(of.ca_file),
        connections=2,
        total_timeout=timedelta(seconds=20),
        messages_a_minute=1_000_000,
        redis_url=os.environ["REDIS_URL"],
    )


def push(token: str, project: str) -> Push:
    return Push(Address("token", token, project), said.show())


def test_each_push_goes_to_its_own_project_and_the_first_one_is_the_default(
    gateway: projects.Projects, emulators: dict[str, client.Emulator]
) -> None:
    emea = emulators["emea"].register_phones(40)
    us = emulators["us"].register_phones(30)
    mixed = [push(token, "us") for token in us] + [push(token, "emea") for token in emea[1:]]
    outcomes = gateway.send([*mixed[::2], push(emea[0], ""), *mixed[1::2]])
    assert {outcome.fate for outcome in outcomes} == {Fate.SENT}
    # A token of the one is unknown to the other: the order of the outcomes is that of the pushes.
    strangers = gateway.send([push(us[0], "us"), push(us[0], "emea"), push(emea[0], "us")])
    assert [outcome.reason for outcome in strangers] == ["", "unregistered", "unregistered"]
    assert gateway.send([]) == []


def test_a_storm_in_one_project_holds_that_one_and_not_the_other(
    gateway: projects.Projects, emulators: dict[str, client.Emulator]
) -> None:
    tokens = {name: each.register_phones(10) for name, each in emulators.items()}
    emulators["us"].script("*", [{"do": "QUOTA_EXCEEDED", "retry_after": "60", "always": True}])
    pushes = [push(token, name) for name in NAMES for token in tokens[name]]
    outcomes = gateway.send(pushes)
    assert [outcome.reason for outcome in outcomes] == [""] * 10 + ["quota_exceeded"] * 10
    assert gateway.admit(10, project="us") > fcm.PATIENCE
    assert gateway.admit(10, project="emea") == timedelta(0)
    assert gateway.admit(10) == timedelta(0)


@pytest.mark.parametrize("behaviour", ["hang", "UNAUTHENTICATED", "HTML_502"])
def test_a_project_whose_credentials_fail_does_not_harm_the_other(
    running: dict[str, process.Running],
    emulators: dict[str, client.Emulator],
    behaviour: str,
) -> None:
    fresh = projects.Projects({n: fcm.FcmGateway(config(each)) for n, each in running.items()})
    emulators["us"].script("oauth", [{"do": behaviour, "always": True}])
    (good,) = emulators["emea"].register_phones(1)
    outcomes = fresh.send([push("x", "us"), push(good, "emea"), push("y", "us")])
    assert outcomes[1].fate is Fate.SENT
    assert {outcomes[0].reason, outcomes[2].reason} <= {
        "credentials_unavailable",
        "credentials_rejected",
    }


def test_a_project_that_is_not_configured_any_more_costs_no_phone_its_registration(
    gateway: projects.Projects, emulators: dict[str, client.Emulator]
) -> None:
    (good,) = emulators["emea"].register_phones(1)
    gone, fine = gateway.send([push("x", "apac"), push(good, "emea")])
    assert (gone.fate, gone.reason, gone.stop_lane) == (Fate.OURS, "project_unknown", False)
    assert fine.fate is Fate.SENT
    assert gateway.admit(1, project="apac") == timedelta(0)


def test_a_forked_child_has_threads_of_its_own(
    gateway: projects.Projects, emulators: dict[str, client.Emulator]
) -> None:
    pushes = [push(each.register_phone("a phone"), name) for name, each in emulators.items()]
    gateway.send(pushes)
    child = os.fork()
    if child == 0:
        sent = all(outcome.fate is Fate.SENT for outcome in gateway.send(pushes))
        os._exit(0 if sent else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
