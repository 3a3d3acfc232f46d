"""What the hub did because nobody answered."""

from django.db import models

from hub.lib.personal import Personal


class Prompt(models.Model):
    """One step that the hub took because people did not answer: a reminder, an escalation.

    States: under way (some wait for their working time), done since `done_at`. Its round numbers
    the prompts of a notification; seats and copies say in which round they were reached last, so
    that no phone is rung twice for one. Personal data: none.
    """

    class Do(models.TextChoices):
        REMIND = "remind"
        MANAGER = "manager"
        GROUP = "group"
        LEAVER = "leaver"

    notification = models.ForeignKey("notifications.Notification", on_delete=models.CASCADE)
    round = models.PositiveSmallIntegerField()  # from 1
    step = models.PositiveSmallIntegerField(default=0)  # of a sequence: who was asked then
    # Where in the notification's escalation, from 1; 0: the reminder of `due_at`; null: a leaver.
    place = models.PositiveSmallIntegerField(null=True)
    do = models.CharField(max_length=8, choices=Do)
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    reached = models.PositiveIntegerField(default=0)  # how many people

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"do"})

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "round"], name="prompt_once_per_round"),
            models.UniqueConstraint(
                fields=["notification", "step", "place"], name="prompt_once_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.do} {self.round} of {self.notification_id}"
