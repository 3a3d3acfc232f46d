"""`python -m hub.demo.mailbox --port N --smtp-port M`: a mail server that keeps what it gets.

GET  /            the page, newest first        GET /mails.json   the same as JSON
GET  /mails/N     the e-mail N as a browser shows it

Everything is taken and nothing leaves the machine. One line of JSON on standard output says when it
is ready.
"""

import argparse
import email
import email.policy
import json
import sys
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
KEPT_AT_MOST = 500

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
article { border: 1px solid #ddd; border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; color: #444 }
small { color: #666 }
"""


@dataclass(frozen=True)
class Mail:
    """One e-mail that came in."""

    to: str
    sender: str
    subject: str
    text: str
    html: str = field(repr=False)
    headers: dict[str, str] = field(repr=False, default_factory=dict)


class Mailbox:
    """What came in, the latest KEPT_AT_MOST of it."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep it."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        for address in envelope.rcpt_tos:
            self.mails.append(
                Mail(
                    to=address,
                    sender=str(message["From"]),
                    subject=str(message["Subject"]),
                    text=_part(message, "plain"),
                    html=_part(message, "html"),
                    headers={name: str(value) for name, value in message.items()},
                )
            )
        del self.mails[:-KEPT_AT_MOST]
        return "250 Kept"


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return str(found.get_content()) if found else ""


def page(mails: list[Mail]) -> str:
    """HTML, newest first; renews itself every three seconds, without any script."""
    rows = "".join(
        f"<article><small>to {escape(mail.to)}, from {escape(mail.sender)}</small>"
        f'<h2><a href="/mails/{number}" dir="auto">{escape(mail.subject)}</a></h2>'
        f'<pre dir="auto">{escape(mail.text)}</pre></article>'
        for number, mail in reversed(list(enumerate(mails)))
    )
    nothing = "<p>Nothing has arrived yet. Whoever has no phone signed in is written to.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="3"><title>Pretend mailbox</title>'
        f"<style>{_STYLE}</style><h1>Pretend mailbox</h1>{rows or nothing}</html>"
    )


class _Handler(BaseHTTPRequestHandler):
    server: "_Pages"

    def do_GET(self) -> None:
        """The page, the list, one e-mail."""
        mails = list(self.server.box.mails)
        number = self.path.removeprefix("/mails/")
        if self.path == "/":
            self._send(page(mails), "text/html")
        elif self.path == "/mails.json":
            self._send(json.dumps([asdict(mail) for mail in mails]), "application/json")
        elif number.isdecimal() and int(number) < len(mails):
            self._send(mails[int(number)].html, "text/html")
        else:
            self.send_error(404)

    def _send(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class _Pages(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, box: Mailbox) -> None:
        self.box = box
        super().__init__((HOST, port), _Handler)


def main() -> None:
    """Read the command line and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="hub.demo.mailbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of the page, on 127.0.0.1")
    parser.add_argument("--smtp-port", type=int, required=True)
    given = parser.parse_args()
    box = Mailbox()
    smtp = Controller(box, hostname=HOST, port=given.smtp_port)
    try:
        pages = _Pages(given.port, box)
        smtp.start()
    except OSError as error:
        parser.exit(1, f"The pretend mailbox cannot start: {error}\n")
    sys.stdout.write(json.dumps({"ready": True, "url": f"http://{HOST}:{given.port}"}) + "\n")
    sys.stdout.flush()
    pages.serve_forever()


if __name__ == "__main__":
    main()
