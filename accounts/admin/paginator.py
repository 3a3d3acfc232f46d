"""Paging without counting a table: what lies beyond the first thousand rows is searched for."""

from typing import cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

ROWS_AT_MOST = 1000


class CappedPaginator(Paginator):
    """Counts to ROWS_AT_MOST and no further, so a list costs the same however long the table is."""

    @cached_property
    def found(self) -> int:
        """How many rows there are; ROWS_AT_MOST + 1 stands for any number above."""
        # The slice is counted in a subquery with a LIMIT: the database stops there.
        rows = cast("QuerySet", self.object_list)
        return rows[: ROWS_AT_MOST + 1].count()

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(self.found, ROWS_AT_MOST)

    @property
    def capped(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self.found > ROWS_AT_MOST
