"""Who may use the admin, and their groups: by superusers alone, each change on the audit log."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from accounts import audit
from accounts.admin import reading
from accounts.models import Staff
from hub.lib import clock


class OnRecord(admin.ModelAdmin):
    """Rights to give rights are a superuser's; what was changed is audited with the change."""

    audited_as = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._note(request, obj, f"{self.audited_as}_created", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._note(request, obj, f"{self.audited_as}_changed", message)
        return super().log_change(request, obj, message)

    def _note(self, request: HttpRequest, obj: models.Model, action: str, message: Any) -> None:
        with transaction.atomic():
            audit.record(
                now=clock.now(),
                actor=reading.actor(request),
                action=action,
                subject_kind=self.audited_as,
                subject_id=obj.pk,
                data={"changes": message, "rights": self.rights(obj)},
            )

    def rights(self, row: Any) -> dict[str, Any]:
        """The rights that the row gives now."""
        raise NotImplementedError


@admin.register(Staff)
class StaffAdmin(OnRecord, UserAdmin):
    """Members of the staff. Nobody is deleted: the audit log speaks of them; take `active` away."""

    audited_as = "staff"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        # The new password and the event that tells of it: both or neither.
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def rights(self, row: Staff) -> dict[str, Any]:
        return {
            "active": row.is_active,
            "staff": row.is_staff,
            "superuser": row.is_superuser,
            "groups": sorted(row.groups.values_list("pk", flat=True)),
            "permissions": sorted(row.user_permissions.values_list("codename", flat=True)),
        }


admin.site.unregister(Group)


@admin.register(Group)
class RolesAdmin(OnRecord, GroupAdmin):
    """Groups of the staff, each with its permissions."""

    audited_as = "staff_group"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def rights(self, row: Group) -> dict[str, Any]:
        return {"permissions": sorted(row.permissions.values_list("codename", flat=True))}


def is_superuser(request: HttpRequest) -> bool:
    """Whether an active superuser asks."""
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
