"""What one table holds of a person: which rows, how they are shown, what an erasure does to them.

Each app lists its portions in its `privacy` module, `hub.privacy` goes through all of them. A test
walks every model with personal columns: one that no app shows and ends fails it.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from hub.lib.columns import SealedText
from hub.lib.personal import Personal

AT_ONCE = 500  # rows read in one go


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data: by the hub's own id, and by the names that tables without it use."""

    id: uuid.UUID
    employee_id: str


Rows = Callable[[Person], models.QuerySet]


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows of one table that are somebody's.

    `erase` ends them and says how many; without it they outlive an erasure, and `kept` says why.
    `show` makes a row readable; without it every column is shown but the digests.
    """

    model: type[models.Model]
    rows: Rows
    erase: Callable[[models.QuerySet], int] | None = None
    kept: str = ""
    show: Callable[[Any], dict[str, Any]] | None = None
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """How an export and a receipt name it."""
        return str(self.model._meta.label)

    @property
    def purposes(self) -> dict[str, str]:
        """What its personal columns are for."""
        said: dict[str, Personal] = self.model.personal  # type: ignore[attr-defined]
        return {column: one.purpose for column, one in said.items()}

    def shown(self, person: Person) -> Iterator[dict[str, Any]]:
        """Its rows of a person, as they are handed over; read in batches."""
        for row in self.rows(person).iterator(chunk_size=AT_ONCE):
            yield self.show(row) if self.show is not None else _columns(row, self.without)


def by(column: str, model: type[models.Model]) -> Rows:
    """The rows whose column names the employee."""
    return lambda person: model._default_manager.filter(**{column: person.id})


def delete(rows: models.QuerySet) -> int:
    """Delete the rows; how many, without what goes with them."""
    label = rows.model._meta.label
    return rows.delete()[1].get(label, 0)


def _columns(row: models.Model, without: frozenset[str]) -> dict[str, Any]:
    return {
        column.attname: getattr(row, column.attname)
        for column in row._meta.concrete_fields
        if column.attname not in without
        and (isinstance(column, SealedText) or not isinstance(column, models.BinaryField))
    }
