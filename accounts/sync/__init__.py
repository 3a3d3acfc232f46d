"""The hub follows the directory: people, managers, groups, nesting, memberships, and their end.

See docs/operations.md, "Following the directory", and ADR 0012.
"""

from accounts.sync.follow import run
from accounts.sync.summary import Summary

__all__ = ["Summary", "run"]
