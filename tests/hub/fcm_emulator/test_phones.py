"""What a pretend phone shows, what is kept while it is offline, and what the journal says."""

import time
from pathlib import Path
from typing import Any

import pytest
from google.oauth2 import service_account

from hub.demo.fcm import phones, process
from hub.demo.fcm.client import Emulator, Refused
from tests.hub.fcm_emulator.conftest import SCOPE, SEND, Sending, cleared, connect, shown, trusting


def tags(emulator: Emulator, phone: str) -> list[str]:
    return sorted(item["tag"] for item in emulator.tray(phone))


def alert(identity: str, title: str = "Expenses", **headers: str) -> dict[str, Any]:
    return {
        "headers": {"apns-collapse-id": identity, **headers},
        "payload": {"aps": {"alert": {"title": title, "body": "A request waits."}}},
    }


SILENT = {"headers": {"apns-priority": "5"}, "payload": {"aps": {"content-available": 1}}}


@pytest.mark.parametrize("platform", ["android", "web"])
def test_the_app_draws_replaces_and_clears_by_id(
    emulator: Emulator, send: Sending, platform: str
) -> None:
    phone = emulator.register_phone("Alice", platform)
    send(phone, data=shown("1", "first", kind="request", category="expense.approval"))
    send(phone, data=shown("2", "other"))
    send(phone, data=shown("1", "changed", body="412.50 EUR", kind="request"))
    newest = emulator.tray(phone)[0]
    assert (newest["tag"], newest["title"], newest["text"]) == ("1", "changed", "412.50 EUR")
    assert (newest["times"], newest["kind"]) == (2, "request")
    assert tags(emulator, phone) == ["1", "2"]
    send(phone, data=cleared("1"))
    send(phone, data=cleared("never shown"))
    assert tags(emulator, phone) == ["2"]


