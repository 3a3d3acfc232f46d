"""The peers' settings; the harness gives the PEERS_… variables."""

import logging
import os

import firebase_admin
from firebase_admin import messaging

SECRET_KEY = "only for benchmarks"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.peers.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["PEERS_DATABASE_HOST"],
        "NAME": os.environ["PEERS_DATABASE_NAME"],
        "USER": os.environ["PEERS_DATABASE_USER"],
        "CONN_MAX_AGE": 600,
    }
}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "fcm_django",
    "push_notifications",
    "benchmarks.peers",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
FCM_DJANGO_SETTINGS = {"ONE_DEVICE_PER_USER": False, "DELETE_INACTIVE_DEVICES": False}
# Its default of 1,000 is more than firebase-admin takes at once: nothing would be sent.
PUSH_NOTIFICATIONS_SETTINGS = {"FCM_MAX_RECIPIENTS": 500}

# firebase-admin has no setting for an emulator.
messaging._MessagingService.FCM_URL = (
    os.environ["PEERS_FCM_ENDPOINT"] + "/v1/projects/{0}/messages:send"
)
firebase_admin.initialize_app()
# A warning for each connection beyond its pool of ten: writing them down is no part of the work.
logging.getLogger("urllib3").setLevel(logging.ERROR)
