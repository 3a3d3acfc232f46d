"""What acts on a notification answer: its record, and how far it had come by then."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from accounts.api import bodies
from notifications import ending, reports
from notifications.api.subsystem.notification import FullReport


class HadAlready(bodies.Body):
    """How many people had received, seen, read and answered it by the moment of the act."""

    received = serializers.IntegerField()
    seen = serializers.IntegerField()
    read = serializers.IntegerField()
    responded = serializers.IntegerField()


class Ended(FullReport):
    """The notification as it is now, and how far it had come."""

    had_already = HadAlready()


def told(ended: ending.Ended) -> dict[str, Any]:
    """The answer to the sender."""
    return {**reports.full(ended.notification), "had_already": asdict(ended.had_already)}
