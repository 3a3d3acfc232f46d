"""The tables a team would make: surrogate keys and foreign keys, as Django suggests."""

from django.conf import settings
from django.db import models


class ApiKey(models.Model):
    """Who may send."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=64)


class Category(models.Model):
    """A kind of notification."""

    key = models.CharField(max_length=64, unique=True)


class Notification(models.Model):
    """What was sent."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    sender = models.ForeignKey(ApiKey, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    reference = models.CharField(max_length=128, blank=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    audience = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)


class Recipient(models.Model):
    """One person's copy."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    read_at = models.DateTimeField(null=True)

    class Meta:
        unique_together = [("notification", "user")]


class Delivery(models.Model):
    """One push to one device, with its result."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    registration_id = models.TextField()
    sent = models.BooleanField()
    provider_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)


class IdempotencyRecord(models.Model):
    """An answer that is given again where the same key comes again."""

    sender = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        unique_together = [("sender", "key")]


class AuditEvent(models.Model):
    """Who did what."""

    actor = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)


class Line(models.Model):
    """The floor of a POST: one INSERT."""

    title = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
