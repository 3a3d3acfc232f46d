"""A secret is changed without a callback lost: a receiver that holds either of two verifies."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts import audit, subsystems
from accounts.models import CallbackSecret
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db


def rotate(step):
    out = io.StringIO()
    call_command("callback_secret", "--subsystem", "payroll", step, stdout=out)
    return out.getvalue().strip()


def test_while_two_secrets_live_a_receiver_that_holds_either_verifies(
    endpoint, make_request, emit, alice
):
    newer = rotate("add")
    emit(make_request(alice))
    work()

    (said,) = endpoint.heard
    assert said.headers["webhook-signature"].count("v1,") == 2
    assert said.verified_by(endpoint.secret)
    assert said.verified_by(newer)


def test_once_the_older_one_is_retired_only_the_newer_verifies(endpoint, make_request, emit, alice):
    newer = rotate("add")
    rotate("retire")
    emit(make_request(alice))
    work()

    (said,) = endpoint.heard
    assert said.verified_by(newer)
    assert not said.verified_by(endpoint.secret)


def test_a_rotation_between_two_tries_signs_the_second_one_anew(
    endpoint, make_request, emit, tell, alice
):
    endpoint.answers = [401, 200]
    event = emit(make_request(alice))
    work()
    newer = rotate("add")
    rotate("retire")
    tell()

    first, second = endpoint.heard
    assert first.id == second.id == str(event.id)
    assert first.verified_by(endpoint.secret)
    assert second.verified_by(newer)
    event.refresh_from_db()
    assert event.state == "done"


def test_there_are_never_more_than_two_nor_is_the_last_one_retired(endpoint):
    with pytest.raises(CommandError, match="Only one secret"):
        rotate("retire")
    rotate("add")
    with pytest.raises(CommandError, match="Two secrets"):
        rotate("add")


def test_by_the_admin_either_of_two_can_be_retired(
    endpoint, make_request, emit, alice, payroll, now
):
    newer = subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=audit.HUB, now=now)
    for row in CallbackSecret.objects.filter(subsystem=payroll):
        if row.secret == newer:
            subsystems.retire_callback_secret(secret_id=row.pk, actor=audit.HUB, now=now)
    emit(make_request(alice))
    work()

    assert endpoint.heard[0].verified_by(endpoint.secret)
