"""The second source of attributes: the employee database, as a CSV file or at an address.

See docs/operations.md, "The employee database".
"""

from accounts.feed.read import Outcome, configured, known_at, read
from accounts.feed.rows import Unreadable

__all__ = ["Outcome", "Unreadable", "configured", "known_at", "read"]
