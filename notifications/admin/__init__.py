"""The admin of the story: what was sent, who was told, what was answered, what is still to do."""

from notifications.admin import (
    calendars,
    callbacks,
    categories,
    devices,
    errands,
    explanation,
    notifications,
    outbound,
    rules,
    seats,
)

__all__ = [
    "calendars",
    "callbacks",
    "categories",
    "devices",
    "errands",
    "explanation",
    "notifications",
    "outbound",
    "rules",
    "seats",
]
