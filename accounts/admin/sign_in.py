"""The form by which staff sign in; what the directory refuses is said there."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from hub.lib import errors


class StaffSignIn(AdminAuthenticationForm):
    """Name and password: the directory's, or those of somebody who was made by hand."""

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except errors.HubError as refusal:
            raise ValidationError(refusal.detail, code=refusal.code) from refusal
