"""GET /metrics: what the web counted, and how far the hub is behind, for Prometheus.

The figures of the database are the same at each web process; take them from one, or by `max`.
They are asked anew at most once in REUSE_SECONDS. Workers answer for themselves at METRICS_ADDRESS.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts import feed, spraying
from accounts.sync import follow
from hub import alarms
from hub.lib import clock, logging, metrics
from notifications import figures

log = logging.get(__name__)

REUSE_SECONDS = 5.0


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The metrics as text; 404 for whoever may not read them."""
    if not may_read(request):
        return HttpResponse("There is no such page.", status=404, content_type="text/plain")
    text = generate_latest(metrics.registry()) + generate_latest(_database)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Whether the request bears METRICS_TOKEN; without a token set, only outside production."""
    if not settings.METRICS_TOKEN:
        return bool(settings.HUB_MODE != "production")
    said = request.META.get("HTTP_AUTHORIZATION", "").encode()
    return secrets.compare_digest(said, f"Bearer {settings.METRICS_TOKEN}".encode())


class Figures(Collector):
    """What is asked of the database when somebody looks, and kept for a moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = float("-inf")  # time.monotonic
        self.found: list[GaugeMetricFamily] = []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges of now, or of a moment ago."""
        with self.lock:
            if time.monotonic() - self.at > REUSE_SECONDS:
                self.found, self.at = list(look()), time.monotonic()
        yield from self.found


_database = CollectorRegistry(auto_describe=False)
_database.register(Figures())


def look() -> Iterator[GaugeMetricFamily]:
    """Every gauge; `hub_figures_known` is 0 for what the database did not tell."""
    known = GaugeMetricFamily(
        "hub_figures_known", "Whether these figures could be had", labels=["of"]
    )
    parts: dict[str, Callable[[], list[GaugeMetricFamily]]] = {
        "work": _work,
        "directory": _directory,
        "sign_in": _sign_in,
        "expiry": _expiry,
    }
    for name, part in parts.items():
        try:
            yield from part()
            known.add_metric([name], 1)
        except (DatabaseError, InterfaceError) as error:
            log.warning("figures_unknown", of=name, error=type(error).__name__)
            known.add_metric([name], 0)
    yield known


def _work() -> list[GaugeMetricFamily]:
    found = figures.current()
    labels = ["queue", "kind", "state"]
    count = GaugeMetricFamily("hub_errands", "What is still to be done", labels=labels)
    oldest = GaugeMetricFamily(
        "hub_errand_oldest_seconds", "How long the oldest of them has been due", labels=labels
    )
    for one in found.errands:
        count.add_metric([one.queue, one.kind, one.state], one.count)
        oldest.add_metric([one.queue, one.kind, one.state], one.oldest_seconds)
    return [
        count,
        oldest,
        _gauge("hub_breakers_open", "Endpoints that are only probed", found.breakers_open),
        _gauge("hub_callbacks_dead", "Events that were given up", found.callbacks_dead),
        _gauge("hub_held", "Notifications that wait for a second person", found.held),
        _gauge(
            "hub_oldest_writer_seconds", "How far change feeds are behind",
            found.oldest_writer_seconds,
        ),
    ]  # fmt: skip


def _directory() -> list[GaugeMetricFamily]:
    following = follow.following(now=clock.now())
    return [
        _gauge("hub_directory_lag_seconds", "Since the directory was read", following.lag_seconds),
        _gauge("hub_directory_bound_seconds", "What is promised", following.bound_seconds),
        _gauge("hub_directory_missing", "People missing, none disabled for it", following.missing),
        _gauge("hub_feed_age_seconds", "Since the employee database was known", _feed_age()),
    ]


def _feed_age() -> float | None:
    known_at = feed.known_at()
    return None if known_at is None else (clock.now() - known_at).total_seconds()


def _sign_in() -> list[GaugeMetricFamily]:
    alarms_on = spraying.alarms_on(now=clock.now())
    return [
        _gauge("hub_sign_in_alarms", "Sources that try one password over many names", alarms_on)
    ]


def _expiry() -> list[GaugeMetricFamily]:
    left = GaugeMetricFamily(
        "hub_expires_seconds", "Until a certificate or key stops to count", labels=["of", "name"]
    )
    for one in alarms.expiring():
        left.add_metric([one.of, one.name], one.left.total_seconds())
    return [left]


def _gauge(name: str, what: str, value: float | None) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, what, labels=())
    if value is not None:
        gauge.add_metric([], value)
    return gauge
