"""PATCH /api/v1/notifications/{id}."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import answers
from hub.lib import clock
from notifications import editing
from notifications.api import matching
from notifications.api.actions import ACTIONS_AT_MOST, ActionShape
from notifications.api.shapes import Fact, Link
from notifications.api.subsystem import ended, inputs
from notifications.api.subsystem.notification import ReadNotification


class EditInput(bodies.Body):
    """What is to change; what is not there stays. Whom it is for can't change."""

    version = bodies.Whole(required=False, min_value=1, max_value=2_000_000_000)
    notify = bodies.Flag(
        required=False,
        help_text="Not of a request: push it again? By default acknowledgements, not notices.",
    )
    title = bodies.Line(max_length=200, required=False)
    summary = bodies.Line(max_length=500, required=False, allow_blank=True)
    body = bodies.Text(max_length=20_000, required=False, allow_blank=True)
    facts = serializers.ListField(child=Fact(), required=False, max_length=30)
    links = serializers.ListField(child=Link(), required=False, max_length=10)
    actions = serializers.ListField(
        child=ActionShape(), required=False, min_length=1, max_length=ACTIONS_AT_MOST
    )
    reference = bodies.Line(max_length=128, required=False, allow_blank=True)
    metadata = serializers.DictField(required=False)
    due_at = bodies.Moment(required=False, allow_null=True)
    expires_at = bodies.Moment(required=False, allow_null=True)
    on_expiry = serializers.ChoiceField(choices=["none", "approve", "reject"], required=False)


class OneNotification(ReadNotification):
    """One notification of the sub-system."""

    @extend_schema(
        operation_id="edit_notification",
        tags=["Sub-system API"],
        request=EditInput,
        responses=answers({200: ended.Ended}, refused=[400, 401, 403, 404, 409, 412, 422, 429]),
        parameters=[matching.IF_MATCH, IDEMPOTENCY_KEY],
        summary="Give it new content, and ask again",
    )
    def patch(self, request: Request, notification_id: uuid.UUID) -> Response:
        """A new version: earlier answers count no more, and whoever is asked is asked again.

        412 `version_mismatch` and 409 `already_closed` bring the notification's record.
        """
        body, now = bodies.validated(EditInput, request.data), clock.now()
        edit = editing.Edit(
            version=matching.version(request, body.pop("version", None)),
            notify=body.pop("notify", None),
            changes=_changes(body),
        )

        def act() -> Response:
            done = editing.by_subsystem(
                caller=self.caller, notification_id=notification_id, edit=edit, now=now
            )
            return Response(ended.told(done))

        return idempotency.once(request, principal=self.principal, now=now, act=act)


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    changes = dict(body)
    for name in ("facts", "links"):
        if name in changes:
            changes[name] = [dict(one) for one in changes[name]]
    if "actions" in changes:
        changes["actions"] = [inputs.action_of(one) for one in changes["actions"]]
    return changes
