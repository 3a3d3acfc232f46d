"""Every page of the admin, for every role: what is shown, and what may be done, is in this table.

The table is written by hand and knows nothing of `accounts.rights`; the pages come from the admin
itself, so that a new one without its line here fails.
"""

import re
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import rights
from accounts.admin import base
from accounts.models import AuditEvent, Employee, RoleGrant, Staff, Subsystem
from tests.hub.staff_world import CARD, ROWS, Half, half

# Payroll's owner, sender and auditor; the whole hub's auditor, administrator, …; and those who are
# limited to alice's geo or affiliate.
ROLES: dict[str, dict[str, Any]] = {
    "owner": {"role": "owner", "subsystem": True},
    "sender": {"role": "sender", "subsystem": True},
    "auditor": {"role": "auditor", "subsystem": True},
    "hub auditor": {"role": "auditor"},
    "administrator": {"role": "administrator"},
    "administrator of DE": {"role": "administrator", "geo": "DE"},
    "administrator of Alpha": {"role": "administrator", "affiliate": "Alpha"},
    "privacy officer": {"role": "privacy_officer"},
    "privacy officer of Alpha": {"role": "privacy_officer", "affiliate": "Alpha"},
    "helpdesk": {"role": "helpdesk"},
    "helpdesk of DE": {"role": "helpdesk", "geo": "DE"},
    "nobody": {},
}
PEOPLE = {
    "own": {
        "administrator of DE", "administrator of Alpha", "privacy officer of Alpha",
        "helpdesk of DE",
    },
    "all": {"administrator", "privacy officer", "helpdesk"},
}  # fmt: skip
STORY = {
    "own": {"owner", "sender", "auditor", "administrator of Alpha"},
    "all": {"hub auditor", "administrator"},
}
CONFIGURATION = {
    "own": {"owner", "auditor", "administrator of Alpha"},
    "all": {"hub auditor", "administrator"},
}
CALENDARS = {"own": {"administrator of DE"}, "all": {"administrator"}}
NOBODY: dict[str, set[str]] = {"own": set(), "all": set()}
PRIVACY = {"own": set[str](), "all": {"privacy officer", "hub auditor"}}
OVERSEERS = {"own": set[str](), "all": {"hub auditor", "administrator"}}
# Who sees payroll's and alice's rows only, and who sees everybody's.
SEES: dict[str, dict[str, set[str]]] = {
    "accounts.employee": PEOPLE,
    "accounts.device": PEOPLE,
    "accounts.access": {
        "own": PEOPLE["own"] - {"helpdesk of DE"}, "all": PEOPLE["all"] - {"helpdesk"},
    },
    "accounts.subsystem": STORY,
    "accounts.apikey": CONFIGURATION,
    "accounts.callbacksecret": CONFIGURATION,
    "accounts.auditevent": {
        "own": {"auditor"}, "all": {"hub auditor", "administrator", "privacy officer"},
    },
    "accounts.rolegrant": {"own": {"owner", "auditor"}, "all": {"hub auditor", "administrator"}},
    "accounts.grouprole": OVERSEERS,
    "accounts.synchronisation": OVERSEERS,
    "accounts.privacynotice": {
        "own": set(), "all": {"privacy officer", "hub auditor", "administrator"},
    },
    "accounts.privacyrequest": PRIVACY,
    "accounts.legalhold": PRIVACY,
    "accounts.signinalarm": OVERSEERS,
    "accounts.staff": NOBODY,
    "auth.group": NOBODY,
    "selfserve.module": CONFIGURATION,
    "selfserve.places": CONFIGURATION,
    "selfserve.submission": CONFIGURATION,
    "notifications.notification": STORY,
    "notifications.category": STORY,
    "notifications.seat": STORY,
    "notifications.callbackevent": CONFIGURATION,
    "notifications.breaker": CONFIGURATION,
    "notifications.outbound": {
        "own": set(), "all": {"privacy officer", "hub auditor", "administrator"},
    },
    "notifications.errand": {"own": {"owner", "administrator of Alpha"}, "all": {"administrator"}},
    "notifications.calendar": CALENDARS,
    "notifications.holiday": CALENDARS,
}  # fmt: skip
KEEPERS = {"owner", "administrator of Alpha", "administrator"}
LIMITERS = {"administrator"}
SERVICE = {"administrator", "administrator of DE", "administrator of Alpha", "helpdesk", "helpdesk of DE"}  # fmt: skip
# Who may do what: the acts of each page, to payroll's and alice's rows.
MAY: dict[str, dict[str, set[str]]] = {
    "accounts.employee": {"end-sessions": SERVICE},
    "accounts.device": {"close": SERVICE},
    "accounts.subsystem": {
        "create": LIMITERS, "issue-key": KEEPERS, "add-secret": KEEPERS, "endpoint": KEEPERS,
        "blast-radius": LIMITERS, "ceiling": LIMITERS, "affiliates": LIMITERS, "pause": KEEPERS, "resume": KEEPERS,
    },
    "accounts.apikey": {"revoke": KEEPERS, "ceiling": LIMITERS},
    "accounts.callbacksecret": {"retire": KEEPERS},
    "accounts.rolegrant": {"give": LIMITERS, "take-back": LIMITERS},
    "accounts.grouprole": {"map": LIMITERS, "unmap": LIMITERS},
    "accounts.privacynotice": {
        name: {"privacy officer"} for name in ("draft", "write", "publish")
    },
    "accounts.privacyrequest": {
        name: {"privacy officer"} for name in ("disclose", "approve", "answer", "refuse")
    },
    "accounts.legalhold": {name: {"privacy officer"} for name in ("place", "lift")},
    "selfserve.module": {
        "register": KEEPERS, "remove": KEEPERS,
        "approve": {"administrator", "administrator of Alpha"},
        "decline": {"administrator", "administrator of Alpha"},
    },
    "selfserve.places": {
        name: {"administrator", "administrator of Alpha"} for name in ("allow", "change")
    },
    "notifications.notification": {
        name: {*KEEPERS, "sender"} for name in ("release", "reassign", "withdraw")
    },
    "notifications.category": {"create": KEEPERS, "edit": KEEPERS, "keep": KEEPERS},
    "notifications.callbackevent": {"replay": KEEPERS},
    "notifications.errand": {
        "pause-pushes": LIMITERS, "resume-pushes": LIMITERS,
        "retry": {"administrator", "administrator of Alpha"},
        "remove": {"administrator", "administrator of Alpha"},
    },
    "notifications.calendar": {
        "create": LIMITERS, "edit": {"administrator", "administrator of DE"},
        "import": {"administrator", "administrator of DE"},
        "lift": {"administrator", "administrator of DE"},
    },
    "notifications.holiday": {"remove": {"administrator", "administrator of DE"}},
}  # fmt: skip
PAGES = {"changelist", "change", "add", "delete", "history"}
MORE_PAGES = {
    "accounts.employee": {"why"},
    "notifications.notification": {"recipients", "deliveries"},
}
# What is handed over once, to whom.
FETCHED = {"accounts.privacyrequest": {"archive": {"privacy officer"}}}
ADMINS = {model._meta.label_lower: one for model, one in admin.site._registry.items()}


