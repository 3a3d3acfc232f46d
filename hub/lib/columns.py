"""Column types the tables share: sealed (encrypted) text, JSON and bytes; transaction ids."""

import json
from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from hub.lib import keys


class SealedAttribute(DeferredAttribute):
    """Opens the ciphertext when it is read, so that rows nobody looks at cost nothing.

    A data descriptor (it has __set__), because Django's own is bypassed once the value is in
    the instance's dictionary.
    """

    field: "SealedText"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, bytes | memoryview):
            value = self.field.open(bytes(value), row=instance.pk)
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedText(models.BinaryField):
    """Text kept as AES-256-GCM; associated data are the table, the row's key and the column.

    A copy of the ciphertext in another row or column therefore does not open. Written by
    `save()` and `bulk_create()`; `QuerySet.update()` of such a column is refused, because it
    does not know the row.
    """

    descriptor_class = SealedAttribute

    def context(self, row: Any) -> str:
        """The associated data of this column in that row."""
        return f"{self.model._meta.db_table}.{self.column}:{row}"

    def seal(self, value: Any, *, row: Any) -> bytes:
        """The ciphertext of a value of this column."""
        return keys.ring().encrypt(self.to_bytes(value), context=self.context(row))

    def open(self, sealed: bytes, *, row: Any) -> Any:
        """The value in a ciphertext. Raises crypto.DecryptionError for a wrong key or row."""
        return self.from_bytes(keys.ring().decrypt(sealed, context=self.context(row)))

    def to_bytes(self, value: Any) -> bytes:
        """A value as the bytes to encrypt."""
        return str(value).encode()

    def from_bytes(self, value: bytes) -> Any:
        """The inverse of `to_bytes`."""
        return value.decode()

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        """The ciphertext to write; a value that was never opened is written back untouched."""
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, bytes | memoryview):
            return value
        return self.seal(value, row=model_instance.pk)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001
        """Refuse plain text on its way to the database by any road but `pre_save`."""
        if value is not None and not isinstance(value, bytes | memoryview):
            raise TypeError(f"{self.model.__name__}.{self.name} is sealed: set it and save().")
        return super().get_db_prep_value(value, connection, prepared)


class SealedJSON(SealedText):
    """JSON kept like SealedText."""

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    def from_bytes(self, value: bytes) -> Any:
        return json.loads(value)


class SealedBytes(SealedText):
    """Bytes kept like SealedText, whole: for what is small enough to be held in memory.

    Plain bytes look like a ciphertext, so a value to be sealed is handed over as a `bytearray`.
    """

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def from_bytes(self, value: bytes) -> Any:
        return bytearray(value)


class TransactionId(models.Field):
    """PostgreSQL's xid8: which transaction wrote the row. 64 bits, never wraps, so it orders."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)


class CurrentTransactionId(models.Func):
    """`pg_current_xact_id()`: the database default of a TransactionId column."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionId()
