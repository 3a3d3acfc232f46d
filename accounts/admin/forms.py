"""Form fields that the acts share."""

from typing import Any

from django import forms


class Expression(forms.JSONField):
    """An audience, or nothing."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class Words(forms.CharField):
    """A list of words, separated by spaces, commas or lines."""

    def clean(self, value: object) -> list[str]:
        return str(super().clean(value)).replace(",", " ").split()
