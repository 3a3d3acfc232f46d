"""What a phone is shown of its employee, its tokens and its owner's devices."""

import uuid

from rest_framework import serializers

from accounts import tokens
from accounts.api import bodies


class Tokens(bodies.Body):
    """The pair of tokens; none of it can be read again later."""

    access_token = serializers.CharField()
    access_expires_at = serializers.DateTimeField()
    refresh_token = serializers.CharField()
    refresh_expires_at = serializers.DateTimeField(help_text="If it is not used before.")
    session_expires_at = serializers.DateTimeField(help_text="Sign in again by then, in any case.")
    device_id = serializers.UUIDField()


class Colleague(bodies.Body):
    """As much of somebody else as an employee sees."""

    employee_id = serializers.CharField()
    display_name = serializers.CharField()


class Employee(bodies.Body):
    """What the hub knows of the employee, from the directory."""

    id = serializers.UUIDField()
    employee_id = serializers.CharField()
    display_name = serializers.CharField()
    mail = serializers.CharField()
    department = serializers.CharField()
    geo = serializers.CharField()
    title = serializers.CharField()
    language = serializers.CharField()
    manager = Colleague(allow_null=True)


def pair(given: tokens.Pair, *, device_id: uuid.UUID) -> dict[str, object]:
    """The members of `Tokens`."""
    return {
        "access_token": given.access,
        "access_expires_at": given.access_expires_at,
        "refresh_token": given.refresh,
        "refresh_expires_at": given.refresh_expires_at,
        "session_expires_at": given.session_expires_at,
        "device_id": device_id,
    }
