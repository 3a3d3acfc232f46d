"""The admin of people, phones and sub-systems reads freely and writes by domain functions alone."""

import html
import html.parser
import ipaddress
import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import audit, devices, refusals, subsystems
from accounts.admin import paginator
from accounts.models import ApiKey, AuditEvent, CallbackSecret, Device, Employee, Staff, Subsystem
from hub.lib import guard
from tests.accounts.test_sessions import sign_in

PUSH_ADDRESS = "push-address-of-alice"
INSTALLATION = "installation-of-alice"
MODELS = ["employee", "device", "subsystem", "apikey", "callbacksecret", "auditevent", "staff"]


@pytest.fixture
def root(db: None) -> Client:
    """A superuser at the admin."""
    client = Client()
    client.force_login(Staff.objects.create_superuser("root", password="right"))
    return client


def member(*permissions: str) -> Client:
    """A member of the staff with these permissions only."""
    person = Staff.objects.create_user("member", password="right", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def alices_phone(alice: Employee, now: datetime) -> Device:
    """An open session of alice."""
    opened = sign_in(
        alice, now, installation=INSTALLATION, push_address=PUSH_ADDRESS, model="Pixel 9"
    )
    return Device.objects.get(pk=opened.device_id)


@pytest.fixture
def key(payroll: Subsystem, now: datetime) -> subsystems.IssuedKey:
    """A live key of payroll."""
    return subsystems.issue_key(
        subsystem=payroll, mode="live", name="cron", expires_at=None, actor=audit.HUB, now=now
    )


def change(row: object) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def act(row: object, name: str) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_act", args=[row.pk, name])


class Inline(html.parser.HTMLParser):
    """Collects what a strict content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in named):
            self.found.append(tag)
        self.found += [name for name in named if name == "style" or name.startswith("on")]
        address = named.get("src") or (named.get("href") if tag == "link" else None) or "/"
        if not address.startswith("/") or address.startswith("//"):
            self.found.append(address)


def assert_strict(response: object) -> None:
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    inline = Inline()
    inline.feed(response.content.decode())
    assert inline.found == []


def test_every_list_and_page_opens_with_the_cast_on_it(
    root: Client, alice: Employee, alices_phone: Device, key: subsystems.IssuedKey, now: datetime
) -> None:
    payroll = key.key.subsystem
    subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=audit.HUB, now=now)
    secret = CallbackSecret.objects.get()
    event = AuditEvent.objects.latest("pk")
    staff = Staff.objects.get()
    shown = {
        alice: "Alice", alices_phone: "Pixel 9", payroll: "Payroll", key.key: key.key.hint,
        secret: str(secret.pk), event: event.action, staff: "root",
    }  # fmt: skip
    pages = [reverse(f"admin:accounts_{model}_changelist") for model in MODELS]
    pages += [reverse("admin:index"), reverse("admin:auth_group_changelist")]
    for page in pages:
        response = root.get(page)
        assert response.status_code == 200, page
        assert_strict(response)
    for row, words in shown.items():
        response = root.get(change(row))
        assert response.status_code == 200, row
        assert words in response.content.decode()
        assert_strict(response)


def test_the_login_page_needs_no_inline_code_and_bears_the_name_of_the_hub(
    db: None, settings: object
) -> None:
    response = Client().get(reverse("admin:login"))
    assert settings.HUB_NAME in response.content.decode()
    assert_strict(response)


def test_no_page_shows_a_secret_a_push_address_or_an_installation(
    root: Client, alice: Employee, alices_phone: Device, key: subsystems.IssuedKey, now: datetime
) -> None:
    subsystem = key.key.subsystem
    secret = subsystems.add_callback_secret(subsystem_id=subsystem.pk, actor=audit.HUB, now=now)
    rows = [alice, alices_phone, subsystem, key.key, CallbackSecret.objects.get()]
    rows += list(AuditEvent.objects.all())
    pages = [change(row) for row in rows]
    pages += [reverse(f"admin:accounts_{model}_changelist") for model in MODELS]
    said = "".join(root.get(page).content.decode() for page in pages)
    digests = [alices_phone.push_address_index, key.key.digest, alices_phone.access_digest]
    for hidden in (PUSH_ADDRESS, INSTALLATION, key.text, key.text[7:40], secret, "192.0.2.7"):
        assert hidden not in said
    for digest in digests:
        assert bytes(digest).hex() not in said


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_permissions_see_nothing(
    alice: Employee, alices_phone: Device, key: subsystems.IssuedKey, model: str
) -> None:
    client = member()
    assert client.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 403
    for row in (alice, alices_phone, key.key, key.key.subsystem):
        assert client.get(change(row)).status_code == 403
    assert "Employees" not in client.get(reverse("admin:index")).content.decode()
    assert not AuditEvent.objects.filter(action="personal_data_read").exists()


def test_who_is_not_staff_is_sent_to_the_login(alice: Employee) -> None:
    for page in (change(alice), act(alice, "end-sessions")):
        response = Client().get(page)
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("admin:login"))


def test_who_may_look_may_not_act(payroll: Subsystem) -> None:
    client = member("view_subsystem")
    page = client.get(change(payroll)).content.decode()
    assert "Payroll" in page
    assert "Issue key" not in page
    for name in ("issue-key", "pause", "endpoint"):
        assert client.post(act(payroll, name), {"mode": "live"}).status_code == 403
    assert not ApiKey.objects.exists()
    create = reverse("admin:accounts_subsystem_found", args=["create"])
    assert client.post(create, {"key": "x", "name": "X"}).status_code == 403


def test_the_right_to_act_is_enough_to_look_and_act(payroll: Subsystem) -> None:
    client = member("change_subsystem")
    assert "Pause" in client.get(change(payroll)).content.decode()
    assert client.post(act(payroll, "pause")).status_code == 302


def test_a_raw_change_form_is_refused(
    root: Client, alice: Employee, alices_phone: Device, key: subsystems.IssuedKey
) -> None:
    for row in (alice, alices_phone, key.key, key.key.subsystem, AuditEvent.objects.latest("pk")):
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        assert root.post(change(row), {"name": "x", "_save": "Save"}).status_code == 405
        assert root.post(change(row), {"_saveasnew": "1"}).status_code == 405
        assert root.post(reverse(f"{base}_add"), {"name": "x"}).status_code == 403
        deletion = reverse(f"{base}_delete", args=[row.pk])
        assert root.post(deletion, {"post": "yes"}).status_code == 403
        wanted = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        root.post(reverse(f"{base}_changelist"), wanted)
        assert type(row).objects.filter(pk=row.pk).exists()


def test_there_is_no_key_of_the_hubs_own_sub_system(root: Client, now: datetime) -> None:
    create = reverse("admin:accounts_subsystem_found", args=["create"])
    assert root.post(create, {"key": subsystems.BUILT_IN, "name": "X"}).status_code == 422
    own = subsystems.create(key=subsystems.BUILT_IN, name="Hub", actor=audit.HUB, now=now)

    assert "Issue key" not in root.get(change(own)).content.decode()
    root.post(act(own, "issue-key"), {"mode": "live", "name": "x"})

    assert not ApiKey.objects.exists()


def test_a_new_key_is_shown_once_and_never_again(
    root: Client, payroll: Subsystem, now: datetime
) -> None:
    answer = root.post(act(payroll, "issue-key"), {"mode": "test", "name": "laptop"})
    text = re.search(r"hub_tk_[0-9A-Za-z]{49}", answer.content.decode())[0]
    assert "no-store" in answer.headers["Cache-Control"]
    assert_strict(answer)
    assert subsystems.authenticate_key(text=text, now=now).mode == "test"
    issued = ApiKey.objects.get()
    later = [root.get(page) for page in (change(payroll), change(issued), reverse("admin:index"))]
    assert all(text not in page.content.decode() for page in later)
    carried = repr(root.session.items()) + str(root.cookies) + repr(AuditEvent.objects.values())
    assert text[7:40] not in carried
    event = AuditEvent.objects.get(action="key_issued")
    assert (event.actor_kind, event.actor_id) == ("staff", str(Staff.objects.get().pk))


def test_a_key_is_good_to_the_end_of_its_last_day_and_no_longer(
    root: Client, payroll: Subsystem, now: datetime
) -> None:
    yesterday = {"mode": "live", "last_day": (now - timedelta(days=1)).date()}
    assert root.post(act(payroll, "issue-key"), yesterday).status_code == 422
    assert not ApiKey.objects.exists()
    tomorrow = (now + timedelta(days=1)).date()
    root.post(act(payroll, "issue-key"), {"mode": "live", "last_day": tomorrow})
    assert ApiKey.objects.get().expires_at.date() == tomorrow


def test_a_revoked_key_is_refused_and_cannot_be_revoked_again(
    root: Client, key: subsystems.IssuedKey, now: datetime
) -> None:
    assert root.get(act(key.key, "revoke")).status_code == 200
    assert subsystems.authenticate_key(text=key.text, now=now)
    root.post(act(key.key, "revoke"))
    with pytest.raises(refusals.NotAuthenticated):
        subsystems.authenticate_key(text=key.text, now=now)
    assert root.post(act(key.key, "revoke")).status_code == 302
    assert AuditEvent.objects.filter(action="key_revoked", actor_kind="staff").count() == 1


def test_callback_secrets_are_added_shown_once_and_retired(
    root: Client, payroll: Subsystem
) -> None:
    answer = root.post(act(payroll, "add-secret"))
    (text,) = subsystems.live_callback_secrets(subsystem_id=payroll.pk)
    assert text in html.unescape(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    root.post(act(payroll, "add-secret"))
    refused = root.post(act(payroll, "add-secret"))
    assert refused.status_code == 422
    assert "retire one first" in refused.content.decode()
    oldest = CallbackSecret.objects.earliest("created_at")
    root.post(act(oldest, "retire"))
    assert text not in subsystems.live_callback_secrets(subsystem_id=payroll.pk)


def test_a_subsystem_is_made_paused_and_resumed(root: Client, now: datetime) -> None:
    create = reverse("admin:accounts_subsystem_found", args=["create"])
    assert root.post(create, {"key": "travel", "name": "Travel"}).status_code == 302
    taken = root.post(create, {"key": "travel", "name": "Again"})
    assert taken.status_code == 422
    assert "Another sub-system has this key" in taken.content.decode()
    travel = Subsystem.objects.get(key="travel")
    root.post(act(travel, "pause"))
    travel.refresh_from_db()
    assert travel.paused_at is not None
    root.post(act(travel, "resume"))
    travel.refresh_from_db()
    assert travel.paused_at is None
    actions = AuditEvent.objects.filter(subject_id=str(travel.pk)).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "subsystem_created", "subsystem_paused", "subsystem_resumed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"url": "https://169.254.169.254/latest"}, "may not go"),
        ({"url": "https://127.0.0.1/"}, "may not go"),
        ({"url": "https://10.0.0.1:8443/", "ports": "443"}, "may not go"),
        ({"url": "https://10.9.0.1/", "networks": "10.2.0.0/16"}, "may not go"),
        ({"url": "ftp://10.0.0.1/"}, "not an address"),
        ({"url": "https://user@10.0.0.1/"}, "not an address"),
        ({"url": "https://10.0.0.1/", "networks": "10.2.3.4/16"}, "without bits beyond"),
        ({"url": "https://10.0.0.1/", "ports": "0"}, "1 to 65535"),
        ({"url": "https://10.0.0.1/", "ports": "٤٤٣"}, "1 to 65535"),
    ],
)
def test_a_callback_address_where_callbacks_may_not_go_is_refused(
    root: Client, payroll: Subsystem, form: dict[str, str], said: str
) -> None:
    answer = root.post(act(payroll, "endpoint"), form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    payroll.refresh_from_db()
    assert payroll.callback_url == ""


def test_a_callback_address_is_set_switched_on_and_audited(
    root: Client, payroll: Subsystem, now: datetime
) -> None:
    Subsystem.objects.filter(pk=payroll.pk).update(callback_off_at=now)
    form = {
        "url": "https://10.2.0.9:8443/hub",
        "networks": "10.2.0.0/16, fd00::/8",
        "ports": "8443",
    }
    assert root.post(act(payroll, "endpoint"), form).status_code == 302
    payroll.refresh_from_db()
    assert payroll.callback_url == form["url"]
    assert payroll.callback_networks == ["10.2.0.0/16", "fd00::/8"]
    assert payroll.callback_ports == [8443]
    assert payroll.callback_off_at is None
    event = AuditEvent.objects.get(action="callback_endpoint_registered")
    assert event.data == {"url": form["url"], "before": ""}
    assert form["url"] in root.get(act(payroll, "endpoint")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_callback_name_is_looked_up_outside_of_any_transaction(
    root: Client, payroll: Subsystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic = []

    def resolve(host: str) -> tuple[guard.Address, ...]:
        atomic.append(connection.in_atomic_block)
        return (ipaddress.ip_address("10.2.0.9"),)

    monkeypatch.setattr(guard, "resolve", resolve)
    root.post(act(payroll, "endpoint"), {"url": "https://payroll.corp.example/hub"})
    assert atomic == [False]
    payroll.refresh_from_db()
    assert payroll.callback_url == "https://payroll.corp.example/hub"


def test_production_takes_no_callback_address_without_tls(
    root: Client, payroll: Subsystem, settings: object
) -> None:
    settings.HUB_MODE = "production"
    Subsystem.objects.filter(pk=payroll.pk).update(callback_loopback_allowed=True)
    for url in ("http://10.0.0.1/", "https://127.0.0.1/"):
        assert root.post(act(payroll, "endpoint"), {"url": url}).status_code == 422


def test_a_session_is_ended_by_staff_and_the_phone_told_to_wipe(
    root: Client, alices_phone: Device
) -> None:
    root.post(act(alices_phone, "close"))
    alices_phone.refresh_from_db()
    assert alices_phone.closed_reason == "revoked"
    assert devices.open_address(device=alices_phone) is None
    assert AuditEvent.objects.filter(action="session_closed", actor_kind="staff").count() == 1


def test_all_sessions_of_a_person_are_ended_at_once(
    root: Client, alice: Employee, alices_phone: Device
) -> None:
    root.post(act(alice, "end-sessions"))
    assert not devices.listed(employee_id=alice.pk).exists()


def test_a_look_at_a_person_or_their_phone_is_on_the_record(
    root: Client, alice: Employee, alices_phone: Device
) -> None:
    root.get(change(alice))
    root.get(change(alices_phone))
    root.get(reverse("admin:accounts_employee_changelist"), {"q": "alice"})
    events = AuditEvent.objects.filter(action="personal_data_read").order_by("pk")
    assert [(event.subject_kind, event.subject_id, event.data) for event in events] == [
        ("employee", str(alice.pk), {}),
        ("device", str(alices_phone.pk), {}),
        ("employee_list", "", {"people": [str(alice.pk)]}),
    ]
    assert {event.actor_kind for event in events} == {"staff"}


def test_a_look_that_cannot_be_recorded_is_not_had(
    root: Client, alice: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("no audit log")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(RuntimeError):
        root.get(change(alice))


def test_people_and_sessions_are_filtered_by_their_standing(
    root: Client, alice: Employee, bob: Employee, alices_phone: Device, now: datetime
) -> None:
    Employee.objects.filter(pk=bob.pk).update(disabled_at=now)
    for model, wanted, rows in (
        ("employee", {"standing": "disabled"}, 1),
        ("employee", {"standing": "enabled"}, 2),
        ("device", {"session": "open"}, 1),
        ("device", {"session": "closed"}, 0),
    ):
        page = root.get(reverse(f"admin:accounts_{model}_changelist"), wanted)
        assert page.context["cl"].result_count == rows


@pytest.mark.parametrize("term", ["E1001", "ALICE", "Alice@corp.example", "lic"])
def test_a_person_is_found_by_id_user_name_mail_or_part_of_the_name(
    root: Client, alice: Employee, bob: Employee, term: str
) -> None:
    page = root.get(reverse("admin:accounts_employee_changelist"), {"q": term}).content.decode()
    assert "Alice" in page
    assert "Bob" not in page


def test_the_audit_log_is_found_by_subject_actor_and_action(
    root: Client, payroll: Subsystem, rosters: Subsystem, now: datetime
) -> None:
    actor = audit.Actor("staff", "4711")
    subsystems.pause(subsystem_id=payroll.pk, actor=actor, now=now)
    subsystems.pause(subsystem_id=rosters.pk, actor=audit.HUB, now=now)
    log = reverse("admin:accounts_auditevent_changelist")
    found = {
        term: root.get(log, {"q": term}).content.decode().count('<td class="field-subject">')
        for term in (str(payroll.pk), "4711", "subsystem_paused", "subsystem")
    }
    assert found == {str(payroll.pk): 1, "4711": 1, "subsystem_paused": 2, "subsystem": 0}


@pytest.mark.parametrize("model", ["employee", "device", "auditevent", "apikey"])
def test_no_list_counts_its_table(root: Client, alices_phone: Device, model: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        root.get(reverse(f"admin:accounts_{model}_changelist"))
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counting
    assert all(f"LIMIT {paginator.ROWS_AT_MOST + 1}" in sql for sql in counting)


def test_a_list_that_is_longer_than_its_cap_says_so(
    root: Client, alice: Employee, bob: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paginator, "ROWS_AT_MOST", 2)
    page = root.get(reverse("admin:accounts_employee_changelist")).content.decode()
    assert "The first 2 employees; search for others" in page


@pytest.mark.parametrize("probe", ["access_digest", "push_address_index__isnull", "closed_reason"])
def test_columns_cannot_be_probed_by_the_address_of_a_list(
    root: Client, alices_phone: Device, probe: str
) -> None:
    listed = reverse("admin:accounts_device_changelist")
    assert root.get(listed, {probe: "1"}).status_code == 400


def test_only_superusers_give_rights_and_each_is_on_the_record(root: Client) -> None:
    client = member("add_staff", "change_staff", "view_staff", "change_group")
    person = Staff.objects.get(username="member")
    form = {"username": "member", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    password = {"usable_password": "true", "password1": "a-Long-one-9", "password2": "a-Long-one-9"}
    change_password = reverse("admin:auth_user_password_change", args=[person.pk])
    for who, status in ((client, 403), (root, 302)):
        assert who.post(change(person), form).status_code == status
        assert who.post(change_password, password).status_code == status
    person.refresh_from_db()
    assert person.is_superuser
    first = AuditEvent.objects.filter(action="staff_changed").earliest("pk")
    assert first.data["rights"]["superuser"] is True
    assert "a-Long-one-9" not in repr(list(AuditEvent.objects.values()))


def test_roles_are_made_on_the_record_and_nobody_of_the_staff_is_deleted(root: Client) -> None:
    wanted = Permission.objects.get(codename="view_employee")
    add = reverse("admin:auth_group_add")
    root.post(add, {"name": "Service desk", "permissions": [wanted.pk]})
    role = Group.objects.get()
    event = AuditEvent.objects.get(action="staff_group_created")
    assert (event.subject_id, event.data["rights"]) == (
        str(role.pk), {"permissions": ["view_employee"]},
    )  # fmt: skip
    for row in (role, Staff.objects.get()):
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}_delete"
        assert root.post(reverse(base, args=[row.pk]), {"post": "yes"}).status_code == 403


def test_a_row_that_is_not_there_is_refused_like_one_that_may_not_be_seen(root: Client) -> None:
    missing = Device(pk="018f0000-0000-7000-8000-000000000000")
    assert root.post(act(missing, "close")).status_code == 403
    assert root.post(act(Device(pk="nonsense"), "close")).status_code == 403
