"""The shapes of an audience and of a policy."""

from typing import Any

from rest_framework import serializers

from accounts.api import bodies

RULES = ["any", "all", "quorum"]
STEPS_AT_MOST = 10


class Audience(bodies.Body):
    """Whom it is for: in one of `any`, in each of `all`, in none of `none`."""

    any = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)
    all = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)
    none = serializers.ListField(child=serializers.DictField(), required=False, max_length=50)


class Step(bodies.Body):
    """A step of a sequence: who is asked in it, and how many of them must approve."""

    mode = serializers.ChoiceField(choices=RULES)
    n = bodies.Whole(required=False, min_value=1, max_value=500)
    reject_ends = bodies.Flag(required=False)
    audience = Audience()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A quorum says how many, the others don't."""
        _quorum_has_number(attrs)
        return attrs


class Policy(bodies.Body):
    """How many approvers must approve; one rejection ends it unless `reject_ends` is false.

    A `sequence` asks its steps one after another, each with an audience of its own; `collect`
    gathers answers and decides nothing.
    """

    mode = serializers.ChoiceField(choices=[*RULES, "sequence", "collect"])
    n = bodies.Whole(required=False, min_value=1, max_value=500)
    reject_ends = bodies.Flag(required=False)
    steps = serializers.ListField(
        child=Step(), required=False, min_length=1, max_length=STEPS_AT_MOST
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Each mode has what makes sense of it, and nothing else."""
        _quorum_has_number(attrs)
        if (attrs["mode"] == "sequence") != ("steps" in attrs):
            raise serializers.ValidationError({"steps": "A sequence has steps, and nothing else."})
        if "reject_ends" in attrs and attrs["mode"] not in RULES:
            raise serializers.ValidationError({"reject_ends": "This is for each step to say."})
        return attrs


def _quorum_has_number(attrs: dict[str, Any]) -> None:
    if (attrs["mode"] == "quorum") != ("n" in attrs):
        raise serializers.ValidationError({"n": "A quorum has a number, the others have none."})
