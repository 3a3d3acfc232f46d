"""GET /privacy-notices and /privacy-notices/{version}: what people are told, before and after."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import OpenView, answers
from accounts.models import PrivacyNotice
from accounts.privacy import notices
from hub.lib import clock


class NoticeSummary(bodies.Body):
    """A published version, without its words."""

    version = serializers.CharField()
    published_at = serializers.DateTimeField()
    effective_at = serializers.DateTimeField()
    in_effect = serializers.BooleanField()
    material = serializers.BooleanField(help_text="Whether it has to be accepted.")
    recipients = serializers.ListField(
        child=serializers.CharField(), help_text="Who outside of the company gets data."
    )
    languages = serializers.ListField(child=serializers.CharField())
    address = serializers.CharField()


class NoticeText(bodies.Body):
    """Its words in one language."""

    language = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class NoticeShape(NoticeSummary):
    """A published version with its words in every language it is written in."""

    texts = NoticeText(many=True)


class NoticesShape(bodies.Body):
    """Every published version, the newest first."""

    entries = NoticeSummary(many=True)


def summary(notice: PrivacyNotice, *, current: PrivacyNotice | None) -> dict[str, Any]:
    """A version as the list shows it."""
    return {
        "version": notice.version,
        "published_at": clock.text(notice.published_at),
        "effective_at": clock.text(notice.effective_at),
        "in_effect": current is not None and notice.pk == current.pk,
        "material": notice.material,
        "recipients": notice.recipients,
        "languages": sorted(notice.texts),
        "address": f"/api/v1/privacy-notices/{notice.version}",
    }


def shown(notice: PrivacyNotice, *, now: datetime) -> dict[str, Any]:
    """A version as it is read."""
    return {
        **summary(notice, current=notices.in_effect(now=now)),
        "texts": [
            {"language": language, **words} for language, words in sorted(notice.texts.items())
        ],
    }


class PrivacyNotices(OpenView):
    """Open: people read it before they sign in."""

    @extend_schema(
        operation_id="list_privacy_notices",
        tags=["Mobile API: privacy"],
        summary="Every version of the privacy notice",
        responses=answers({200: NoticesShape}),
    )
    def get(self, request: Request) -> Response:
        """Published versions, the newest first; old ones stay readable."""
        current = notices.in_effect(now=clock.now())
        entries = [summary(notice, current=current) for notice in notices.published()]
        return Response({"entries": entries})


class OnePrivacyNotice(OpenView):
    """Open: people read it before they sign in."""

    @extend_schema(
        operation_id="read_privacy_notice",
        tags=["Mobile API: privacy"],
        summary="One version of the privacy notice",
        responses=answers({200: NoticeShape}, refused=[404]),
    )
    def get(self, request: Request, version: str) -> Response:
        """Its words, in every language it is written in."""
        return Response(shown(notices.read(version), now=clock.now()))
