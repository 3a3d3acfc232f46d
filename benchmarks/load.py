"""Many POSTs at once, by wrk: a load generator in Python would be what is measured."""

import json
import secrets
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import machine
from hub.demo import ports

SCRIPT = Path(__file__).with_name("post.lua")


class Refused(Exception):
    """Requests were refused or lost: the figures would mean nothing."""


def post(
    port: int, path: str, *, key: str, employees: int, seconds: float, connections: int = 16,
    batch: int = 0,
) -> dict[str, float]:  # fmt: skip
    """Requests a second and percentiles of POSTs to a path, each with a fresh idempotency key.

    `batch` notifications go into each POST; 0 means the endpoint for one. Raises Refused.
    """
    machine.ensure("wrk")
    command = [
        "wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds:.0f}s", "--timeout", "30s",
        "-s", str(SCRIPT), f"http://{ports.HOST}:{port}{path}", "--",
        path, key, str(employees), str(batch), secrets.token_hex(6),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if said["refused"] or said["lost"]:
        raise Refused(f"{path}: {said}")
    return {
        "rps": said["requests"] / said["seconds"],
        "p50_ms": said["p50_ms"],
        "p95_ms": said["p95_ms"],
        "p99_ms": said["p99_ms"],
    }
