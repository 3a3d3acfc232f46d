"""The engine; Django finds it by the name of this module."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but that a connection is not asked `SELECT 1` at every request.

    A server that went away has said so: its end is closed, and the socket has something to read.
    Nothing to read means that nothing is known against the connection. A server that vanished
    without a word would not have answered the question either.
    """

    def is_usable(self) -> bool:
        """Whether the connection still stands; asked in full after an error or at any sign."""
        kept = self.connection
        if kept is not None and not kept.closed and not self.errors_occurred:
            poll = select.poll()
            poll.register(kept.pgconn.socket, select.POLLIN)
            if not poll.poll(0):
                return True
        return super().is_usable()
