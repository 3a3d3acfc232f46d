"""Many small POSTs to one host over few HTTP/2 connections, by libcurl. See ADR 0004.

Knows HTTP and time, nothing of FCM. One multi handle a thread and process lives on between
calls, so that a batch finds its connections open.
"""

import contextlib
import os
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import certifi
import pycurl

# More streams on one connection than this end in FCM's GOAWAY.
STREAMS_A_CONNECTION = 100
REPLY_LIMIT_BYTES = 64 * 1024
# With many under way, waking up for each single answer costs more than the answer.
COALESCE_FROM = 50
COALESCE_SECONDS = 0.001
IDLE_SECONDS = 110  # after this a kept connection is not trusted any more
LIFE_SECONDS = 3000  # less than the access tokens that it carries

_ERRORS = {
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_FILESIZE_EXCEEDED: "unreadable",
}

# Multi handles inherited through a fork: kept alive, because closing them would speak TLS on
# sockets that the parent is still using.
_inherited: list[object] = []


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `status` 0: nothing did, and `error` says why.

    `error` is empty, or one of timeout, network, tls, unreadable (more than 64 kB).
    `retry_after_seconds` is 0 where the header is absent, past or nonsense (RFC 9110, 10.2.3).
    """

    status: int
    body: bytes
    error: str = ""
    retry_after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """`ca_file` empty: the system's authorities. `connections`: at most so many to a host."""

    ca_file: str
    connections: int


