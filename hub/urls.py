"""Every address of the hub."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from hub import companion, health, metrics, openapi
from notifications.api.unsubscribe import Unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    # Tried one after the other: first what is asked most.
    path("api/v1/", include("notifications.api.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("selfserve.api.urls")),
    path("api/v1/openapi.json", openapi.Document.as_view(), name="openapi"),
    path("api/v1/docs", openapi.Docs.as_view(), name="docs"),
    path("unsubscribe/<str:token>", Unsubscribe.as_view(), name="unsubscribe"),
    path("admin/", admin.site.urls),
    path("", companion.Page.as_view(), name="companion"),
    path("companion-worker.js", companion.Worker.as_view(), name="companion-worker"),
    path("companion.webmanifest", companion.Manifest.as_view(), name="companion-manifest"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.page, name="metrics"),
]

handler400 = "hub.problems.bad_request"
handler403 = "hub.problems.forbidden"
handler404 = "hub.problems.not_found"
handler500 = "hub.problems.server_error"
