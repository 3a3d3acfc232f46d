"""POST /api/v1/notifications/batch."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from accounts.api import bodies
from accounts.api.hot import Answer, Asked, HotSubsystemView
from accounts.api.schema import IDEMPOTENCY_KEY, Problem
from accounts.api.views import answers
from hub.lib import errors, problem
from notifications import ingest
from notifications.api import shapes
from notifications.api.subsystem import accepting, inputs
from notifications.models import Notification


class BatchInput(bodies.Body):
    """Notifications to send, each for itself: what is wrong with one does not stop the others."""

    notifications = serializers.ListField(
        child=inputs.NotificationInput(), min_length=1, max_length=settings.BATCH_AT_MOST
    )


class BatchResult(bodies.Body):
    """What became of one: 202 and what a single POST answers, or another status and why."""

    status = serializers.IntegerField()
    id = serializers.UUIDField(required=False)
    uri = serializers.CharField(required=False)
    state = serializers.ChoiceField(choices=Notification.State.choices, required=False)
    version = serializers.IntegerField(required=False)
    audience = shapes.AudienceAccepted(required=False)
    held = shapes.Held(required=False, allow_null=True)
    problem = Problem(required=False, help_text="Its pointers lead into this notification.")


class BatchResults(bodies.Body):
    """One result for each notification, in the order in which they were sent."""

    results = BatchResult(many=True)


class _Envelope(bodies.Body):
    """What of the body is judged as a whole."""

    notifications = serializers.ListField(min_length=1, max_length=settings.BATCH_AT_MOST)


class Batch(HotSubsystemView):
    """What a sub-system sends many at a time."""

    http_method_names = ["post"]
    most_bytes = settings.BATCH_BODY_BYTES
    most_depth = HotSubsystemView.most_depth + 2  # each may be as deep as if it came alone

    @extend_schema(
        operation_id="send_notifications",
        tags=["Sub-system API"],
        request=BatchInput,
        responses=answers({207: BatchResults}, refused=[400, 401, 403, 409, 422, 429, 503]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Send up to 500 notifications at once",
    )
    def post(self, asked: Asked) -> Answer:
        """Accept those that can be accepted, in one transaction; the 207 comes after its commit.

        One Idempotency-Key stands for the whole batch, and one request is counted.
        """
        given = _envelope(asked.data)
        return accepting.accept(asked, [_read(one) for one in given], answer=_answer)


def _envelope(data: object) -> Sequence[object]:
    if type(data) is dict and data.keys() == {"notifications"}:
        given = data["notifications"]
        if type(given) is list and 0 < len(given) <= settings.BATCH_AT_MOST:
            return given
    bodies.validated(_Envelope, data)
    raise errors.Invalid("A batch is an object with notifications.")


def _read(one: object) -> ingest.Draft | errors.HubError:
    try:
        return inputs.read(one)
    except errors.Invalid as refusal:
        return refusal


def _answer(results: Sequence[ingest.Result]) -> Answer:
    return Answer(207, {"results": [_told(result) for result in results]})


def _told(result: ingest.Result) -> dict[str, Any]:
    if isinstance(result, errors.HubError):
        return {"status": result.status, "problem": problem.of_error(result)}
    return {"status": 202, **accepting.told(result)}
