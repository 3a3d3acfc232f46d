"""GET /categories/{key}/templates, and GET and PUT of one of them, below /api/v1."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from accounts.models import ApiKey
from hub.lib import clock, errors
from notifications import categories, editions, rendering
from notifications.models import Template


class Texts(bodies.Body):
    """The words in one language, as ICU's MessageFormat."""

    title = bodies.Line(max_length=1000)
    summary = bodies.Line(max_length=2000, required=False, allow_blank=True)
    body = bodies.Text(max_length=40_000, required=False, allow_blank=True)


class TemplateInput(bodies.Body):
    """A template: what it takes, and its words by language (BCP 47)."""

    takes = serializers.DictField(
        child=serializers.ChoiceField(choices=rendering.TYPES), required=False, default=dict
    )
    texts = serializers.DictField(child=Texts(), allow_empty=False)
    default_language = bodies.Line(max_length=35)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Not more than anybody translates into."""
        for name, most in (
            ("texts", editions.LANGUAGES_AT_MOST), ("takes", editions.FIELDS_AT_MOST),
        ):  # fmt: skip
            if len(attrs[name]) > most:
                sentence = serializers.ErrorDetail(f"At most {most}.", "max_length")
                raise serializers.ValidationError({name: sentence})
        return attrs


class TemplateShape(bodies.Body):
    """The newest edition of a template."""

    key = serializers.CharField()
    takes = serializers.DictField(child=serializers.ChoiceField(choices=rendering.TYPES))
    texts = serializers.DictField(child=Texts())
    default_language = serializers.CharField()
    created_at = serializers.DateTimeField()


class TemplatesShape(bodies.Body):
    """All templates of a category, by key."""

    entries = TemplateShape(many=True)


def shown(template: Template) -> dict[str, Any]:
    """A template as its sub-system reads it."""
    return {
        "key": template.key,
        "takes": template.takes,
        "texts": template.texts,
        "default_language": template.default_language,
        "created_at": clock.text(template.created_at),
    }


class Templates(SubsystemView):
    """How the notifications of a category are worded."""

    @extend_schema(
        operation_id="list_templates",
        tags=["Sub-system API"],
        responses=answers({200: TemplatesShape}, refused=[401, 403, 404, 429]),
        summary="The templates of a category",
    )
    def get(self, request: Request, key: str) -> Response:
        """All of them, each in its newest edition."""
        category = categories.one(subsystem_id=self.caller.subsystem_id, key=key)
        return Response({"entries": [shown(one) for one in editions.of(category_id=category.pk)]})


class OneTemplate(SubsystemView):
    """One template of a category."""

    @extend_schema(
        operation_id="read_template",
        tags=["Sub-system API"],
        responses=answers({200: TemplateShape}, refused=[401, 403, 404, 429]),
        summary="One template",
    )
    def get(self, request: Request, key: str, template: str) -> Response:
        """Its newest edition."""
        category = categories.one(subsystem_id=self.caller.subsystem_id, key=key)
        found = editions.newest(category_id=category.pk, key=template)
        if found is None:
            raise errors.NotFound("The category has no template of that key.")
        return Response(shown(found))

    @extend_schema(
        operation_id="put_template",
        tags=["Sub-system API"],
        request=TemplateInput,
        responses=answers(
            {200: TemplateShape, 201: TemplateShape}, refused=[400, 401, 403, 404, 422, 429]
        ),
        summary="Make a template, or a new edition of it",
    )
    def put(self, request: Request, key: str, template: str) -> Response:
        """201 for a new one. What was sent before goes on reading as it did; test keys may not."""
        wish = bodies.validated(TemplateInput, request.data)
        category = categories.one(subsystem_id=self.caller.subsystem_id, key=key)
        if self.caller.mode != ApiKey.Mode.LIVE:
            raise categories.LiveKeyNeeded("Templates word live notifications: use a live key.")
        wish["texts"] = {language: dict(parts) for language, parts in wish["texts"].items()}
        made, is_new = editions.put(
            caller=self.caller, category=category, key=template, wish=wish, now=clock.now()
        )
        return Response(shown(made), status=201 if is_new else 200)
