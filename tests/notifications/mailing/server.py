"""A mail server on this machine, real down to the socket, that says what it is told to."""

import email
import email.policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class Box:
    """What came in, by whom it was for; and what is said instead to whom."""

    def __init__(self) -> None:
        self.received: list[tuple[str, EmailMessage]] = []
        self.says: dict[str, str] = {}  # address -> the reply to RCPT
        self.to_data = "250 OK"
        self.dies_after: int | None = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.dies_after is not None and len(self.received) >= self.dies_after:
            server.transport.abort()
            return "421 gone"
        if self.to_data.startswith("2"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.received += [(address, message) for address in envelope.rcpt_tos]
        return self.to_data

    def to(self, person) -> list[EmailMessage]:
        """What this person got."""
        return [message for address, message in self.received if address == person.mail]


class Server(Controller):
    """Listens on a free port."""

    def __init__(self) -> None:
        self.box = Box()
        super().__init__(self.box, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        # The port is known only once it listens.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
