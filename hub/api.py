"""How DRF and the OpenAPI document are set up: constants, nothing from the environment."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    # Nothing is open by default: a view that names no authentication is refused to everybody.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.Nobody"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "hub.problems.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Employee notification hub",
    "DESCRIPTION": "Sub-systems post notifications and learn decisions; employees answer them.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "Effect": "notifications.api.actions.EFFECTS",
        "DecidedEffect": "notifications.api.shapes.OUTCOMES",
        "NotificationKind": "notifications.models.Notification.Kind",
        "SendableKind": "notifications.api.shapes.SENDABLE",
        "NotificationState": "notifications.models.Notification.State",
        "DeliveryState": "notifications.models.Delivery.State",
        "InboxState": "notifications.api.mobile.inbox.STATES",
    },
}
