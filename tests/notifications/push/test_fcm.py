"""The gateway against the project's strict FCM emulator: real TLS, HTTP/2 and OAuth."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.demo.fcm import client, process
from notifications.push import bearer, fcm
from notifications.push.gateway import Fate, Outcome
from tests.notifications.push import said


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Running]:
    started = process.start(tmp_path_factory.mktemp("fcm"))
    yield started
    started.stop()


@pytest.fixture
def emulator(running: process.Running) -> Iterator[client.Emulator]:
    steered = running.client()
    steered.clear_log()
    yield steered
    steered.clear_scripts()


@pytest.fixture
def config(running: process.Running) -> fcm.Config:
    return fcm.Config(
        messages_a_minute=100_000_000,
        redis_url=os.environ["REDIS_URL"],
        credentials_file=str(running.credentials_file),
        endpoint=running.endpoint,
        ca_file=str(running.ca_file),
        connections=2,
        total_timeout=timedelta(seconds=20),
    )


@pytest.fixture
def gateway(config: fcm.Config) -> fcm.FcmGateway:
    return fcm.FcmGateway(config)


@pytest.fixture
def hasty(config: fcm.Config) -> fcm.FcmGateway:
    """A gateway of little patience."""
    return fcm.FcmGateway(replace(config, total_timeout=timedelta(seconds=1)))


@pytest.fixture
def phone(emulator: client.Emulator) -> Iterator[Callable[..., str]]:
    tokens: list[str] = []

    def register(platform: str = "android") -> str:
        tokens.append(emulator.register_phone("a phone", platform))
        return tokens[-1]

    yield register
    for token in tokens:
        emulator.unregister(token)


def read(outcome: Outcome) -> tuple[str, str, timedelta | None]:
    return (outcome.fate, outcome.reason, outcome.retry_after)


def test_each_platform_draws_the_card_and_takes_it_away_again(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    tokens = {platform: phone(platform) for platform in ("android", "ios", "web")}
    shown = [said.push(tokens[name], said.show(platform=name)) for name in tokens]
    outcomes = gateway.send([*shown, *shown])
    assert [outcome.fate for outcome in outcomes] == [Fate.SENT] * 6
    assert len({outcome.name for outcome in outcomes}) == 6
    for token in tokens.values():
        (item,) = emulator.tray(token)  # the second one replaced the first
        assert (item["tag"], item["title"]) == (said.ID, "Expense report EXP-2291")
    gateway.send([said.push(tokens[name], said.clear(platform=name)) for name in tokens])
    assert [emulator.tray(token) for token in tokens.values()] == [[], [], []]


def test_an_installation_id_is_an_address_too(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    token = phone()
    (outcome,) = gateway.send([said.push(emulator.phone(token)["fid"], kind="fid")])
    assert outcome.fate is Fate.SENT
    assert len(emulator.tray(token)) == 1


def test_a_batch_comes_back_in_its_order_over_few_kept_connections(
    gateway: fcm.FcmGateway, emulator: client.Emulator
) -> None:
    tokens = emulator.register_phones(700)
    emulator.unregister(tokens[13])
    for _ in range(2):
        outcomes = gateway.send([said.push(token) for token in tokens])
        assert [i for i, o in enumerate(outcomes) if o.fate is not Fate.SENT] == [13]
        assert outcomes[13] == Outcome(Fate.GONE, "unregistered")
    counters = emulator.counters()
    assert counters["connections"] <= 2
    assert set(counters["http_versions"]) == {"2"}


def test_nothing_to_send_asks_nobody(config: fcm.Config) -> None:
    assert fcm.FcmGateway(replace(config, credentials_file="/nowhere")).send([]) == []


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("UNREGISTERED", ("gone", "unregistered", None)),
        ("SENDER_ID_MISMATCH", ("ours", "sender_id_mismatch", None)),
        ("THIRD_PARTY_AUTH_ERROR", ("ours", "third_party_auth", None)),
        ("INVALID_ARGUMENT", ("ours", "invalid_argument", None)),
        ("INTERNAL", ("later", "internal", timedelta(seconds=10))),
        ("HTML_502", ("later", "unavailable", timedelta(seconds=10))),
        ({"do": "UNAVAILABLE", "retry_after": "45"},
         ("later", "unavailable", timedelta(seconds=45))),
        ({"do": "QUOTA_EXCEEDED", "retry_after": "7"},
         ("later", "quota_exceeded", timedelta(seconds=7))),
        ({"do": "QUOTA_EXCEEDED", "retry_after": "as soon as you like"},
         ("later", "quota_exceeded", timedelta(seconds=60))),
        ({"do": "QUOTA_EXCEEDED", "retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"},
         ("later", "quota_exceeded", timedelta(seconds=60))),
        ({"do": "QUOTA_EXCEEDED", "retry_after": "Thu, 01 Jan 2099 00:00:00 GMT"},
         ("later", "quota_exceeded", timedelta(hours=1))),
        ("QUOTA_EXCEEDED", ("later", "quota_exceeded", timedelta(seconds=60))),
    ],
)  # fmt: skip
def test_a_refusal_concerns_its_own_push_only(
    gateway: fcm.FcmGateway,
    emulator: client.Emulator,
    phone: Callable[..., str],
    behaviour: str | dict[str, str],
    expected: tuple[str, str, timedelta | None],
) -> None:
    refused, fine = phone(), phone()
    emulator.script(refused, [behaviour])
    outcomes = gateway.send([said.push(refused), said.push(fine)])
    assert read(outcomes[0]) == expected
    assert outcomes[1].fate is Fate.SENT


def test_a_broken_connection_is_opened_anew(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    token = phone()
    emulator.script(token, ["reset"])
    (outcome,) = gateway.send([said.push(token)])
    assert read(outcome) == ("later", "network", timedelta(seconds=10))
    assert gateway.send([said.push(token)])[0].fate is Fate.SENT


@pytest.mark.parametrize("behaviour", ["hang", {"do": "drip", "ms": 200}])
def test_an_answer_that_does_not_come_holds_nobody_beyond_the_deadline(
    hasty: fcm.FcmGateway,
    emulator: client.Emulator,
    phone: Callable[..., str],
    behaviour: str | dict[str, str | int],
) -> None:
    slow, fine = phone(), phone()
    hasty.send([said.push(fine)])  # the token is fetched
    emulator.script(slow, [behaviour])
    outcomes = hasty.send([said.push(slow), said.push(fine)])
    assert read(outcomes[0]) == ("later", "timeout", timedelta(seconds=10))
    assert outcomes[1].fate is Fate.SENT


def test_a_malformed_address_is_forgotten_but_not_when_most_of_many_are(
    gateway: fcm.FcmGateway, phone: Callable[..., str]
) -> None:
    fine = phone()
    outcomes = gateway.send([said.push("nonsense"), said.push(fine)])
    assert outcomes == [Outcome(Fate.GONE, "bad_token"), outcomes[1]]
    outcomes = gateway.send([said.push(f"nonsense {number}") for number in range(20)])
    assert {(o.fate, o.reason, o.stop_lane) for o in outcomes} == {(Fate.OURS, "bad_token", True)}


def test_an_oversize_message_never_leaves_and_harms_no_phone(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    (outcome,) = gateway.send([said.push(phone(), said.show(category="c" * 5000))])
    assert read(outcome) == ("ours", "too_large", None)
    assert emulator.messages() == []


@pytest.mark.parametrize("platform", ["android", "ios", "web"])
def test_the_longest_words_are_still_accepted(
    gateway: fcm.FcmGateway, phone: Callable[..., str], platform: str
) -> None:
    words = said.show(platform=platform, summary='नि"\n😀' * 3000)
    assert gateway.send([said.push(phone(platform), words)])[0].fate is Fate.SENT


def test_a_revoked_access_token_is_renewed_once_and_nothing_is_lost(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    tokens = [phone() for _ in range(5)]
    emulator.script("*", [{"do": "UNAUTHENTICATED", "times": 5}])
    outcomes = gateway.send([said.push(token) for token in tokens])
    assert [outcome.fate for outcome in outcomes] == [Fate.SENT] * 5
    assert all(len(emulator.tray(token)) == 1 for token in tokens)


def test_refused_again_the_lane_stops_and_what_was_not_tried_is_not_tried(
    gateway: fcm.FcmGateway, emulator: client.Emulator
) -> None:
    tokens = emulator.register_phones(1000)
    emulator.script("*", [{"do": "UNAUTHENTICATED", "always": True}])
    outcomes = gateway.send([said.push(token) for token in tokens])
    assert set(outcomes) == {Outcome(Fate.OURS, "unauthenticated", stop_lane=True)}
    # Two tries, each ended by its first refusal: at most a window of 200 was under way.
    assert emulator.counters()["refused"] <= 400


def edited(config: fcm.Config, directory: Path, **changes: str) -> fcm.FcmGateway:
    """A gateway whose service account differs in these members."""
    account = json.loads(Path(config.credentials_file).read_text()) | changes
    path = directory / "account.json"
    path.write_text(json.dumps(account))
    return fcm.FcmGateway(replace(config, credentials_file=str(path)))


def test_credentials_that_are_refused_stop_the_lane(
    config: fcm.Config, phone: Callable[..., str], tmp_path: Path
) -> None:
    stranger = edited(config, tmp_path, client_email="stranger@elsewhere.example")
    (outcome,) = stranger.send([said.push(phone())])
    assert outcome == Outcome(Fate.OURS, "credentials_rejected", stop_lane=True)


def test_a_foreign_project_stops_the_lane(
    config: fcm.Config, phone: Callable[..., str], tmp_path: Path
) -> None:
    (outcome,) = edited(config, tmp_path, project_id="elsewhere").send([said.push(phone())])
    assert outcome == Outcome(Fate.OURS, "permission_denied", stop_lane=True)


@pytest.mark.parametrize("content", ["", "{}", '{"type": "service_account"}', None])
def test_a_credentials_file_that_is_none_stops_the_lane(
    config: fcm.Config, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "account.json"
    if content is not None:
        path.write_text(content)
    broken = fcm.FcmGateway(replace(config, credentials_file=str(path)))
    assert broken.send([said.push("x")])[0] == Outcome(
        Fate.OURS, "credentials_invalid", stop_lane=True
    )


@pytest.mark.parametrize("behaviour", ["UNAVAILABLE", "HTML_502", "reset", "hang"])
def test_a_token_endpoint_in_trouble_means_later(
    config: fcm.Config,
    emulator: client.Emulator,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
) -> None:
    monkeypatch.setattr(bearer, "FETCH_TIMEOUT", timedelta(seconds=0.3))
    emulator.script("oauth", [{"do": behaviour, "always": True}])
    outcomes = fcm.FcmGateway(config).send([said.push("x"), said.push("y")])
    assert [read(o) for o in outcomes] == [
        ("later", "credentials_unavailable", timedelta(seconds=10))
    ] * 2


def test_a_server_of_an_unknown_authority_is_not_spoken_to(
    running: process.Running, config: fcm.Config, emulator: client.Emulator
) -> None:
    stranger = fcm.FcmGateway(replace(config, ca_file=""))
    assert stranger.send([said.push("x")])[0].reason == "credentials_unavailable"
    assert emulator.messages() == []


def test_no_proxy_of_the_environment_is_asked(
    gateway: fcm.FcmGateway, phone: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert gateway.send([said.push(phone())])[0].fate is Fate.SENT


def test_a_forked_child_sends_on_connections_of_its_own_and_leaves_the_parents_alone(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    token = phone()
    gateway.send([said.push(token)])
    child = os.fork()
    if child == 0:
        os._exit(0 if gateway.send([said.push(token)])[0].fate is Fate.SENT else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    before = emulator.counters()["connections"]
    assert gateway.send([said.push(token)])[0].fate is Fate.SENT
    assert emulator.counters()["connections"] == before


def test_a_caller_interrupted_in_the_middle_leaves_a_gateway_that_works(
    gateway: fcm.FcmGateway, emulator: client.Emulator, phone: Callable[..., str]
) -> None:
    token = phone()

    class Interrupting(list[object]):
        def __getitem__(self, index: object) -> object:
            if index == 3:
                raise KeyboardInterrupt
            return said.push(token)

    with pytest.raises(KeyboardInterrupt):
        gateway.send(Interrupting([None] * 5))  # type: ignore[arg-type]
    assert gateway.send([said.push(token)])[0].fate is Fate.SENT


def test_no_address_and_no_word_is_logged(
    gateway: fcm.FcmGateway,
    emulator: client.Emulator,
    phone: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = [phone(), phone()]
    emulator.script(tokens[0], ["INVALID_ARGUMENT"])
    gateway.send([*map(said.push, tokens), said.push("nonsense"), said.push(tokens[0], kind="x")])
    written = caplog.text + "".join(capfd.readouterr())
    assert "invalid_argument" in written  # it was logged at all
    for secret in (*tokens, "nonsense", "EXP-2291", "Taxi", "ya29"):
        assert secret not in written


def test_the_total_time_bounds_a_batch_and_what_was_not_reached_is_for_later(
    hasty: fcm.FcmGateway, emulator: client.Emulator
) -> None:
    tokens = emulator.register_phones(1000)
    hasty.send([said.push(tokens[0])])
    emulator.script("*", [{"do": "hang", "always": True}])
    began = time.monotonic()
    outcomes = hasty.send([said.push(token) for token in tokens])
    assert time.monotonic() - began < 10  # a hang would be for ever; one second is configured
    assert {read(o) for o in outcomes} == {("later", "timeout", timedelta(seconds=10))}


def test_slow_answers_are_waited_for_side_by_side(
    config: fcm.Config, emulator: client.Emulator
) -> None:
    patient = fcm.FcmGateway(replace(config, total_timeout=timedelta(seconds=10)))
    tokens = emulator.register_phones(180)
    emulator.script("*", [{"do": "slow", "ms": 300, "always": True}])
    # One after the other on two connections they would take 27 s.
    assert {o.fate for o in patient.send([said.push(token) for token in tokens])} == {Fate.SENT}


def test_access_tokens_are_renewed_under_load_and_no_push_is_refused_for_an_old_one(
    config: fcm.Config, emulator: client.Emulator
) -> None:
    emulator.settings(access_token_seconds=3)
    tokens = emulator.register_phones(40)
    busy = fcm.FcmGateway(config)
    over = threading.Event()

    def send_on_and_on() -> set[str]:
        reasons: set[str] = set()
        while not over.is_set():
            reasons |= {outcome.reason for outcome in busy.send([*map(said.push, tokens)])}
        return reasons

    try:
        with ThreadPoolExecutor(4) as threads:
            sending = [threads.submit(send_on_and_on) for _ in range(4)]
            while emulator.counters()["access_tokens"] < 4:
                time.sleep(0.2)
            over.set()
            assert [each.result() for each in sending] == [{""}] * 4
    finally:
        over.set()
        emulator.settings(access_token_seconds=3600)
    assert emulator.counters()["errors"] == {}
