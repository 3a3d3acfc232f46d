"""The page of the pretend phones, and how the emulator starts and stops."""

import re
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import httpx
import pytest

from hub.demo.fcm import process
from hub.demo.fcm.client import Emulator


def test_the_page_asks_no_other_host_and_runs_only_its_own_script(
    emulator: Emulator, running: process.Running
) -> None:
    with httpx.Client(base_url=running.page, trust_env=False) as browser:
        page = browser.get("/")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in page.text
        assert "style=" not in page.text
        links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert set(links) == {"phones.css", "phones.js", "phones.svg"}
        for link in links:
            file = browser.get(f"/{link}")
            assert file.status_code == 200
            assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", file.text)


def test_the_control_interface_is_the_same_behind_both_listeners(
    emulator: Emulator, running: process.Running
) -> None:
    phone = emulator.register_phone("Alice")
    secure = Emulator(running.endpoint, running.ca_file)
    assert secure.phone(phone)["label"] == "Alice"


def test_a_page_of_another_site_cannot_steer_it(
    emulator: Emulator, running: process.Running
) -> None:
    answer = httpx.post(
        f"{running.page}emulator/phones",
        content=b'{"label": "x"}',
        headers={"content-type": "text/plain"},
        trust_env=False,
    )
    assert answer.status_code == 415


def test_the_pages_switch_takes_a_phone_off_the_network(
    emulator: Emulator, running: process.Running
) -> None:
    phone = emulator.register_phone("Alice")
    address = f"{running.page}emulator/phones/{urllib.parse.quote(phone, safe='')}/online"
    answer = httpx.put(address, json={"online": False}, trust_env=False)
    assert answer.json()["online"] is False
    assert emulator.phone(phone)["online"] is False


def test_the_list_finds_by_label_and_counts(emulator: Emulator, running: process.Running) -> None:
    emulator.register_phone("Zoë Example · Pixel")
    answer = httpx.get(
        f"{running.page}emulator/phones?q=ZOË&limit=60&counters=1", trust_env=False
    ).json()
    assert [phone["label"] for phone in answer["phones"]] == ["Zoë Example · Pixel"]
    assert answer["total"] >= 1
    assert answer["counters"]["accepted"] == 0


def test_a_taken_port_is_an_error_and_not_shared(tmp_path: Path, running: process.Running) -> None:
    port = int(running.endpoint.rpartition(":")[2])
    with pytest.raises(process.NotStarted):
        process.start(tmp_path, port=port)


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = process.start(tmp_path)
    first.stop()
    kept = {name: (tmp_path / name).read_bytes() for name in ("ca.pem", "server.pem")}
    again = process.start(tmp_path)
    again.stop()
    assert kept == {name: (tmp_path / name).read_bytes() for name in kept}
    assert (tmp_path / "server-key.pem").stat().st_mode & 0o077 == 0
    assert (tmp_path / "service-account.json").stat().st_mode & 0o077 == 0
    assert first.process.returncode == again.process.returncode == 0


def test_it_ends_when_its_parent_does(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from hub.demo.fcm import process\n"
        "started = process.start(pathlib.Path(sys.argv[1]))\n"
        "print(started.page, flush=True); os._exit(1)"
    )
    parent = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(process.__file__).parents[3],
        check=False,
    )
    port = int(parent.stdout.strip().rstrip("/").rpartition(":")[2])
    assert _gone(port)


def _gone(port: int) -> bool:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.05)
    return False
