"""Libraries that stand at an edge are imported at that edge only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# library -> where it may be imported
EDGES = {
    "ldap3": ("accounts/directory/",),
    "firebase_admin": ("notifications/push/fcm.py",),
    "google": ("notifications/push/fcm.py",),
    "requests": ("notifications/push/fcm.py",),
    "pycurl": ("hub/lib/http.py", "notifications/push/transport.py"),
    "rest_framework": (
        "accounts/api/", "notifications/api/", "selfserve/api/", "hub/problems.py",
    ),
    "drf_spectacular": (
        "accounts/api/", "notifications/api/", "selfserve/api/", "hub/urls.py", "hub/openapi.py",
    ),
    "httpx": (),
    "icu4py": ("notifications/rendering.py",),
    "smtplib": ("notifications/mailing/smtp.py",),
    "aiosmtpd": ("hub/demo/mailbox.py",),
    "celery": (
        "hub/tasks.py",
        "hub/doctor/engines.py",
        "hub/celery.py", "accounts/tasks.py", "notifications/tasks.py", "notifications/queues.py",
        "selfserve/tasks.py",
    ),
    "redis": (
        "hub/lib/scratchpad.py", "accounts/api/limits.py", "notifications/push/rate.py",
        "hub/health.py", "hub/doctor/engines.py", "hub/demo/", "hub/celery.py",
        "hub/streams/hearing.py", "notifications/hints.py",
    ),
    "urllib.request": ("hub/demo/",),
    "http.client": ("hub/demo/",),
}  # fmt: skip


def sources() -> Iterator[Path]:
    for app in ("hub", "accounts", "notifications", "selfserve"):
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("library", sorted(EDGES))
def test_a_library_of_an_edge_is_imported_at_that_edge_only(library):
    strays = [
        str(path.relative_to(ROOT))
        for path in sources()
        if any(name == library or name.startswith(library + ".") for name in imported(path))
        and not str(path.relative_to(ROOT)).startswith(EDGES[library])
    ]

    assert strays == []
