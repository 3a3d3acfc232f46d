"""`python -m benchmarks.report`: docs/benchmarks.md and its plots, from the JSON files beside it.

Run by `make bench` with the Python of .cache/bench-venv, which has matplotlib.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "benchmarks"  # the same figures make the same file

from matplotlib import pyplot  # noqa: E402  # after the backend is chosen

DOCS = Path(__file__).resolve().parent.parent / "docs"
PLACE = DOCS / "benchmarks"

# Each benchmark: its heading, what it shows, and the bars as (key, least or most, value).
BARS: dict[str, tuple[str, str, Sequence[tuple[str, str, float]]]] = {
    "fanout": (
        "Fan-out",
        "One POST to everybody, until every push is accepted by the pretend FCM and recorded. The"
        " peers run behind Celery with `bulk_create`, each at the best of its pools; compared are"
        " pushes per CPU-second of worker and database. The ceiling is a bare pycurl loop.",
        (
            ("ratio_best_peer", "≥", 10), ("ratio_best_peer_80ms", "≥", 10),
            ("pushes_per_s", "≥", 20_000), ("pushes_per_s_bucket", "≥", 9_500),
            ("pushes_per_s_bucket_80ms", "≥", 9_500), ("cores_bucket", "≤", 1),
            ("cores_bucket_80ms", "≤", 1), ("refused_429", "≤", 0), ("rss_growth", "≤", 1.3),
        ),
    ),
    "singles": (
        "Singles",
        "Notifications of one recipient each, from accepted rows to recorded pushes, against a"
        " Celery task for each with fcm-django at the best of its pools.",
        (("ratio_task_each", "≥", 40), ("ratio_task_each_80ms", "≥", 100)),
    ),
    "accept": (
        "Accept",
        "`POST /notifications` over loopback, with keys, idempotency, audit and durable commit."
        " The floor is a Django view that makes one INSERT; plain DRF is the same endpoint by"
        " serializers, ORM and `.delay()`. All three are served alike and take turns.",
        (("ratio_floor", "≥", 0.6), ("ratio_plain_drf", "≥", 3), ("ratio_batch", "≥", 40)),
    ),
    "registrations": (
        "Registrations",
        "What Firebase's bad hours, and the sender's, do to phones that are good. The same faults"
        " for all, on the strict emulator; each ends after the first try. `…_kept` is the least"
        " share of the good phones that was still registered, whatever the fault; `…_recorded` the"
        " least share of the pushes that were on record.",
        (("hub_kept", "≥", 1), ("hub_recorded", "≥", 1), ("hub_dead_left", "≤", 0)),
    ),
    "urgent": (
        "Urgent",
        "From the POST of an urgent notice to its arrival at the pretend FCM, while nothing else"
        " happens and while a broadcast goes out at Firebase's own rate, with the workers of"
        " `docker/compose.yml`; `_one_worker` is the same with a single worker for all queues.",
        (("ratio_p95", "≤", 3),),
    ),
    "callbacks": (
        "Callbacks",
        "From events that wait at fifty sub-systems to recorded answers, by one worker process. The"
        " ceiling is the hub's own HTTP client with as many threads and nothing else; ratios are of"
        " CPU, the database's included. With one dead: one of the fifty never answers; the rate is"
        " that of the others.",
        (("ratio_with_one_dead", "≥", 0.8),),
    ),
    "sync": (
        "Sync",
        "Following a pretend domain controller: everybody for the first time, everybody again, what"
        " changed (with the list of who is there). Ratios are of CPU, the database's included, to"
        " that of the bare paged read: the same client throws the same pages away.",
        (("ratio_again", "≤", 2), ("ratio_changes", "≤", 1), ("again_growth_mb", "≤", 64)),
    ),
    "sync_samba": (
        "Sync with a real Samba",
        "The same with Samba's domain controller, of as many people as it takes in a minute or"
        " two.",
        (("ratio_again", "≤", 3), ("again_growth_mb", "≤", 64)),
    ),
    "streams": (
        "Hint streams",
        "Idle streams on one process: memory, and how soon a hint is heard. A broadcast is spread"
        " on purpose, so that phones do not ask all at once.",
        (("kilobytes_a_stream", "≤", 100),),
    ),
    "inbox": (
        "Inbox",
        "Milliseconds of the reads of a phone, whose owner has 2,000 copies, while the table"
        " grows.",
        (("ratio_largest", "≤", 2),),
    ),
}  # fmt: skip


def main() -> int:
    """Write the page; the exit code."""
    found = {
        name: json.loads((PLACE / f"{name}.json").read_text(encoding="utf-8"))
        for name in BARS
        if (PLACE / f"{name}.json").exists()
    }
    if not found:
        print(f"There are no figures in {PLACE}: run make bench first.", file=sys.stderr)
        return 1
    parts = [
        "# Benchmarks",
        "Written by `make bench`; the raw figures are the JSON files in"
        " [benchmarks/](benchmarks/). Ratios within one run are what counts: absolute figures are"
        " those of the machine, and of what else it was doing. The conditions below each section"
        " name the commit that was measured and the load: where they are older ones, the section"
        " tells the state of then.",
        *(section(name, result) for name, result in found.items()),
    ]
    (DOCS / "benchmarks.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"wrote {DOCS / 'benchmarks.md'}")
    return 0


def section(name: str, result: dict[str, Any]) -> str:
    """One benchmark: what it is, against the bars, all keys, a plot, the conditions."""
    heading, about, bars = BARS[name]
    keys, conditions = result["keys"], result["conditions"]
    parts = [f"## {heading}", about]
    # What was not measured is told: a bar that is missing would be taken for one that is met.
    rows = [
        (f"`{key}`", shown(keys[key]), f"{sign} {shown(bar)}", met(keys[key], sign, bar))
        if key in keys
        else (f"`{key}`", "none", f"{sign} {shown(bar)}", "**not measured**")
        for key, sign, bar in bars
    ]
    parts.append(table(("key", "measured", "bar", ""), rows))
    plots = {"fanout": fanout, "singles": singles, "accept": accept, "inbox": inbox}
    if name in plots:
        plots[name](result)
        parts.append(f"![{heading}](benchmarks/{name}.svg)")
    parts.append(table(("key", "value"), [(f"`{k}`", shown(v)) for k, v in keys.items()]))
    if name in {"fanout", "singles"}:
        parts.append(table(("at", "who", "pool", "a second", "per CPU-second"), sides(result)))
    if name == "registrations":
        head = ("fault", "who", "good phones", "still registered", "reached", "on record")
        parts.append(table(head, survivors(result)))
    sizes = ", ".join(f"{key} {shown(value)}" for key, value in conditions["sizes"].items())
    parts.append(
        f"Conditions: {conditions['cores']} cores ({conditions['processor']}),"
        f" {conditions['memory_gb']} GB, load average {conditions['load_average']} at the end,"
        f" Python {conditions['python']}, commit {conditions['commit']}; {sizes}."
    )
    return "\n\n".join(parts)


def sides(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """What each side reached, with the pool that it ran in."""
    what, of = ("open", "pushes") if "open" in result else ("singles", "singles")
    pools = result["pools"]
    return [
        (
            latency,
            who,
            pools.get(latency, {}).get(who, "")
            if what == "open"
            else (pools.get(latency, "") if who == "task_each" else ""),
            shown(said[f"{of}_per_s"]),
            shown(said[f"{of}_per_cpu_s"]),
        )
        for latency, each in result[what].items()
        for who, said in each.items()
    ]


def survivors(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """How many good phones each leaves registered, and how many of them had the notice."""
    return [
        (
            fault,
            who,
            *(shown(said[key]) for key in ("good", "good_left", "good_reached", "recorded")),
        )
        for fault, each in result["faults"].items()
        for who, said in each.items()
    ]


def met(value: float, sign: str, bar: float) -> str:
    """Whether a bar was reached."""
    return "met" if (value >= bar if sign == "≥" else value <= bar) else "**not met**"


def shown(value: Any) -> str:
    """A figure for people."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:g}"
    return str(value)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bars_plot(name: str, title: str, values: dict[str, float]) -> None:
    """Horizontal bars on a logarithmic axis, each with its figure."""
    figure, axes = pyplot.subplots(figsize=(8, 0.45 * len(values) + 1.2), layout="constrained")
    drawn = axes.barh(list(values), list(values.values()), color="#3b6ea5")
    axes.bar_label(drawn, labels=[shown(value) for value in values.values()], padding=3)
    axes.set_xscale("log")
    axes.set_title(title)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    save(figure, name)


