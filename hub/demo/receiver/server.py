"""The HTTP side of the pretend sub-system: standard library only, plus the public verifier."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import standardwebhooks

from hub.demo.receiver import module, page
from hub.demo.receiver.journal import Event, Journal, Script

HOST = "127.0.0.1"
BODY_BYTES = 1_000_000


class Receiver(ThreadingHTTPServer):
    """A server with its journal, the file of its secrets, and one that says where the hub is."""

    daemon_threads = True

    def __init__(self, port: int, *, kept: Journal, secrets: Path, hub: Path | None = None) -> None:
        self.kept = kept
        self.secrets = secrets
        self.hub = hub
        super().__init__((HOST, port), _Handler)


def create(*, port: int, kept: Journal, secrets: Path, hub: Path | None = None) -> Receiver:
    """A receiver bound to its port (0: any free one), not serving yet. Raises OSError."""
    return Receiver(port, kept=kept, secrets=secrets, hub=hub)


def ready_line(receiver: Receiver) -> str:
    """The line that tells the starter the address."""
    return json.dumps({"ready": True, "url": f"http://{HOST}:{receiver.server_port}"}) + "\n"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    timeout = 30
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, the events, the script, and the pages of modules."""
        url = urlsplit(self.path)
        kept = self.server.kept
        if url.path == "/":
            html = page.render(kept.events(), script=kept.script())
            self._send(200, html.encode(), "text/html; charset=utf-8")
        elif url.path == "/events":
            wanted = parse_qs(url.query).get("id", [None])[0]
            self._json(200, [asdict(event) for event in kept.events(webhook_id=wanted)])
        elif url.path == "/script":
            self._json(200, asdict(kept.script()))
        elif len(named := url.path.removeprefix("/modules/").split("/")) == 2:
            code = parse_qs(url.query).get("hub_code", [""])[0]
            status, html = module.open_page(
                code, subsystem=named[0], module=named[1], hub=self.server.hub
            )
            self._send(status, html.encode(), "text/html; charset=utf-8")
        else:
            self._json(404, {"message": "There is no such page."})

    def do_POST(self) -> None:
        """A callback, or a new script."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES:
            self.close_connection = True
            return self._json(413, {"message": "Content-Length is absent or too large."})
        body = self.rfile.read(int(length))
        if self.path == "/script":
            return self._set_script(body)
        if self.path.startswith("/callbacks/"):
            return self._callback(self.path.removeprefix("/callbacks/"), body)
        return self._json(404, {"message": "There is no such address."})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: an address may hold a code."""

    def _set_script(self, body: bytes) -> None:
        try:
            script = read_script(json.loads(body))
        except (ValueError, TypeError) as error:
            return self._json(422, {"message": str(error)})
        self.server.kept.set_script(script)
        return self._json(200, asdict(script))

    def _callback(self, subsystem: str, body: bytes) -> None:
        kept = self.server.kept
        headers = {name.lower(): value for name, value in self.headers.items()}
        webhook_id = headers.get("webhook-id", "")
        problem, payload = verify(body, headers, secret=self._secret(subsystem))
        repeat = kept.seen(webhook_id)
        if problem:
            status, answer = 401, {"message": problem}
        else:
            script = kept.take_script()
            time.sleep(script.delay_seconds)
            status = script.status
            answer = {"status": script.outcome, "message": script.message}
        kept.add(
            Event(
                received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                subsystem=subsystem,
                webhook_id=webhook_id,
                verified=not problem,
                problem=problem,
                repeat=repeat,
                status=status,
                answer=answer,
                payload=payload,
            )
        )
        self._json(status, answer)

    def _secret(self, subsystem: str) -> str:
        try:
            secrets = json.loads(self.server.secrets.read_text(encoding="utf-8"))
            return str(secrets.get(subsystem, ""))
        except (OSError, ValueError, AttributeError):
            return ""

    def _json(self, status: int, content: object) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)


def verify(body: bytes, headers: Mapping[str, str], *, secret: str) -> tuple[str, Any]:
    """What is wrong with a callback ("" if nothing), and its JSON (None if it can't be trusted).

    Asks the public `standardwebhooks` library, so that the hub's signing is judged by others.
    """
    if not secret:
        return "no secret is known for this sub-system", None
    try:
        return "", standardwebhooks.Webhook(secret).verify(body, dict(headers))
    except standardwebhooks.WebhookVerificationError as error:
        return str(error), None
    except ValueError as error:  # no UTF-8, no JSON, or a header that isn't base64
        return f"unreadable: {error}", None


def read_script(content: object) -> Script:
    """A script from JSON; what is absent is as normal. Raises ValueError saying what is wrong."""
    if not isinstance(content, dict):
        raise ValueError("A script is a JSON object.")
    if unknown := content.keys() - {field.name for field in fields(Script)}:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}.")
    script = Script(**content)
    if script.outcome not in {"confirmed", "refused", "pending"}:
        raise ValueError("outcome is one of confirmed, refused, pending.")
    if not (isinstance(script.status, int) and 200 <= script.status <= 599):
        raise ValueError("status is a number from 200 to 599.")
    if not (isinstance(script.delay_seconds, (int, float)) and 0 <= script.delay_seconds <= 120):
        raise ValueError("delay_seconds is a number from 0 to 120.")
    if not (script.times is None or (isinstance(script.times, int) and script.times > 0)):
        raise ValueError("times is null or a number above 0.")
    if not isinstance(script.message, str):
        raise ValueError("message is a sentence.")
    return script
