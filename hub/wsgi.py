"""The WSGI application that the web server runs; settings that make no sense stop it."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

application = get_wsgi_application()
call_command("check", tags=["hub"], verbosity=0)

from accounts import access_log  # noqa: E402  # Django has to be set up first

access_log.ledger.begin()
