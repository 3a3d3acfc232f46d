"""The admin of who may speak to the hub; it reads freely and writes through domain functions."""

from django.conf import settings
from django.contrib import admin

from accounts.admin import (
    access_log,
    audit_events,
    devices,
    employees,
    keys,
    privacy_notices,
    privacy_requests,
    roles,
    rules,
    sign_in,
    sign_in_alarms,
    staff,
    subsystems,
    synchronisation,
)

__all__ = [
    "access_log",
    "audit_events",
    "devices",
    "employees",
    "keys",
    "privacy_notices",
    "privacy_requests",
    "roles",
    "rules",
    "sign_in",
    "sign_in_alarms",
    "staff",
    "subsystems",
    "synchronisation",
]

admin.site.site_header = settings.HUB_NAME
admin.site.site_title = settings.HUB_NAME
admin.site.index_title = "Administration"
admin.site.site_url = None
admin.site.login_form = sign_in.StaffSignIn
