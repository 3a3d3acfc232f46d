"""The pretend FCM of the benchmarks: in C, about 3 µs a message, so that it is not measured.

The emulator of the demo checks what Firebase checks; this one only counts (HTTP/2 and HTTP/1.1
over TLS, a fixed bearer token, a latency, a quota a minute, a share of dead devices).
"""

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from hub.demo.fcm import credentials

SOURCES = sorted(Path(__file__).parent.glob("*.[ch]"))


@dataclass(frozen=True)
class Emulator:
    """A running emulator, and its control."""

    process: subprocess.Popen[str]
    port: int
    control: int
    ca_file: Path
    credentials_file: Path

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def ask(self, target: str) -> Any:
        """The JSON behind a target of the control port; see `control` in firebase.c."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}{target}", timeout=10) as said:
            return json.load(said)

    def stats(self) -> dict[str, Any]:
        """What was counted since the last reset; `cpu_seconds` is of the whole life."""
        said: dict[str, Any] = self.ask("/stats")
        return said

    def reset(self, *, latency_ms: float = 0, quota: int = 0, unregistered: int = 0) -> None:
        """Forget what was counted. `quota` messages a minute (0: none), dead ones per thousand."""
        self.ask(f"/set?latency_ms={latency_ms}&quota={quota}&unregistered={unregistered}&watch=-")
        self.ask("/reset")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=10)


def build() -> Path:
    """The compiled emulator; made anew where a source is younger. Raises machine.Unfit."""
    program = machine.cache() / "emulator"
    if not program.exists() or program.stat().st_mtime < max(s.stat().st_mtime for s in SOURCES):
        machine.ensure("gcc", "libc6-dev", "libnghttp2-dev", "libssl-dev")
        sources = [str(source) for source in SOURCES if source.suffix == ".c"]
        command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(program), *sources]
        subprocess.run([*command, "-lnghttp2", "-lssl", "-lcrypto"], check=True)
    return program


def start() -> Emulator:
    """A fresh emulator on free ports; it ends with the thread that called this."""
    program, place = build(), machine.cache() / "fcm"
    files, _ = credentials.prepare(place, port=0)
    process = subprocess.Popen(
        [str(program), str(files.certificate), str(files.key)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    credentials.prepare(place, port=said["port"])  # the account's key names the token endpoint
    return Emulator(process, said["port"], said["control"], files.ca, files.account)
