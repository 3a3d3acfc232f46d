"""What every table owes: keys that point down the house, and a word on its personal columns."""

import pytest
from django.apps import apps
from django.db import models

from hub.lib.personal import Personal

ORDER = [
    "accounts",
    "notifications",
    "selfserve",
]  # a key may point to its own app or to one before it
OURS = [
    model
    for model in apps.get_models()
    if model._meta.app_label in ORDER and not model._meta.auto_created
]
WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
# Columns that Django's own base classes bring, and that hold no words of a person.
INHERITED = {("staff", "groups"), ("staff", "user_permissions")}


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_foreign_keys_point_down_the_house(model):
    for field in model._meta.get_fields():
        if field.concrete and field.is_relation and field.related_model._meta.app_label in ORDER:
            own, other = model._meta.app_label, field.related_model._meta.app_label
            assert ORDER.index(other) <= ORDER.index(own), f"{model._meta.label}.{field.name}"


def holds_a_person(field: models.Field) -> bool:
    to_employee = field.is_relation and field.related_model._meta.label == "accounts.Employee"
    return to_employee or isinstance(field, WORDS)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_every_column_that_may_hold_a_person_says_why_on_what_basis_and_how_long(model):
    columns = {
        field.name
        for field in model._meta.concrete_fields
        if holds_a_person(field) and (model._meta.model_name, field.name) not in INHERITED
    }
    said = set(model.personal)

    assert columns == (columns & said) | (columns & model.not_personal), "a column is not declared"
    assert not said & model.not_personal
    assert said | model.not_personal <= {field.name for field in model._meta.fields}
    for column, personal in model.personal.items():
        assert isinstance(personal, Personal)
        assert personal.purpose, column
        assert personal.retention, column


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_every_table_says_what_is_personal_in_it(model):
    said = (model.__doc__ or "").lower()

    assert "personal data:" in " ".join(said.split())
