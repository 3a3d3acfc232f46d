"""The outbound ledger, to be read."""

import uuid

from django.contrib import admin
from django.db.models import QuerySet

from accounts.admin import base
from notifications.models import Outbound


@admin.register(Outbound)
class OutboundAdmin(base.ReadOnlyAdmin):
    """What left the premises, by notification, recipient outside and purpose."""

    list_display = (
        "notification", "recipient", "purpose", "sensitivity", "count", "first_at", "last_at",
    )  # fmt: skip
    list_filter = ("sensitivity",)
    search_fields = ("notification",)
    search_help_text = "Id of a notification"
    fields = list_display

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        try:
            return queryset.filter(notification=uuid.UUID(term))
        except ValueError:
            return queryset.none()
