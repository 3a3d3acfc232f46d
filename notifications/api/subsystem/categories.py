"""GET /api/v1/categories, GET and PUT /api/v1/categories/{key}."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any, get_type_hints

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import categories
from notifications.api.escalations import EscalationStep
from notifications.escalation import plan
from notifications.models.category import Sensitivity

# By the name of a trait, where its type alone does not say what may be said of it.
NAMED: dict[str, Callable[..., serializers.Field]] = {
    "name": lambda **_: bodies.Line(max_length=128),
    "sensitivity": partial(serializers.ChoiceField, choices=Sensitivity.choices),
    "escalation": lambda **options: serializers.ListField(
        child=EscalationStep(), max_length=plan.STEPS_AT_MOST, **options
    ),
    "on_expiry": partial(serializers.ChoiceField, choices=["none", "approve", "reject"]),
    "fallback_group": partial(bodies.Line, max_length=256, allow_blank=True),
}
BY_TYPE: dict[object, Callable[..., serializers.Field]] = {
    bool: bodies.Flag,
    int: bodies.Whole,
    str: bodies.Line,
}


def of_traits(**options: Any) -> dict[str, serializers.Field]:
    """A field for every trait there is, so that a new one cannot be forgotten here."""
    types = get_type_hints(categories.Traits)
    return {
        field.name: (NAMED.get(field.name) or BY_TYPE[types[field.name]])(**options)
        for field in fields(categories.Traits)
    }


class TraitsInput(bodies.Body):
    """What may be said of a category; what is left out stays, or is as usual in a new one."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """All traits; only the name is needed."""
        return of_traits(required=False)


class CategoryShape(bodies.Body):
    """A category with all its traits."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Its key, and all traits."""
        return {"key": serializers.CharField(), **of_traits()}


class CategoriesShape(bodies.Body):
    """All categories of the sub-system, by key."""

    entries = CategoryShape(many=True)


def shown(category: Any) -> dict[str, Any]:
    """A category as its sub-system reads it."""
    traits = {field.name: getattr(category, field.name) for field in fields(categories.Traits)}
    return {"key": category.key, **traits}


class Categories(SubsystemView):
    """What the sub-system may send."""

    @extend_schema(
        operation_id="list_categories",
        tags=["Sub-system API"],
        responses=answers({200: CategoriesShape}, refused=[401, 403, 429]),
        summary="The categories of the sub-system",
    )
    def get(self, request: Request) -> Response:
        """All of them, by key."""
        found = categories.of(subsystem_id=self.caller.subsystem_id)
        return Response({"entries": [shown(category) for category in found]})


class OneCategory(SubsystemView):
    """One category of the sub-system."""

    @extend_schema(
        operation_id="read_category",
        tags=["Sub-system API"],
        responses=answers({200: CategoryShape}, refused=[401, 403, 404, 429]),
        summary="One category",
    )
    def get(self, request: Request, key: str) -> Response:
        """How its notifications are treated."""
        return Response(shown(categories.one(subsystem_id=self.caller.subsystem_id, key=key)))

    @extend_schema(
        operation_id="put_category",
        tags=["Sub-system API"],
        request=TraitsInput,
        responses=answers(
            {200: CategoryShape, 201: CategoryShape}, refused=[400, 401, 403, 422, 429]
        ),
        summary="Make a category, or change how its notifications are treated",
    )
    def put(self, request: Request, key: str) -> Response:
        """201 for a new one. What was sent before stays as it is; test keys change nothing."""
        traits = bodies.validated(TraitsInput, request.data)
        category, made = categories.put(caller=self.caller, key=key, given=traits, now=clock.now())
        return Response(shown(category), status=201 if made else 200)
