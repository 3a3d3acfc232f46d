"""The audit log, to read."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from accounts.admin import base, tables
from accounts.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(base.ReadOnlyAdmin):
    """Events, found by the id of their subject, the id of their actor, or their action."""

    list_display = ("at_shown", "action", "actor", "subject", "sealed")
    list_select_related = ("auditseal",)
    list_per_page = 50
    search_fields = ("action",)
    search_help_text = "Id of the subject, id of the actor, or the action; each as a whole"
    fields = ("at_shown", "action", "actor", "subject", "data_shown", "request_id", "sealed")

    @admin.display(description="At")
    def at_shown(self, event: AuditEvent) -> str:
        return tables.moment(event.at)

    @admin.display(description="By")
    def actor(self, event: AuditEvent) -> str:
        return f"{event.actor_kind} {event.actor_id}".strip()

    @admin.display(description="Subject")
    def subject(self, event: AuditEvent) -> str:
        return f"{event.subject_kind} {event.subject_id}".strip()

    @admin.display(description="Data")
    def data_shown(self, event: AuditEvent) -> SafeString:
        return tables.json_text(event.data)

    @admin.display(description="Sealed")
    def sealed(self, event: AuditEvent) -> str:
        # The sealer comes by every half minute: an open seal is no fault.
        return "yes" if hasattr(event, "auditseal") else "not yet"

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(Q(subject_id=term) | Q(actor_id=term) | Q(action=term))
