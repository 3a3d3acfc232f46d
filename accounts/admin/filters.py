"""Filters of lists that give nothing away."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts import rights


class Related(admin.RelatedFieldListFilter):
    """By a relation: it offers only rows that this member of the staff may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[str, Any]]:
        rows = rights.narrow(field.related_model._default_manager.all(), staff=request.user)
        return [(row.pk, str(row)) for row in rows.order_by(*self._order(field))]

    def _order(self, field: Any) -> list[str]:
        names = {one.name for one in field.related_model._meta.fields}
        return [name for name in ("key", "name") if name in names] or ["pk"]
