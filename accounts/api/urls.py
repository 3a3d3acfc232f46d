"""Addresses of the accounts, below /api/v1/."""

from django.urls import path

from accounts.api.mobile.colleagues import Colleagues
from accounts.api.mobile.consents import Consents, OneConsent
from accounts.api.mobile.contacts import Contacts
from accounts.api.mobile.login import Login
from accounts.api.mobile.logout import Logout
from accounts.api.mobile.logout_everywhere import LogoutEverywhere
from accounts.api.mobile.me import Me
from accounts.api.mobile.privacy_notices import OnePrivacyNotice, PrivacyNotices
from accounts.api.mobile.privacy_requests import PrivacyArchive, PrivacyRequests
from accounts.api.mobile.push_echo import PushEcho
from accounts.api.mobile.push_token import PushToken
from accounts.api.mobile.refresh import Refresh

urlpatterns = [
    path("auth/login", Login.as_view(), name="auth-login"),
    path("auth/refresh", Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", Logout.as_view(), name="auth-logout"),
    path("auth/logout-everywhere", LogoutEverywhere.as_view(), name="auth-logout-everywhere"),
    path("me", Me.as_view(), name="me"),
    path("me/privacy-requests", PrivacyRequests.as_view(), name="me-privacy-requests"),
    path(
        "me/privacy-requests/<uuid:request_id>/archive",
        PrivacyArchive.as_view(),
        name="me-privacy-archive",
    ),
    path("me/consents", Consents.as_view(), name="me-consents"),
    path("me/consents/<slug:purpose>", OneConsent.as_view(), name="me-consent"),
    path("me/colleagues", Colleagues.as_view(), name="me-colleagues"),
    path("me/device/push-echo", PushEcho.as_view(), name="me-push-echo"),
    path("me/device/push-token", PushToken.as_view(), name="me-push-token"),
    path("contacts", Contacts.as_view(), name="contacts"),
    path("privacy-notices", PrivacyNotices.as_view(), name="privacy-notices"),
    path("privacy-notices/<slug:version>", OnePrivacyNotice.as_view(), name="privacy-notice"),
]