@pytest.fixture
def halves(
    alice: Employee, charlie: Employee, payroll: Subsystem, rosters: Subsystem, now: datetime
) -> tuple[Half, Half]:
    """Payroll with alice, of the affiliate Alpha; rosters with the stranger, of Beta."""
    return (
        half(payroll, alice, affiliate="Alpha", now=now),
        half(rosters, charlie, affiliate="Beta", now=now),
    )


def signed_in(name: str, *, payroll: Subsystem, now: datetime) -> Client:
    """A browser of somebody who has that role and nothing else."""
    staff = Staff.objects.create_user("somebody", is_staff=True)
    terms = dict(ROLES[name])
    if terms:
        terms["subsystem"] = payroll if terms.get("subsystem") else None
        RoleGrant.objects.create(staff=staff, given_at=now, **terms)
    client = Client()
    client.force_login(staff)
    return client


def address(page: str, label: str, *args: object) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def listed(client: Client, label: str, term: str = "") -> list[object] | None:
    response = client.get(address("changelist", label), {"q": term} if term else {})
    if response.status_code == 403:
        return None
    assert response.status_code == 200, (label, response.status_code)
    return [row.pk for row in response.context["cl"].result_list]


def test_every_page_of_the_admin_is_in_the_table() -> None:
    assert set(ADMINS) == set(SEES) == set(ROWS)
    for label, one in ADMINS.items():
        names = {u.name.removeprefix(label.replace(".", "_") + "_") for u in one.get_urls() if isinstance(u, URLPattern) and u.name}  # fmt: skip
        acting = {"act", "found", "auth_user_password_change", *FETCHED.get(label, {})}
        assert names - acting <= PAGES | MORE_PAGES.get(label, set())
        named = {act.name for kind in ("row_acts", "founding_acts") for act in getattr(one, kind, ())}  # fmt: skip
        assert named == set(MAY.get(label, {})), label


