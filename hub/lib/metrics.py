"""What a process counts of its own work, in the text format of Prometheus.

Processes that share a directory, HUB_METRICS_DIR, are told as one: whichever of them is asked
answers for all, those that have ended included. Without it a process answers for itself.
Labels come from small closed sets; nothing about a person or a notification is ever one.
"""

import os
from pathlib import Path

from hub.lib import environment

# Read by prometheus_client while it is imported.
if _directory := environment.text("HUB_METRICS_DIR", ""):
    Path(_directory).mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _directory

from prometheus_client import REGISTRY as _OWN
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400)

requests = Histogram(
    "hub_request_seconds",
    "Requests by route, method and status",
    ["route", "method", "status"],
    buckets=_SHORT,
)
recipients = Counter("hub_recipients", "Copies made by fan-outs")
pushes = Counter("hub_pushes", "Pushes by what the provider said", ["state"])
push_wait = Histogram(
    "hub_push_wait_seconds",
    "From when a push was due to its recorded result; one for each range of recipients",
    ["lane"],
    buckets=_LONG,
)
shown_wait = Histogram(
    "hub_shown_wait_seconds", "From the provider's taking a push to the app's showing it",
    buckets=_LONG,
)  # fmt: skip
session_alarms = Counter(
    "hub_session_alarms",
    "Refresh tokens that came twice, and push addresses that left somebody else's phone",
    ["what"],
)
callbacks = Counter("hub_callbacks", "Tries of callbacks by what the answer meant", ["meaning"])
callback_wait = Histogram(
    "hub_callback_wait_seconds", "From an event to the sub-system's taking it", buckets=_LONG
)
relayed_at = Gauge(
    "hub_relayed_timestamp_seconds",
    "When a worker last did what beat rings for: beat, broker and workers hang together",
    multiprocess_mode="mostrecent",
)
drift = Gauge(
    "hub_drift_rows", "Rows without what they name, at the last check", ["table"],
    multiprocess_mode="mostrecent",
)  # fmt: skip


def registry() -> CollectorRegistry:
    """What all processes of the directory counted, or this one if there is none."""
    if not _directory:
        return _OWN
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def serve(address: str) -> None:
    """Answer at `host:port` from a thread; for workers, which have no web server."""
    host, _, port = address.rpartition(":")
    start_http_server(int(port), addr=host, registry=registry())
