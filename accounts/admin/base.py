"""The admin's pages of a table: to read, with the acts that a person may do from there."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts import rights
from accounts.admin import acts, reading, tables
from accounts.admin.filters import Related
from accounts.admin.paginator import CappedPaginator
from accounts.models import AuditEvent
from hub.lib import clock


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists and pages without a form. Whatever is to be done is an `acts.Act`.

    A list costs the same however long its table is: newest first by the key, no count beyond
    the cap, no facets, no sorting or filtering by columns that no index serves.
    """

    actions = None
    ordering: ClassVar[Any] = ("-pk",)
    sortable_by: ClassVar[Any] = ()
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_max_show_all = 0
    change_form_template = "admin/hub/change_form.html"
    change_list_template = "admin/hub/change_list.html"

    row_acts: tuple[acts.Act, ...] = ()  # on a row
    founding_acts: tuple[acts.Act, ...] = ()  # that make a row
    # The audit log's word for a row whose page shows personal data; empty: it shows none.
    personal_kind = ""

    class Media:
        css = {"all": ["hub_admin/admin.css"]}

    def tables_below(self, request: HttpRequest, row: Any) -> Iterable[tables.Table]:
        """What stands below the fields of a row."""
        return ()

    def people_shown(self, rows: Sequence[Any]) -> Iterable[object]:
        """The ids of the people whose data a list of these rows shows; none by default."""
        return ()

    def found(self, queryset: models.QuerySet, term: str) -> models.QuerySet:
        """The rows a search is for, by what an index finds."""
        return queryset.none()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        term = search_term.strip().replace("\0", "")
        return (self.found(queryset, term) if term else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django lets any column of the table be probed by its address; a digest is one, too.
        filtered = {getattr(one, "parameter_name", one) for one in self.list_filter}
        return lookup.split("__", maxsplit=1)[0] in filtered

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The filters; one by a relation offers only rows that may be seen."""
        return [
            (one, Related) if isinstance(one, str) and _is_relation(self.model, one) else one
            for one in super().get_list_filter(request)
        ]

    def everything(self, request: HttpRequest) -> models.QuerySet:
        """All rows that the pages are about, whoever asks; to be overridden, unlike the next."""
        return super().get_queryset(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Those of them that this member of the staff may see."""
        return rights.narrow(self.everything(request), staff=request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return rights.may(request.user, "view", self.model if obj is None else obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        allowed = [act for act in self.founding_acts if act.allowed(request, self, None)]
        offered = [(act, self._address("found", act.name)) for act in allowed]
        response = super().changelist_view(
            request, {**(extra_context or {}), "hub_acts": offered, "media": self.media}
        )
        changes = getattr(response, "context_data", None) or {}
        if self.personal_kind and "cl" in changes:
            people = list(self.people_shown(list(changes["cl"].result_list)))
            if people:
                reading.note(
                    request,
                    kind=f"{self.personal_kind}_list",
                    subject_id="",
                    now=clock.now(),
                    people=people,
                )
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, unquote(object_id))
        extra = dict(extra_context or {})
        if row is not None and self.has_view_permission(request, row):
            extra |= {
                "hub_acts": [
                    (act, self._address("act", object_id, act.name))
                    for act in self.row_acts
                    if act.allowed(request, self, row) and act.applies(row)
                ],
                "hub_links": self.links(request, row),
                "hub_tables": list(self.tables_below(request, row)),
            }
        response = super().change_view(request, object_id, form_url, extra)
        if row is not None and self.personal_kind and response.status_code == 200:
            reading.note(request, kind=self.personal_kind, subject_id=row.pk, now=clock.now())
        return response

    def links(self, request: HttpRequest, row: Any) -> Iterable[tuple[str, str]]:
        """Pages that belong to a row: label and address. Its trail in the audit log, here."""
        if rights.may(request.user, "view", AuditEvent):
            trail = reverse("admin:accounts_auditevent_changelist")
            yield "Audit trail", f"{trail}?q={row.pk}"

    def get_urls(self) -> list[URLPattern]:
        def act(request: HttpRequest, object_id: str, name: str) -> HttpResponse:
            return acts.page(
                request,
                model_admin=self,
                act=acts.find(self.row_acts, name),
                subject=self._row(request, object_id),
            )

        def found(request: HttpRequest, name: str) -> HttpResponse:
            chosen = acts.find(self.founding_acts, name)
            return acts.page(request, model_admin=self, act=chosen, subject=None)

        return [
            path("new/<slug:name>/", self._guarded(found), name=self._name("found")),
            path("<path:object_id>/act/<slug:name>/", self._guarded(act), name=self._name("act")),
            *super().get_urls(),
        ]

    def _guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return self.admin_site.admin_view(view)

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        """The row of a page of its own. Raises PermissionDenied, for a missing one as well."""
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _address(self, page: str, *args: object) -> str:
        return reverse(f"admin:{self._name(page)}", args=args)

    def page(
        self,
        request: HttpRequest,
        row: Any,
        *,
        title: str,
        template: str = "admin/hub/page.html",
        **context: object,
    ) -> TemplateResponse:
        """A page of a row that is neither its list nor its fields."""
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": row,
                "title": title,
                "back": self._address("change", row.pk),
                **context,
            },
        )


def may_view(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether this member of the staff may see any rows of that table."""
    return rights.may(request.user, "view", model)


def seen[Row: models.Model](request: HttpRequest, model: type[Row]) -> models.QuerySet[Row]:
    """The rows of that table that this member of the staff may see."""
    return rights.narrow(model._default_manager.all(), staff=request.user)


def _is_relation(model: type[models.Model], name: str) -> bool:
    return bool(model._meta.get_field(name).is_relation)