def test_nobody_gets_round_the_rule() -> None:
    for label, one in ADMINS.items():
        if label in {"accounts.staff", "auth.group"}:  # the superusers' alone
            continue
        assert isinstance(one, base.ReadOnlyAdmin), label
        assert rights.declared(one.model), label
        kind = type(one)
        for hook in ("get_queryset", "has_view_permission", "get_list_filter", "get_object"):
            inherited = getattr(base.ReadOnlyAdmin, hook)
            assert getattr(kind, hook) is inherited, f"{label} has a {hook} of its own"


@pytest.mark.parametrize("name", ROLES)
def test_each_role_sees_and_does_what_the_table_says(
    halves: tuple[Half, Half], payroll: Subsystem, name: str, now: datetime
) -> None:
    client = signed_in(name, payroll=payroll, now=now)
    for label, make in ROWS.items():
        own, other = make(halves[0]), make(halves[1])
        sees_all, sees = name in SEES[label]["all"], name in SEES[label]["own"]
        rows = listed(client, label)
        assert (rows is not None) == (sees or sees_all), label
        for row, visible in ((own, sees or sees_all), (other, sees_all)):
            assert (row.pk in (rows or [])) == visible, (label, row)
            assert (row.pk in (listed(client, label, str(row.pk)) or [])) <= visible
            history = ("history",) if row is own else ()
            for page in ("change", *history, *MORE_PAGES.get(label, ())):
                status = client.get(address(page, label, row.pk)).status_code
                assert (status == 200) == visible, (label, page, status)
                assert status in {200, 302, 403}, (label, page, status)
            for page, fetchers in FETCHED.get(label, {}).items():
                status = client.get(address(page, label, row.pk)).status_code
                assert (status == 403) != (name in fetchers), (label, page, status)
            assert client.post(address("delete", label, row.pk), {"post": "yes"}).status_code == 403
        assert client.get(address("add", label)).status_code == 403
        assert_acts(client, ADMINS[label], label, name, own=own, other=other)


def assert_acts(
    client: Client, model_admin: Any, label: str, name: str, *, own: Any, other: Any
) -> None:
    sees_all = name in SEES[label]["all"]
    for act in getattr(model_admin, "row_acts", ()):
        allowed = name in MAY[label][act.name]
        for row, may in ((own, allowed), (other, allowed and sees_all)):
            url = address("act", label, row.pk, act.name)
            assert (client.get(url).status_code == 403) != may, (label, act.name, row)
            if not may:
                assert client.post(url, {}).status_code == 403
    for act in getattr(model_admin, "founding_acts", ()):
        url = address("found", label, act.name)
        assert (client.get(url).status_code == 403) != (name in MAY[label][act.name]), act.name


