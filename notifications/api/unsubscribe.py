"""/unsubscribe/{token}: the link in optional e-mails. A page, and by POST the act (RFC 8058).

Looking changes nothing, because mail programs and their scanners follow links by themselves.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from hub.lib import clock, errors
from notifications import phrases, preferences
from notifications.mailing import unsubscribe
from notifications.models import Category

FIELD, ONE_CLICK = "List-Unsubscribe", "One-Click"
ASK = "Do you want to be told no more of “%(category)s” by %(sender)s?"
DONE = (
    "You are told no more of “%(category)s” by %(sender)s. The messages stay in your inbox; the"
    " app can turn them on again."
)
ESSENTIAL = "“%(category)s” by %(sender)s is essential: everybody gets it."
ASK_ALL = "Do you want no more e-mail about what can be refused?"
DONE_ALL = (
    "You get no more e-mail about what can be refused. The messages stay in your inbox; the app can"
    " turn it on again."
)
UNKNOWN = "This link is not one of ours, or not all of it."


# No form of ours can be forged: who knows the token may do this, and a mail program has no cookie.
@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(View):
    """For whoever has the link; it names one person and one category, signed."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask whether it is meant."""
        return self._page(request, token, act=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Opt out, at once and without a further question. Again is the same."""
        return self._page(request, token, act=request.POST.get(FIELD) == ONE_CLICK)

    def _page(self, request: HttpRequest, token: str, *, act: bool) -> HttpResponse:
        try:
            wish = unsubscribe.read(token)
            if wish.category_id == unsubscribe.ALL:
                return self._all(request, wish, act=act)
            category = Category.objects.select_related("subsystem").filter(pk=wish.category_id)
            found = category.first()
            if found is None:
                raise errors.NotFound(UNKNOWN)
            if act:
                preferences.opt_out(
                    employee_id=wish.employee_id, category_id=wish.category_id, now=clock.now()
                )
        except errors.NotFound:
            return _shown(request, phrases.of(phrases.DEFAULT), UNKNOWN, status=404)
        spoken = phrases.of(preferences.language(employee_id=wish.employee_id))
        names = {"category": found.name, "sender": found.subsystem.name}
        if found.essential:
            return _shown(request, spoken, ESSENTIAL, names=names)
        return _shown(request, spoken, DONE if act else ASK, names=names, ask=not act)

    def _all(self, request: HttpRequest, wish: unsubscribe.Wish, *, act: bool) -> HttpResponse:
        if act:
            preferences.refuse_mail(employee_id=wish.employee_id, now=clock.now())
        spoken = phrases.of(preferences.language(employee_id=wish.employee_id))
        return _shown(request, spoken, DONE_ALL if act else ASK_ALL, ask=not act)


def _shown(
    request: HttpRequest,
    spoken: phrases.Phrases,
    sentence: str,
    *,
    names: dict[str, str] | None = None,
    ask: bool = False,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "language": spoken.language,
        "direction": spoken.direction,
        "hub": settings.HUB_NAME,
        "sentence": spoken(sentence, **(names or {})),
        "button": spoken("Unsubscribe") if ask else "",
    }
    page = render(request, "notifications/unsubscribe.html", context, status=status)
    page["Cache-Control"] = "no-store"
    page["Referrer-Policy"] = "no-referrer"  # the address is the permission
    return page
