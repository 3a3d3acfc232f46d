"""What `make run` prints when everything is up."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def compose(addresses: Mapping[str, Any], *, seeded: Path) -> str:
    """Addresses, logins, an API key and a first `curl`, from what the seed wrote into `seeded`."""
    demo = json.loads(seeded.read_text(encoding="utf-8"))
    lines = [
        "",
        "The hub is running.",
        "",
        f"  The companion           {addresses['web']}/",
        f"  API and its pages       {addresses['web']}/api/v1/docs",
        f"  Hint stream             {addresses['streams']}/api/v1/me/stream",
        f"  Administration          {addresses['web']}/admin/",
        f"  Pretend phones          {addresses['phones']}",
        f"  Pretend sub-system      {addresses['receiver']}/",
        f"  Pretend mailbox         {addresses['mailbox']}/",
        f"  Logs and data           {addresses['data']}",
        "",
        "Logins",
    ]
    people = [*demo.get("logins", []), *_admin(demo)]
    lines += [f"  {p['user_name']:<14} {p['password']:<20} {p.get('who', '')}" for p in people]
    lines += [
        "",
        f"API key of a sub-system   {demo['api_key']}",
        "",
        "A first notification; see it on the pretend phones:",
        "",
        _curl(addresses["web"], demo),
        "",
        "Ctrl-C stops everything; the data stay until `make clean`.",
        "",
    ]
    return "\n".join(lines)


def _admin(demo: Mapping[str, Any]) -> list[dict[str, str]]:
    admin = demo.get("admin")
    return [{"who": "administration", **admin}] if admin else []


def _curl(web: str, demo: Mapping[str, Any]) -> str:
    body = demo["first_notification"]
    return " \\\n".join(
        [
            f"  curl -i {web}/api/v1/notifications",
            f"    -H {shlex.quote('Authorization: Bearer ' + demo['api_key'])}",
            "    -H 'Content-Type: application/json'",
            '    -H "Idempotency-Key: first-$(date +%s)"',
            f"    -d {shlex.quote(json.dumps(body))}",
        ]
    )