@pytest.mark.parametrize("name", ["owner", "sender", "auditor", "administrator of Alpha"])
def test_nothing_of_the_other_half_is_on_any_page(
    halves: tuple[Half, Half], payroll: Subsystem, name: str, now: datetime
) -> None:
    client = signed_in(name, payroll=payroll, now=now)
    said = ""
    for label, make in ROWS.items():
        own, _ = make(halves[0]), make(halves[1])
        pages = [address("changelist", label), address("change", label, own.pk)]
        pages += [address(page, label, own.pk) for page in MORE_PAGES.get(label, ())]
        said += "".join(client.get(page).content.decode() for page in pages)
    said += client.get(reverse("admin:index")).content.decode()
    if name == "owner":
        said += client.get(address("found", "notifications.category", "create")).content.decode()
    assert re.search("payroll", said)
    assert not re.search("rosters|charlie", said, re.IGNORECASE)


@pytest.mark.parametrize("name", ["helpdesk", "privacy officer", "administrator of DE", "nobody"])
def test_who_may_not_read_content_finds_it_on_no_page(
    halves: tuple[Half, Half], payroll: Subsystem, name: str, now: datetime
) -> None:
    client = signed_in(name, payroll=payroll, now=now)
    for label, make in ROWS.items():
        row = make(halves[0])
        pages = [address("changelist", label), address("change", label, row.pk)]
        pages += [address(page, label, row.pk) for page in MORE_PAGES.get(label, ())]
        for page in pages:
            assert CARD["title"] not in client.get(page).content.decode(), page


def test_a_member_with_two_roles_acts_only_where_the_acting_one_holds(
    halves: tuple[Half, Half], payroll: Subsystem, rosters: Subsystem, now: datetime
) -> None:
    client = signed_in("sender", payroll=payroll, now=now)
    staff = Staff.objects.get(username="somebody")
    RoleGrant.objects.create(staff=staff, role="auditor", subsystem=rosters, given_at=now)
    theirs = halves[1].notification
    page = client.get(address("change", "notifications.notification", theirs.pk))
    assert page.status_code == 200
    assert "Withdraw" not in page.content.decode()
    url = address("act", "notifications.notification", theirs.pk, "withdraw")
    assert client.post(url, {"reason": "Mine now"}).status_code == 403


def test_a_role_that_is_taken_back_or_whose_bearer_is_switched_off_opens_nothing(
    halves: tuple[Half, Half], payroll: Subsystem, now: datetime
) -> None:
    client = signed_in("administrator", payroll=payroll, now=now)
    assert listed(client, "accounts.employee") is not None
    RoleGrant.objects.all().delete()
    assert listed(client, "accounts.employee") is None
    staff = Staff.objects.get(username="somebody")
    RoleGrant.objects.create(staff=staff, role="administrator", given_at=now)
    Staff.objects.filter(pk=staff.pk).update(is_active=False)
    assert client.get(address("changelist", "accounts.employee")).status_code == 302


def test_where_affiliates_are_kept_apart_djangos_own_permissions_open_no_row(
    halves: tuple[Half, Half], payroll: Subsystem, now: datetime, settings: Any
) -> None:
    client = signed_in("nobody", payroll=payroll, now=now)
    staff = Staff.objects.get(username="somebody")
    staff.user_permissions.set(Permission.objects.filter(codename="view_employee"))
    assert len(listed(client, "accounts.employee") or []) == 3
    settings.AFFILIATES_SEPARATED = True
    assert listed(client, "accounts.employee") is None


def test_the_other_half_cannot_be_taken_for_a_category(
    halves: tuple[Half, Half], payroll: Subsystem, rosters: Subsystem, now: datetime
) -> None:
    client = signed_in("owner", payroll=payroll, now=now)
    form = {
        "key": "new", "name": "New", "sensitivity": "internal", "escalation": "[]",
        "on_expiry": "none",
    }  # fmt: skip
    url = address("found", "notifications.category", "create")
    assert client.post(url, {**form, "subsystem": str(rosters.pk)}).status_code == 422
    assert client.post(url, {**form, "subsystem": str(payroll.pk)}).status_code == 302
    assert AuditEvent.objects.filter(action="category_created").count() == 1
