"""Endpoints of payroll and rosters, and events to tell them."""

import pytest
from django.db import transaction

from accounts import audit, subsystems
from accounts.models import Subsystem
from hub.lib import clock
from notifications.callbacks import events
from notifications.models import Category, Errand
from tests.notifications.acting import work
from tests.notifications.callbacks.endpoint import Endpoint


@pytest.fixture
def make_endpoint(now):
    made = []

    def make(subsystem):
        endpoint = Endpoint()
        made.append(endpoint)
        Subsystem.objects.filter(pk=subsystem.pk).update(
            callback_url=endpoint.url, callback_loopback_allowed=True
        )
        subsystem.refresh_from_db()
        endpoint.secret = subsystems.add_callback_secret(
            subsystem_id=subsystem.pk, actor=audit.HUB, now=now
        )
        return endpoint

    yield make
    for endpoint in made:
        endpoint.close()


@pytest.fixture
def endpoint(make_endpoint, payroll):
    return make_endpoint(payroll)


@pytest.fixture
def emit(now):
    def make(notification, type_="response.recorded", **facts):
        notification.refresh_from_db()
        with transaction.atomic():
            return events.emit(notification, type_=type_, facts=facts, now=now)

    return make


@pytest.fixture
def tell():
    """Call back whatever waits, at once: the waits of the schedule are over."""

    def go():
        Errand.objects.filter(kind="call_back").update(due_at=clock.now())
        work()

    return go


@pytest.fixture
def news(rosters):
    return Category.objects.create(subsystem=rosters, key="news", name="News")
