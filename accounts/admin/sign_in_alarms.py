"""Alarms of sign-ins that look like one password tried over many names, to read."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin

from accounts.admin import base, tables
from accounts.models import SignInAlarm
from hub.lib import clock


@admin.register(SignInAlarm)
class SignInAlarmAdmin(base.ReadOnlyAdmin):
    """From where it was tried, since when, and whether it goes on."""

    personal_kind = "sign_in_alarm"
    list_display = ("began", "last", "source", "tries", "on")
    fields = ("began", "last", "source", "tries", "on")

    def people_shown(self, rows: Iterable[Any]) -> Iterable[object]:
        return (row.pk for row in rows)

    @admin.display(description="Began")
    def began(self, row: SignInAlarm) -> str:
        return tables.moment(row.began_at)

    @admin.display(description="Last try beyond the limit")
    def last(self, row: SignInAlarm) -> str:
        return tables.moment(row.last_at)

    @admin.display(description="From")
    def source(self, row: SignInAlarm) -> str:
        return str(row.address) if row.address else "many addresses together"

    @admin.display(description="Goes on")
    def on(self, row: SignInAlarm) -> str:
        return "yes" if row.last_at > clock.now() - settings.SIGN_IN_WINDOW else "no"