class _Slot:
    """One easy handle, configured once, used for one message after the other."""

    __slots__ = ("body", "curl", "headers", "key", "milliseconds", "url")

    def __init__(self, config: Config) -> None:
        self.key = -1
        self.url = ""
        self.milliseconds = 0
        self.headers: Sequence[str] = ()
        self.body = bytearray()
        self.curl = curl = pycurl.Curl()
        curl.slot = self
        set_ = curl.setopt
        set_(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS)
        set_(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        set_(pycurl.PIPEWAIT, 1)  # share a connection that is being opened
        set_(pycurl.SSL_VERIFYPEER, 1)
        set_(pycurl.SSL_VERIFYHOST, 2)
        set_(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        set_(pycurl.FOLLOWLOCATION, 0)  # a redirect would carry the bearer token elsewhere
        set_(pycurl.PROXY, "")  # nor may the environment name a proxy
        set_(pycurl.NOSIGNAL, 1)
        set_(pycurl.TCP_NODELAY, 1)
        set_(pycurl.TCP_KEEPALIVE, 1)
        set_(pycurl.MAXAGE_CONN, IDLE_SECONDS)
        set_(pycurl.MAXLIFETIME_CONN, LIFE_SECONDS)
        set_(pycurl.MAXFILESIZE, REPLY_LIMIT_BYTES)
        set_(pycurl.WRITEFUNCTION, self.body.extend)
        _trust(curl, config.ca_file)

    def load(
        self, key: int, url: str, headers: Sequence[str], body: bytes, wait_seconds: float
    ) -> None:
        self.key = key
        self.body.clear()
        if url != self.url:
            self.curl.setopt(pycurl.URL, url)
            self.url = url
        if headers is not self.headers:
            self.curl.setopt(pycurl.HTTPHEADER, list(headers))
            self.headers = headers
        milliseconds = max(1, int(wait_seconds * 1000))
        if milliseconds != self.milliseconds:
            self.curl.setopt(pycurl.TIMEOUT_MS, milliseconds)
            self.curl.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
            self.milliseconds = milliseconds
        self.curl.setopt(pycurl.POSTFIELDS, body)

    def reply(self) -> Reply:
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        wait = self.curl.getinfo(pycurl.RETRY_AFTER) if status >= 400 else 0
        return Reply(status, bytes(self.body), retry_after_seconds=wait)


def _trust(curl: pycurl.Curl, ca_file: str) -> None:
    """Believe the authorities of that file and no others, or else those of the system.

    Where the wheel's libcurl looks by itself was decided on the machine that built it.
    """
    found = ssl.get_default_verify_paths()
    curl.setopt(pycurl.CAINFO, ca_file or found.cafile or certifi.where())
    if found.capath and not ca_file:
        curl.setopt(pycurl.CAPATH, found.capath)
    else:
        curl.unsetopt(pycurl.CAPATH)


class _Lane:
    """A multi handle with its connections and its idle slots; belongs to one thread."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.process = os.getpid()
        self.window = config.connections * STREAMS_A_CONNECTION
        self.idle: list[_Slot] = []
        self.busy: set[_Slot] = set()
        self.tainted = False
        self.multi = multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, config.connections)
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, STREAMS_A_CONNECTION)

    def start(
        self, key: int, url: str, headers: Sequence[str], body: bytes, wait_seconds: float
    ) -> None:
        slot = self.idle.pop() if self.idle else _Slot(self.config)
        slot.load(key, url, headers, body, wait_seconds)
        self.busy.add(slot)
        self.multi.add_handle(slot.curl)

    def finish(self, curl: pycurl.Curl) -> _Slot:
        slot: _Slot = curl.slot
        self.multi.remove_handle(curl)
        self.busy.discard(slot)
        self.idle.append(slot)
        return slot

    def finished(self) -> Iterator[tuple[int, Reply]]:
        queued = 1
        while queued:
            queued, done, failed = self.multi.info_read()
            for curl in done:
                slot = self.finish(curl)
                yield slot.key, slot.reply()
            for curl, code, _text in failed:
                slot = self.finish(curl)
                self.tainted = True
                yield slot.key, Reply(0, b"", error=_ERRORS.get(code, "network"))

    def close(self) -> None:
        for slot in self.busy:
            with contextlib.suppress(pycurl.error):
                self.multi.remove_handle(slot.curl)
        self.multi.close()
        for slot in (*self.busy, *self.idle):
            slot.curl.close()
        self.busy.clear()
        self.idle.clear()


class Transport:
    """POSTs to one host. Threads and forked processes each get connections of their own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._local = threading.local()

    def exchange(
        self,
        url: str,
        headers: Sequence[str],
        messages: Iterator[tuple[int, bytes]],
        *,
        deadline: float,
        message_seconds: float,
    ) -> Iterator[tuple[int, Reply]]:
        """Replies to (key, body) pairs, in the order they come in.

        `messages` is read as slots get free: at most connections x 100 are held, and a message
        that was not taken from it was not sent. No message waits longer than `message_seconds`,
        none beyond `deadline` (of `time.monotonic`): what is under way then ends as `timeout`,
        and no more are taken.
        """
        lane = self._lane()
        exhausted = False
        try:
            while True:
                while not exhausted and len(lane.busy) < lane.window:
                    left = deadline - time.monotonic()
                    item = next(messages, None) if left > 0 else None
                    if item is None:
                        exhausted = True
                        break
                    lane.start(item[0], url, headers, item[1], min(left, message_seconds))
                if not lane.busy:
                    return
                if len(lane.busy) > COALESCE_FROM:
                    time.sleep(COALESCE_SECONDS)
                lane.multi.perform()
                answered = False
                for answer in lane.finished():
                    answered = True
                    yield answer
                if not answered and lane.multi.select(0.05) <= 0:
                    time.sleep(0.001)  # nothing to wait on while a name is being resolved
        finally:
            # Something failed, or the caller left in the middle: these connections may be
            # dead without knowing it (a firewall that forgot them), so none is used again.
            if lane.busy or lane.tainted:
                self._local.lane = None
                lane.close()

    def _lane(self) -> _Lane:
        lane: _Lane | None = getattr(self._local, "lane", None)
        if lane is not None and lane.process != os.getpid():
            _inherited.append(lane)
            lane = None
        if lane is None:
            lane = self._local.lane = _Lane(self._config)
        return lane
