"""The two views that POST /notifications is compared with."""

import hashlib
import json
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers import tasks
from benchmarks.peers.models import (
    ApiKey,
    AuditEvent,
    Category,
    IdempotencyRecord,
    Line,
    Notification,
)


@csrf_exempt
def floor(request: HttpRequest) -> JsonResponse:
    """One INSERT by one `save()`, and nothing else that a real endpoint needs."""
    body = json.loads(request.body)
    line = Line(title=body["title"], body=body["summary"])
    line.save()
    return JsonResponse({"id": line.pk}, status=201)


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …`, looked up by its digest."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        _, _, text = request.headers.get("Authorization", "").partition(" ")
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = ApiKey.objects.filter(digest=digest).first()
        if key is None:
            raise exceptions.AuthenticationFailed
        return key, None


class Item(serializers.Serializer):
    """One item of an audience."""

    employees = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=1, max_length=1000
    )


class Audience(serializers.Serializer):
    """Whom it is for."""

    any = Item(many=True, min_length=1)


class NotificationInput(serializers.Serializer):
    """The fields of the hub's own endpoint that the benchmark sends, and those it could."""

    category = serializers.CharField(max_length=64)
    kind = serializers.ChoiceField(choices=["notice", "request"])
    reference = serializers.CharField(max_length=128, required=False, default="")
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=500, required=False, default="")
    audience = Audience()
    priority = serializers.ChoiceField(
        choices=["bulk", "normal", "high", "urgent"], default="normal"
    )
    send_at = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    metadata = serializers.DictField(required=False, default=dict)


class Notifications(APIView):
    """POST /notifications by plain DRF serializers, the ORM and `.delay()`."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [permissions.AllowAny]

    def post(self, request: Request) -> Response:
        """Accept a notification, once for each idempotency key."""
        serializer = NotificationInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        body = serializer.validated_data
        digest = _digest(request.data)
        with transaction.atomic():
            record, made = IdempotencyRecord.objects.get_or_create(
                sender=request.user,
                key=request.headers["Idempotency-Key"],
                defaults={"digest": digest},
            )
            if not made:
                return Response(record.answer, status=202)
            names = [name for item in body["audience"]["any"] for name in item["employees"]]
            people = list(User.objects.filter(username__in=names).values_list("pk", flat=True))
            if not people:
                raise serializers.ValidationError({"audience": "The audience contains nobody."})
            notification = Notification.objects.create(
                category=Category.objects.get(key=body["category"]),
                sender=request.user,
                kind=body["kind"],
                reference=body["reference"],
                title=body["title"],
                summary=body["summary"],
                audience=people,
            )
            AuditEvent.objects.create(
                actor=str(request.user.pk), action="notification_sent", subject=str(notification.pk)
            )
            record.answer = {"id": notification.pk, "audience": {"count": len(people)}}
            record.save(update_fields=["answer"])
            transaction.on_commit(lambda: tasks.fan_out.delay(notification.pk))
        return Response(record.answer, status=202)


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
