"""Form fields that the acts share."""

from django import forms


class Words(forms.CharField):
    """A list of words, separated by spaces, commas or lines."""

    def clean(self, value: object) -> list[str]:
        return str(super().clean(value)).replace(",", " ").split()
