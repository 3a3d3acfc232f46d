"""The WSGI application that the web server runs; settings that make no sense stop it."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

django.setup(set_prefix=False)
application = WSGIHandler()
call_command("check", tags=["hub"], verbosity=0)

from accounts import access_log  # noqa: E402  # Django has to be set up first
from hub.lib.request import Request  # noqa: E402

application.request_class = Request
access_log.ledger.begin()
