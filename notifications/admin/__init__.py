"""The admin of the story: what was sent, who was told, what was answered, what is still to do."""

from notifications.admin import callbacks, categories, devices, errands, notifications

__all__ = ["callbacks", "categories", "devices", "errands", "notifications"]