def save(figure: Any, name: str) -> None:
    """An SVG without a date, so that it changes only with its figures."""
    figure.savefig(PLACE / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def fanout(result: dict[str, Any]) -> None:
    """Pushes per CPU-second."""
    values = {
        f"{who}, {latency}": said["pushes_per_cpu_s"]
        for latency, each in result["open"].items()
        for who, said in each.items()
    }
    bars_plot("fanout", "Pushes per CPU-second of worker and database", values)


def singles(result: dict[str, Any]) -> None:
    """Notifications a second."""
    values = {
        f"{who}, {latency}": said["singles_per_s"]
        for latency, each in result["singles"].items()
        for who, said in each.items()
    }
    bars_plot("singles", "Notifications of one recipient, a second", values)


def accept(result: dict[str, Any]) -> None:
    """Notifications a second."""
    values = {name: said["notifications_per_s"] for name, said in result["doors"].items()}
    bars_plot("accept", "Notifications accepted a second", values)


def inbox(result: dict[str, Any]) -> None:
    """Milliseconds over the size of the table."""
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    sizes = [int(size) for size in result["by_size"]]
    for read in next(iter(result["by_size"].values())):
        axes.plot(sizes, [said[read] for said in result["by_size"].values()], "o-", label=read)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("copies in the table")
    axes.set_ylabel("milliseconds")
    axes.legend()
    save(figure, "inbox")


if __name__ == "__main__":
    sys.exit(main())