def test_an_iphone_shows_the_alert_under_its_collapse_id_and_clears_it_silently(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Bob", "ios")
    send(phone, data=shown("1"), apns=alert("1"))
    send(phone, data=shown("1"), apns=alert("1", "Changed"))
    (item,) = emulator.tray(phone)
    assert (item["tag"], item["title"], item["text"]) == ("1", "Changed", "A request waits.")
    send(phone, data=cleared("1"), apns=SILENT)
    assert emulator.tray(phone) == []


def test_a_restricted_push_shows_only_generic_words(emulator: Emulator, send: Sending) -> None:
    phone = emulator.register_phone("Alice")
    send(phone, data={"v": "1", "type": "notification", "id": "1"})
    (item,) = emulator.tray(phone)
    assert item["generic"]
    assert item["title"] == "Something waits for you"


def test_what_no_app_knows_is_put_on_record(emulator: Emulator, send: Sending) -> None:
    phone = emulator.register_phone("Alice")
    send(phone, data={"type": "explode", "id": "1"})
    send(phone, data={"type": "changes"})
    send(phone, data={"type": "activate", "id": "code-1"})
    state = emulator.phone(phone)
    assert state["unknown"] == [{"type": "explode", "id": "1"}]
    assert (state["synced"], state["codes"]) == (1, 1)
    assert state["recent"][-1] == {"type": "activate", "id": "code-1"}


def test_an_installation_id_reaches_the_same_phone(emulator: Emulator, send: Sending) -> None:
    phone = emulator.register_phone("Alice")
    assert send(fid=emulator.phone(phone)["fid"], data=shown("1")).status_code == 200
    assert tags(emulator, phone) == ["1"]


def test_an_offline_phone_gets_everything_when_it_is_back(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Alice")
    emulator.set_online(phone, False)
    for number in range(100):
        send(phone, data=shown(str(number)))
    assert emulator.tray(phone) == []
    assert emulator.phone(phone)["stored"] == 100
    emulator.set_online(phone, True)
    assert len(emulator.tray(phone)) == 100


def test_the_hundred_and_first_stored_message_drops_them_all(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Alice")
    emulator.set_online(phone, False)
    send(phone, data=shown("kept"), android={"collapse_key": "k"})
    for number in range(101):
        send(phone, data=shown(str(number)))
    emulator.set_online(phone, True)
    state = emulator.phone(phone)
    assert tags(emulator, phone) == ["kept"]
    assert state["dropped"] == 101
    assert state["synced"] == 1  # the app was told that messages were deleted


def test_a_collapse_key_keeps_the_last_and_a_fifth_key_pushes_one_out(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Alice")
    emulator.set_online(phone, False)
    for number in range(5):
        key = {"collapse_key": f"key {number}"}
        send(phone, data=shown(f"old {number}"), android=key)
        send(phone, data=shown(f"new {number}"), android=key)
    emulator.set_online(phone, True)
    assert tags(emulator, phone) == ["new 1", "new 2", "new 3", "new 4"]


def test_of_notification_messages_an_offline_phone_keeps_only_the_last(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Alice")
    emulator.set_online(phone, False)
    for number in range(3):
        send(
            phone,
            notification={"title": str(number)},
            android={"notification": {"tag": str(number)}},
        )
    emulator.set_online(phone, True)
    assert tags(emulator, phone) == ["2"]


def test_an_offline_iphone_keeps_alerts_by_collapse_id_and_one_silent_push(
    emulator: Emulator, send: Sending
) -> None:
    phone = emulator.register_phone("Bob", "ios")
    for number in "12345":
        send(phone, data=shown(number), apns=alert(number))
    emulator.set_online(phone, False)
    send(phone, data=shown("5"), apns=alert("5", "Changed"))
    for number in "67890":
        send(phone, data=shown(number), apns=alert(number))
    send(phone, data=cleared("1"), apns=SILENT)
    send(phone, data=cleared("2"), apns=SILENT)
    emulator.set_online(phone, True)
    assert tags(emulator, phone) == sorted("134567890")


@pytest.mark.parametrize(
    ("platform", "brief"),
    [
        ("android", {"android": {"ttl": "60s"}}),
        ("ios", {"apns": alert("brief", **{"apns-expiration": str(int(time.time()) + 60)})}),
        ("web", {"webpush": {"headers": {"TTL": "60"}}}),
    ],
)
def test_a_message_is_not_delivered_after_its_time_to_live(
    emulator: Emulator, send: Sending, platform: str, brief: dict[str, Any]
) -> None:
    phone = emulator.register_phone("Alice", platform)
    emulator.set_online(phone, False)
    send(phone, data=shown("brief"), **brief)
    send(phone, data=shown("long"), apns=alert("long"))
    emulator.settings(clock_offset_seconds=600)
    emulator.set_online(phone, True)
    assert tags(emulator, phone) == ["long"]
    emulator.settings(clock_offset_seconds=0)


def test_a_time_to_live_of_nought_means_now_or_never(emulator: Emulator, send: Sending) -> None:
    phone = emulator.register_phone("Alice")
    send(phone, data=shown("now"), android={"ttl": "0s"})
    emulator.set_online(phone, False)
    assert send(phone, data=shown("never"), android={"ttl": "0s"}).status_code == 200
    assert emulator.phone(phone)["stored"] == 0
    emulator.set_online(phone, True)
    assert tags(emulator, phone) == ["now"]


def test_a_dry_run_reaches_nobody(emulator: Emulator, send: Sending) -> None:
    phone = emulator.register_phone("Alice")
    assert send(phone, dry_run=True, data=shown("1")).status_code == 200
    assert emulator.phone(phone)["accepted"] == 0
    assert emulator.tray(phone) == []
    assert emulator.counters()["dry_runs"] == 1


def test_the_journal_has_every_request_in_order_with_pages_and_totals(
    emulator: Emulator, send: Sending
) -> None:
    alice, bob = emulator.register_phone("Alice"), emulator.register_phone("Bob")
    for number in range(3):
        send(alice, data=shown(str(number)))
    send(bob, data=shown("1"))
    send(phones.new_token(), data=shown("1"))
    send("bad", data=shown("1"))
    first = emulator.messages(limit=2)
    rest = emulator.messages(first[-1]["n"])
    assert [entry["phone"] for entry in first + rest] == ["Alice"] * 3 + ["Bob", "", ""]
    assert [entry["status"] for entry in first + rest] == [200, 200, 200, 200, 404, 400]
    message = first[0]["message"]
    assert message is not None
    assert message["data"] == shown("0")
    assert [entry["token"] for entry in emulator.messages(token=bob)] == [bob]
    totals = emulator.counters()
    assert (totals["accepted"], totals["refused"]) == (4, 2)
    assert totals["errors"] == {"UNREGISTERED": 1, "INVALID_ARGUMENT": 1}
    assert totals["http_versions"] == {"2": 6}
    assert totals["connections"] == 1
    emulator.clear_log()
    assert emulator.messages() == []
    send(bob, data=shown("2"))
    assert [entry["n"] for entry in emulator.messages(rest[-1]["n"])] == [rest[-1]["n"] + 1]


def test_many_phones_are_registered_at_once(emulator: Emulator, send: Sending) -> None:
    tokens = emulator.register_phones(500, label="Load", platform="ios")
    assert len(set(tokens)) == 500
    assert send(tokens[-1], apns=alert("1")).status_code == 200
    assert emulator.phone(tokens[-1])["label"] == "Load 500"
    for token in tokens:
        emulator.unregister(token)


def test_a_phone_that_cannot_exist_is_not_registered(emulator: Emulator) -> None:
    with pytest.raises(Refused, match="platform"):
        emulator.register_phone("Alice", "telex")
    with pytest.raises(Refused, match="well-formed"):
        emulator.register_phone("Alice", token="short")
    with pytest.raises(Refused, match="no such phone"):
        emulator.tray(phones.new_token())


def test_phones_trays_and_access_tokens_outlive_a_restart(tmp_path: Path) -> None:
    first = process.start(tmp_path, log=tmp_path / "log.jsonl")
    try:
        phone = first.client().register_phone("Alice", "ios")
        credentials = service_account.Credentials.from_service_account_file(
            first.credentials_file, scopes=[SCOPE]
        )
        credentials.refresh(trusting(first))
        headers = {"authorization": f"Bearer {credentials.token}"}
        body = {"message": {"token": phone, "apns": alert("1")}}
        with connect(first) as client:
            client.post(SEND, headers=headers, json=body).raise_for_status()
    finally:
        first.stop()
    assert (tmp_path / "log.jsonl").read_text().count('"status": 200') == 1
    again = process.start(tmp_path)
    try:
        with connect(again, http2=False) as client:
            body["message"]["apns"] = alert("2")
            client.post(SEND, headers=headers, json=body).raise_for_status()
        state = again.client().phone(phone)
        assert (state["label"], state["platform"], state["accepted"]) == ("Alice", "ios", 2)
        assert tags(again.client(), phone) == ["1", "2"]
        assert again.client().counters()["http_versions"] == {"1.1": 1}
    finally:
        again.stop()


def test_a_fast_emulator_counts_and_draws_nothing(tmp_path: Path) -> None:
    quick = process.start(tmp_path, fast=True)
    try:
        phone = quick.client().register_phone("Alice")
        quick.client().set_online(phone, False)
        credentials = service_account.Credentials.from_service_account_file(
            quick.credentials_file, scopes=[SCOPE]
        )
        credentials.refresh(trusting(quick))
        with connect(quick) as client:
            client.headers["authorization"] = f"Bearer {credentials.token}"
            for _ in range(3):
                client.post(SEND, json={"message": {"token": phone, "data": shown("1")}})
        state = quick.client().phone(phone)
        assert (state["accepted"], state["stored"], state["tray"]) == (3, 0, [])
        assert [entry["message"] for entry in quick.client().messages()] == [None] * 3
    finally:
        quick.stop()
