"""The page of the pretend phones: three files, read once; nothing from any other host."""

from pathlib import Path

from hub.demo.fcm import exchange
from hub.demo.fcm.exchange import Header, Send

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


def _load(name: str, content_type: bytes) -> tuple[bytes, tuple[Header, ...]]:
    return (_STATIC / name).read_bytes(), ((b"content-type", content_type), *_HEADERS)


FILES = {
    "/": _load("phones.html", b"text/html; charset=utf-8"),
    "/phones.css": _load("phones.css", b"text/css; charset=utf-8"),
    "/phones.js": _load("phones.js", b"text/javascript; charset=utf-8"),
    "/phones.svg": _load("phones.svg", b"image/svg+xml"),
}


async def show(path: str, send: Send) -> None:
    """Answer one of FILES."""
    body, headers = FILES[path]
    await exchange.answer(send, 200, body, headers)
