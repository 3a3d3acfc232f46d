"""Privacy notices: drafted, written and published here, never edited once they are published."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import acts, base, tables
from accounts.models import PrivacyNotice
from accounts.privacy import notices
from hub.lib import clock


class DraftForm(forms.Form):
    """A new version."""

    version = forms.SlugField(max_length=32, help_text="Its name for good, such as 2027-1.")
    material = forms.BooleanField(
        required=False,
        help_text="People have to accept it, and are told at least 30 days ahead.",
    )
    recipients = forms.MultipleChoiceField(
        required=False,
        choices=[(name, name) for name in notices.RECIPIENTS],
        widget=forms.CheckboxSelectMultiple,
        help_text="Who outside of the company gets data. Nobody who is not named gets any.",
    )


class WordsForm(forms.Form):
    """Its words in one language."""

    language = forms.CharField(max_length=12, initial=notices.NEEDED_LANGUAGE)
    title = forms.CharField(max_length=200)
    text = forms.CharField(widget=forms.Textarea, max_length=notices.LONGEST_TEXT)


class PublishForm(forms.Form):
    """From when on it holds."""

    effective_at = forms.DateTimeField(
        help_text="UTC. Of a material change at least 30 days from now."
    )


def draft(deed: acts.Deed) -> None:
    """A new version."""
    notices.draft(actor=deed.actor, now=deed.now, **deed.data)


def write(deed: acts.Deed) -> None:
    """Words in one language."""
    notices.write(version=deed.subject.version, actor=deed.actor, now=deed.now, **deed.data)


def publish(deed: acts.Deed) -> None:
    """Out with it."""
    notices.publish(version=deed.subject.version, actor=deed.actor, now=deed.now, **deed.data)


def is_draft(notice: PrivacyNotice) -> bool:
    """Whether it may still be changed."""
    return notice.number is None


@admin.register(PrivacyNotice)
class PrivacyNoticeAdmin(base.ReadOnlyAdmin):
    """Every version, drafts included."""

    list_display = ("version", "material", "published_at", "effective_at", "state")
    fields = (
        "version", "state", "material", "recipients", "published_at", "effective_at",
        "announced_at",
    )  # fmt: skip
    founding_acts = (
        acts.Act(
            "draft",
            "Draft a version",
            "Nobody reads it before it is published.",
            draft,
            form=DraftForm,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "write",
            "Write a text",
            "Words in one language; English is needed. What stood there before is replaced.",
            write,
            form=WordsForm,
            applies=is_draft,
        ),
        acts.Act(
            "publish",
            "Publish",
            "Everybody may read it at once, and it can never be changed again. A material change is"
            " sent to everybody; once it is in effect, people have to accept it to go on.",
            publish,
            form=PublishForm,
            applies=is_draft,
            grave=True,
        ),
    )

    @admin.display(description="State")
    def state(self, notice: PrivacyNotice) -> str:
        if notice.effective_at is None:
            return "draft"
        now = clock.now()
        if notice.effective_at > now:
            return "published"
        current = notices.in_effect(now=now)
        return "in effect" if current is not None and current.pk == notice.pk else "replaced"

    def tables_below(self, request: HttpRequest, row: PrivacyNotice) -> Iterable[tables.Table]:
        texts: dict[str, dict[str, Any]] = row.texts
        yield tables.Table(
            "Texts",
            ["Language", "Title", "Text"],
            [
                [language, words["title"], tables.verbatim(words["text"])]
                for language, words in sorted(texts.items())
            ],
            empty="None yet.",
        )
