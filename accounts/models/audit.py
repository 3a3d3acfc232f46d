"""The record that cannot be edited quietly."""

from django.db import models

from hub.lib.personal import Personal


class AuditEvent(models.Model):
    """One change of rights, key, decision and the like; appended in the transaction it tells of.

    A trigger refuses UPDATE and DELETE. Personal data: ids of people, never names.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)  # employee | subsystem | staff | hub
    actor_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    personal = {
        "actor_id": Personal("accountability", "legal_obligation", "10 years"),
        "subject_id": Personal("accountability", "legal_obligation", "10 years"),
        "data": Personal("accountability", "legal_obligation", "10 years"),
    }
    not_personal = frozenset({"actor_kind", "action", "subject_kind", "request_id"})

    class Meta:
        # Exports are of a time.
        indexes = [models.Index(fields=["at"], name="audit_event_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_kind} {self.subject_id}"


class AuditSeal(models.Model):
    """The chain over the events: each seal's MAC covers the one before and its event.

    Written by one sealer only, so that no lock serialises decisions. Personal data: none.
    """

    sequence = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT)
    mac = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"mac"})
