"""The part of the settings that no environment changes: what stands in what order, and why."""

from datetime import timedelta
from typing import Any

__all__ = [
    "APPEND_SLASH",
    "AUTHENTICATION_BACKENDS",
    "AUTH_USER_MODEL",
    "CELERY_ACCEPT_CONTENT",
    "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP",
    "CELERY_TASK_ACKS_LATE",
    "CELERY_TASK_CREATE_MISSING_QUEUES",
    "CELERY_TASK_IGNORE_RESULT",
    "CELERY_TASK_REJECT_ON_WORKER_LOST",
    "CELERY_TASK_SERIALIZER",
    "CELERY_WORKER_HIJACK_ROOT_LOGGER",
    "CELERY_WORKER_PREFETCH_MULTIPLIER",
    "CSRF_COOKIE_AGE",
    "CSRF_COOKIE_HTTPONLY",
    "INSTALLED_APPS",
    "LANGUAGE_CODE",
    "MESSAGE_STORAGE",
    "MIDDLEWARE",
    "REST_FRAMEWORK",
    "ROOT_URLCONF",
    "SECURE_CSP",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_REDIRECT_EXEMPT",
    "SECURE_REFERRER_POLICY",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_EXPIRE_AT_BROWSER_CLOSE",
    "SILENCED_SYSTEM_CHECKS",
    "SPECTACULAR_SETTINGS",
    "TEMPLATES",
    "TIME_ZONE",
    "USE_TZ",
    "WSGI_APPLICATION",
    "X_FRAME_OPTIONS",
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "hub",
    "accounts",
    "notifications",
    "selfserve",
]
MIDDLEWARE = [
    "hub.middleware.RequestContext",
    "hub.middleware.Problems",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hub.middleware.ContentPolicy",
    "hub.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "hub.middleware.Forms",
    "hub.middleware.Authentication",
    "hub.middleware.Messages",
    "hub.middleware.Frames",
]
# Django looks for its own middleware by name; ours are subclasses that pass the API's doors by.
# That pages are not framed and forms from elsewhere refused: tests/hub/test_middleware.py.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Under "no-referrer" browsers send `Origin: null` with a form, which no site may believe.
SECURE_REFERRER_POLICY = "same-origin"
# TLS ends at the reverse proxy, which must set this header itself and drop a client's.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes come from inside, without TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# A cookie of their own would carry what was done, readable to whoever has the browser.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_AGE = None  # gone with the browser, too
SESSION_COOKIE_AGE = 3600 * 8
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

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
        "InboxState": "notifications.inbox.STATES",
        "PrivacyRequestKind": "accounts.api.mobile.privacy_requests.KINDS",
        "PrivacyRequestState": "accounts.models.PrivacyRequest.State",
    },
}

AUTH_USER_MODEL = "accounts.Staff"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "accounts.staff_sign_in.DirectoryStaff",
    "accounts.rights.Roles",
]
ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # it loops on a poison message; the sweep rings again
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True


def mailers(
    *, host: str, port: int, user: str, password: str, security: str, timeout: timedelta
) -> dict[str, Any]:
    """Django's MAILERS for one mail server; `security` is starttls, tls or none."""
    options = {"host": host or "localhost", "port": port, "username": user, "password": password}
    secure = {"use_tls": security == "starttls", "use_ssl": security == "tls"}
    options |= {**secure, "timeout": int(timeout.total_seconds())}
    backend = "django.core.mail.backends.smtp.EmailBackend"
    return {"default": {"BACKEND": backend, "OPTIONS": options}}
