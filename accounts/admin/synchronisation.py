"""How the hub follows the directory, to read."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts.admin import base, tables
from accounts.models import Synchronisation
from accounts.sync import follow, lease
from hub.lib import clock


@admin.register(Synchronisation)
class SynchronisationAdmin(base.ReadOnlyAdmin):
    """When the directory was last read, what came of it, and whether somebody must look."""

    list_display = ("name", "result", "known", "lag", "stopped", "missing")
    fieldsets = (
        (None, {"fields": ("name", "result", "known", "lag", "ended", "figures_shown")}),
        ("Everybody", {"fields": ("complete", "complete_due", "strangers")}),
        ("Missing people", {"fields": ("stopped", "missing", "allowed")}),
    )

    @admin.display(description="Known as of")
    def known(self, row: Synchronisation) -> str:
        return tables.moment(row.known_at)

    @admin.display(description="Behind, in seconds (bound)")
    def lag(self, row: Synchronisation) -> str:
        if row.name != lease.DIRECTORY:
            behind = None if row.known_at is None else clock.now() - row.known_at
            return tables.NOTHING if behind is None else str(int(behind.total_seconds()))
        told = follow.following(now=clock.now())
        lag: Any = tables.NOTHING if told.lag_seconds is None else told.lag_seconds
        return f"{lag} ({told.bound_seconds})"

    @admin.display(description="Last run ended")
    def ended(self, row: Synchronisation) -> str:
        return tables.moment(row.ended_at)

    @admin.display(description="Last whole run")
    def figures_shown(self, row: Synchronisation) -> SafeString:
        return tables.json_text(row.figures)

    @admin.display(description="Last read completely")
    def complete(self, row: Synchronisation) -> str:
        return tables.moment(row.complete_at)

    @admin.display(description="Stopped, since too many are missing")
    def stopped(self, row: Synchronisation) -> str:
        return tables.moment(row.stopped_at)

    @admin.display(description="Last override")
    def allowed(self, row: Synchronisation) -> str:
        return tables.moment(row.allowed_at)
