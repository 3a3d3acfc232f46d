"""Each misconfiguration has an id and a hint, and stops the start."""

import base64
from datetime import timedelta

import pytest
from django.core import checks

GOOD = {
    "HUB_MODE": "production",
    "SECRET_KEY": "s" * 60,
    "ALLOWED_HOSTS": ["hub.corp.example"],
    "HUB_DIRECTORY": "ldap",
    "LDAP_SERVERS": ["dc1.corp.example"],
    "LDAP_BASE_DN": "DC=corp,DC=example",
    "LDAP_SERVICE_DN": "CN=hub,DC=corp,DC=example",
    "LDAP_SERVICE_PASSWORD": "secret",
    "FCM_PROJECTS": {"": "/run/secrets/fcm.json"},
    "FCM_ENDPOINT": "https://fcm.googleapis.com",
    "SUPPORT_CONTACT": "desk@corp.example",
    "ERASURE_JOURNAL": "/journal/erasures.jsonl",
    "PRIVACY_CONTACT": "privacy@corp.example",
    "MAIL_HOST": "mail.corp.example",
    "MAIL_FROM": "hub@corp.example",
    "MAIL_SECURITY": "starttls",
    "HUB_PUBLIC_URL": "https://hub.corp.example",
    "HUB_RECEIPT_KEY": base64.b64encode(bytes(32)).decode(),
}


def found() -> list[str]:
    messages = checks.run_checks(tags=["hub"])
    assert all(message.hint for message in messages)
    return [str(message.id) for message in messages]


def test_a_sound_production_passes(settings):
    for name, value in GOOD.items():
        setattr(settings, name, value)

    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HUB_ENCRYPTION_KEYS", "", "hub.E001"),
        ("HUB_ENCRYPTION_KEYS", "k1:short", "hub.E001"),
        ("HUB_MAC_KEY", "", "hub.E001"),
        ("SECRET_KEY", "short", "hub.E002"),
        ("ALLOWED_HOSTS", [], "hub.E003"),
        ("ALLOWED_HOSTS", ["*"], "hub.E003"),
        ("HUB_DIRECTORY", "local", "hub.E004"),
        ("FCM_ENDPOINT", "https://127.0.0.1:8002", "hub.E005"),
        ("LDAP_SERVERS", [], "hub.E006"),
        ("LDAP_SERVICE_PASSWORD", "", "hub.E006"),
        ("FCM_PROJECTS", {}, "hub.E007"),
        ("FCM_ENDPOINT", "http://fcm.googleapis.com", "hub.E008"),
        ("HUB_RECEIPT_KEY", "", "hub.E010"),
        ("HUB_RECEIPT_KEY", "short", "hub.E010"),
        ("HUB_RECEIPT_KEY", "public:" + base64.b64encode(bytes(32)).decode(), "hub.E010"),
        ("SUPPORT_CONTACT", "", "hub.E020"),
        ("ERASURE_JOURNAL", "", "hub.E022"),
        ("PRIVACY_CONTACT", "", "hub.E021"),
        ("MAIL_FROM", "", "hub.E017"),
        ("HUB_PUBLIC_URL", "http://hub.corp.example", "hub.E018"),
        ("MAIL_SECURITY", "none", "hub.E019"),
        ("FCM_TOTAL_TIMEOUT", timedelta(seconds=110), "hub.E009"),
        ("CALLBACK_TOTAL_TIMEOUT", timedelta(seconds=60), "hub.E009"),
        ("SIGN_IN_TRIES_KEPT", 4, "hub.E016"),
    ],
)
def test_each_misconfiguration_is_named(settings, name, value, expected):
    for good, sound in GOOD.items():
        setattr(settings, good, sound)
    setattr(settings, name, value)

    assert expected in found()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"project_id": "emea"}', []),
        ('{"project_id": "us"}', ["hub.E015"]),
        ("no JSON", ["hub.E015"]),
        ("[]", ["hub.E015"]),
        (None, []),  # a web process need not be able to read it
    ],
)
def test_a_firebase_project_is_listed_under_its_own_id(settings, tmp_path, content, expected):
    for good, sound in GOOD.items():
        setattr(settings, good, sound)
    key = tmp_path / "key.json"
    if content is not None:
        key.write_text(content)
    settings.FCM_PROJECTS = {"emea": str(key)}

    assert found() == expected
