"""The shapes of what happens while nobody answers."""

from rest_framework import serializers

from accounts.api import bodies
from notifications.escalation import plan
from notifications.models import Prompt

AFTER = "P[0-9WDTHMS]+"  # what it means exactly, notifications.escalation.plan judges


class EscalationStep(bodies.Body):
    """What happens so long after people were asked, if they have not answered.

    `remind` rings again; `manager` passes seats to the managers of those who hold them; `group`
    lets the members of a group of the directory answer.
    """

    after = bodies.Pattern(f"^{AFTER}$", max_length=32)
    do = serializers.ChoiceField(choices=plan.DOES)
    group = bodies.Line(max_length=256, required=False)


class PromptShape(bodies.Body):
    """A step that was taken: a reminder, an escalation, or a seat passed on from who had left."""

    do = serializers.ChoiceField(choices=Prompt.Do.choices)
    step = serializers.IntegerField()
    began_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    reached = serializers.IntegerField()
