"""GET and POST /me/privacy-requests, GET /me/privacy-requests/{id}/archive."""

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from accounts.models import PrivacyRequest
from accounts.privacy import archives, requests
from hub.lib import clock

KINDS = [str(kind.value) for kind in requests.OF_PEOPLE]


class PrivacyRequestInput(bodies.Body):
    """What is asked, and what is to be said to it."""

    kind = serializers.ChoiceField(choices=KINDS)
    words = bodies.Text(
        max_length=requests.WORDS_AT_MOST, required=False, default="", allow_blank=True
    )


class ArchiveShape(bodies.Body):
    """A copy that can be fetched once."""

    address = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    expires_at = serializers.DateTimeField()
    fetched_at = serializers.DateTimeField(allow_null=True)


class PrivacyRequestShape(bodies.Body):
    """A request and what became of it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=PrivacyRequest.State.choices)
    words = serializers.CharField(allow_null=True)
    answer = serializers.CharField(
        allow_null=True, help_text="What staff say; of a refusal, the reason."
    )
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it is answered, at the latest.")
    answered_at = serializers.DateTimeField(allow_null=True)
    archive = ArchiveShape(allow_null=True)


class PrivacyRequestsShape(bodies.Body):
    """What was asked, the latest first."""

    entries = PrivacyRequestShape(many=True)


def shown(asked: PrivacyRequest) -> dict[str, Any]:
    """A request as the person reads it."""
    archive = getattr(asked, "privacyarchive", None)
    return {
        "id": str(asked.pk),
        "kind": asked.kind,
        "state": asked.state,
        "words": asked.words,
        "answer": asked.answer,
        "received_at": clock.text(asked.received_at),
        "due_at": clock.text(asked.due_at),
        "answered_at": clock.text(asked.answered_at),
        "archive": None
        if archive is None
        else {
            "address": f"/api/v1/me/privacy-requests/{asked.pk}/archive",
            "size": archive.size,
            "expires_at": clock.text(archive.expires_at),
            "fetched_at": clock.text(archive.fetched_at),
        },
    }


class PrivacyRequests(EmployeeView):
    """What the employee asks about their data."""

    needs_acceptance = False

    @extend_schema(
        operation_id="list_privacy_requests",
        tags=["Mobile API: privacy"],
        summary="What you have asked about your data",
        responses=answers({200: PrivacyRequestsShape}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """Each with its state, its answer and the copy that waits."""
        found = requests.of(self.session.employee_id)
        return Response({"entries": [shown(asked) for asked in found]})

    @extend_schema(
        operation_id="ask_about_data",
        tags=["Mobile API: privacy"],
        summary="Ask for a copy, a correction, a restriction, an erasure, or complain",
        request=PrivacyRequestInput,
        responses=answers({201: PrivacyRequestShape}, refused=[400, 401, 403, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """It is answered within 30 days; a copy is made at once."""
        body = bodies.validated(PrivacyRequestInput, request.data)
        now = clock.now()

        def act() -> Response:
            made = requests.ask(employee_id=self.session.employee_id, now=now, **body)
            return Response(shown(made), status=201)

        return idempotency.once(request, principal=self.principal, now=now, act=act)


class PrivacyArchive(EmployeeView):
    """The copy that was asked for."""

    needs_acceptance = False

    @extend_schema(
        operation_id="fetch_privacy_archive",
        tags=["Mobile API: privacy"],
        summary="The copy of your data, once",
        responses=answers(
            {(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "A zip.")},
            refused=[401, 403, 404, 410, 429],
        ),
    )
    def get(self, request: Request, request_id: uuid.UUID) -> HttpResponse:
        """A zip with `data.json` and `data.html`. It is gone with this answer."""
        content = archives.fetch(
            employee_id=self.session.employee_id, request_id=request_id, now=clock.now()
        )
        return HttpResponse(
            content,
            content_type="application/zip",
            headers={"Content-Disposition": 'attachment; filename="my-data.zip"'},
        )
