"""The second source of attributes: the employee database, as a CSV file it leaves for the hub.

See docs/operations.md, "The employee database".
"""

from accounts.feed.read import Outcome, configured, read

__all__ = ["Outcome", "configured", "read"]
