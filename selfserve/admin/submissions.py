"""What was handed in: when, to which module, and what became of it. Never what it says."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import base, tables
from notifications.models import CallbackEvent
from selfserve import forms
from selfserve.models import Submission


@admin.register(Submission)
class SubmissionAdmin(base.ReadOnlyAdmin):
    """Submissions, found by their reference."""

    list_display = ("reference", "module", "employee", "outcome", "submitted_at")
    list_filter = ("outcome",)
    list_select_related = ("module", "employee")
    search_fields = ("reference",)
    search_help_text = "The reference, such as S-7KQ2M-0XW9A"
    personal_kind = "submission"
    fields = (
        "reference", "module", "form_version", "employee", "submitted_at", "outcome", "outcome_at",
    )  # fmt: skip

    def everything(self, request: HttpRequest) -> QuerySet:
        return super().everything(request).defer("inputs", "outcome_message")

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(reference=term.upper())

    def people_shown(self, rows: Sequence[Any]) -> Iterable[object]:
        return {row.employee_id for row in rows}

    def tables_below(self, request: HttpRequest, row: Submission) -> Iterable[tables.Table]:
        told = CallbackEvent.objects.filter(submission=row.reference).defer("body")
        yield tables.Table(
            "Telling the sub-system",
            ["Event", "State", "Since"],
            [[tables.link(one), one.state, tables.moment(one.created_at)] for one in told],
        )
        yield tables.Table(
            "Files, photos and places",
            ["Input", "Kind", "Type", "Bytes"],
            [[one.input, one.kind, one.media_type, one.size] for one in forms.files_of(row)],
            empty="None, or none any more.",
        )
