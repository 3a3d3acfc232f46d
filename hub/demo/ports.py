"""The TCP ports of the demo, all on 127.0.0.1."""

import contextlib
import http.client
import socket
from dataclasses import dataclass, fields

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Another program listens there. The message names the port and the way out."""


@dataclass(frozen=True)
class Ports:
    """Where each part of the demo is reached."""

    web: int = 8000
    phones: int = 8001
    fcm: int = 8002
    receiver: int = 8003
    mailbox: int = 8004
    smtp: int = 8025
    streams: int = 8005

    @property
    def web_url(self) -> str:
        return f"http://{HOST}:{self.web}"

    @property
    def receiver_url(self) -> str:
        return f"http://{HOST}:{self.receiver}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{HOST}:{self.mailbox}"


def free() -> Ports:
    """Different ports that nobody listens on now."""
    with contextlib.ExitStack() as held:
        taken = []
        for _ in fields(Ports):
            listener = held.enter_context(socket.socket())
            listener.bind((HOST, 0))
            taken.append(listener.getsockname()[1])
    return Ports(*taken)


def require_free(ports: Ports) -> None:
    """Raise PortTaken if any of them is in use, before anything is started."""
    for field in fields(Ports):
        number = getattr(ports, field.name)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise PortTaken(
                    f"Port {number} of {HOST}, for {field.name}, can't be used "
                    f"({error.strerror}). Choose others with --free-ports, or this one with "
                    f"--{field.name}-port (make run ARGS=--free-ports)."
                ) from None


def responds(port: int) -> bool:
    """Whether an HTTP server there answers, whatever it says.

    A mere connection would prove less: the web server listens before the application is loaded.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
