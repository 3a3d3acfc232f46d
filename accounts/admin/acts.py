"""What staff may do: a page that says what will happen, a form, then one domain function.

A secret that comes out of it is in the answer to that one POST and nowhere else: no message, no
session, no cookie carries it, and the answer may not be stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts import audit, rights
from accounts.models import Staff
from hub.lib import clock, errors


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: on which row (None where the act makes one), by whom, with which words."""

    subject: Any
    staff: Staff
    now: datetime
    data: Mapping[str, Any]

    @property
    def actor(self) -> audit.Actor:
        """The same person, as the audit log names them."""
        return audit.Actor("staff", str(self.staff.pk))


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is shown once, with what to do with it."""

    title: str
    text: str = field(repr=False)
    advice: str


def _always(_: Any) -> bool:
    return True


def _nothing(_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Act:
    """A deed that staff may do to a row, or that makes a row.

    `permission` is a verb of the rule (`accounts.rights`) and must be held for that very row; a
    choice among rows in the form offers only rows that may be changed. `perform` calls the domain
    function; where it returns a Secret, that is shown once.
    """

    name: str
    label: str
    sentence: str
    perform: Callable[[Deed], Secret | None]
    form: type[forms.Form] = forms.Form
    applies: Callable[[Any], bool] = _always
    initial: Callable[[Any], dict[str, Any]] = _nothing
    permission: str = "change"
    grave: bool = False

    def allowed(self, request: HttpRequest, model_admin: admin.ModelAdmin, subject: Any) -> bool:
        """Whether this member of the staff may do it to this row; None: whether to make a row."""
        what = model_admin.model if subject is None else subject
        return rights.may(request.user, self.permission, what)

    def form_for(self, request: HttpRequest, *args: Any, **kwargs: Any) -> forms.Form:
        """The form, with what this member of the staff may choose."""
        form = self.form(*args, **kwargs)
        for choice in form.fields.values():
            if isinstance(choice, forms.ModelChoiceField) and choice.queryset is not None:
                choice.queryset = rights.narrow(choice.queryset, staff=request.user, verb="change")
        return form


def page(
    request: HttpRequest, *, model_admin: admin.ModelAdmin, act: Act, subject: Any
) -> HttpResponse:
    """The page of an act, and by POST the act itself."""
    if not act.allowed(request, model_admin, subject):
        raise PermissionDenied
    if subject is not None and not act.applies(subject):
        messages.warning(request, f"“{act.label}” does not apply any more.")
        return HttpResponseRedirect(_after(model_admin, subject))
    if request.method != "POST":
        form = act.form_for(request, initial=act.initial(subject))
        return _ask(request, model_admin=model_admin, act=act, subject=subject, form=form)
    form = act.form_for(request, request.POST, initial=act.initial(subject))
    if not form.is_valid():
        return _ask(request, model_admin=model_admin, act=act, subject=subject, form=form)
    deed = Deed(subject, cast("Staff", request.user), clock.now(), form.cleaned_data)
    try:
        # Outside of a transaction: a domain function may have to ask the network first.
        secret = act.perform(deed)
    except errors.HubError as refusal:
        _explain(form, refusal)
        return _ask(request, model_admin=model_admin, act=act, subject=subject, form=form)
    if secret is not None:
        return _show_once(request, model_admin=model_admin, subject=subject, secret=secret)
    messages.success(request, f"{act.label}: done.")
    return HttpResponseRedirect(_after(model_admin, subject))


def _explain(form: forms.Form, refusal: errors.HubError) -> None:
    """Put the domain's refusal beside the fields it speaks of."""
    left = False
    for error in refusal.errors:
        name = error.pointer.removeprefix("/").partition("/")[0]
        known = name in form.fields
        form.add_error(name if known else None, error.message)
        left = left or not known
    if left or not refusal.errors:
        form.add_error(None, refusal.detail)


def _ask(
    request: HttpRequest, *, model_admin: admin.ModelAdmin, act: Act, subject: Any, form: forms.Form
) -> HttpResponse:
    context = _context(request, model_admin, subject, title=act.label)
    return TemplateResponse(
        request,
        "admin/hub/act.html",
        {**context, "act": act, "form": form, "back": _after(model_admin, subject)},
        status=422 if form.errors else 200,
    )


def _show_once(
    request: HttpRequest, *, model_admin: admin.ModelAdmin, subject: Any, secret: Secret
) -> HttpResponse:
    context = _context(request, model_admin, subject, title=secret.title)
    answer = TemplateResponse(
        request,
        "admin/hub/secret.html",
        {**context, "secret": secret, "back": _after(model_admin, subject)},
    )
    answer["Cache-Control"] = "no-store, private"
    return answer


def _context(
    request: HttpRequest, model_admin: admin.ModelAdmin, subject: Any, *, title: str
) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": subject,
        "title": title,
    }


def _after(model_admin: admin.ModelAdmin, subject: Any) -> str:
    """Where staff go on: to the row if it is still there, else to the list."""
    base = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    if subject is not None and model_admin.model._default_manager.filter(pk=subject.pk).exists():
        return reverse(f"{base}_change", args=[subject.pk])
    return reverse(f"{base}_changelist")


def find(acts: tuple[Act, ...], name: str) -> Act:
    """The act of that name. Raises Http404."""
    for act in acts:
        if act.name == name:
            return act
    raise Http404
