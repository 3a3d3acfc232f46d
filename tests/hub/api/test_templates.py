"""Templates over HTTP: kept in editions, named in a POST, read by each in their language."""

import pytest

from accounts import audit, devices
from accounts.models import Device, Employee
from notifications.models import Category, Notification, Preference, Template
from tests.hub.api import codes
from tests.notifications.acting import Provider, work

pytestmark = pytest.mark.django_db

PATH = "/api/v1/categories/approval/templates/report"
TEMPLATE = {
    "takes": {"who": "text", "count": "number", "amount": "money"},
    "texts": {
        "en": {"title": "{count, plural, one {# report} other {# reports}} of {who}", "summary": "{amount}"},
        "de": {"title": "{count, plural, one {# Bericht} other {# Berichte}} von {who}", "summary": "{amount}"},
    },
    "default_language": "en",
}  # fmt: skip
DATA = {"who": "Eve", "count": 2, "amount": {"value": "412.50", "currency": "EUR"}}
NOTICE = {
    "category": "approval", "kind": "notice", "template": "report", "data": DATA,
    "audience": {"any": [{"employees": ["E1001", "E1002"]}]},
}  # fmt: skip


@pytest.fixture
def template(world):
    answered = world.call("sender", "PUT", PATH, TEMPLATE)
    assert answered.status_code == 201, answered.content
    return answered.json()


def post(world, **changes):
    return world.call("sender", "POST", "/api/v1/notifications", {**NOTICE, **changes})


def item(world, caller, id_):
    return world.call(caller, "GET", f"/api/v1/me/inbox/{id_}").json()


def speaks(employee_id, language):
    Employee.objects.filter(employee_id=employee_id).update(language=language)


def test_each_reads_it_in_their_language_in_the_list_the_item_the_feed_and_the_push(
    world, template, monkeypatch, now
):
    from notifications.push import send

    provider = Provider()
    monkeypatch.setattr(send, "gateway", lambda: provider)
    Category.objects.filter(subsystem__key="payroll").update(sensitivity="public")
    for person in ("E1001", "E1002"):
        device = Device.objects.filter(employee__employee_id=person, closed_at=None).first()
        devices.register_push_address(
            device_id=device.pk, address=f"address of {person}", kind="token", actor=audit.HUB,
            now=now,
        )  # fmt: skip
    speaks("E1001", "de-AT")
    id_ = post(world).json()["id"]
    work()

    assert item(world, "owner", id_)["title"] == "2 Berichte von Eve"
    assert item(world, "owner", id_)["summary"] == "412,50\N{NO-BREAK SPACE}€"
    assert item(world, "reader", id_)["title"] == "2 reports of Eve"
    entries = world.call("owner", "GET", "/api/v1/me/inbox").json()["entries"]
    assert "2 Berichte von Eve" in [entry["title"] for entry in entries]
    pushed = {
        p.address.value: p.wording.data["title"]
        for p in provider.sent
        if p.wording.data["id"] == id_
    }
    assert pushed == {
        "address of E1001": "2 Berichte von Eve", "address of E1002": "2 reports of Eve",
    }  # fmt: skip
    Preference.objects.create(employee_id=world.alice.pk, language="en", changed_at=now)
    assert item(world, "owner", id_)["title"] == "2 reports of Eve"


def test_a_new_edition_holds_for_what_is_sent_from_then_on(world, template):
    first = post(world).json()["id"]
    again = world.call("sender", "PUT", PATH, TEMPLATE)
    assert (again.status_code, Template.objects.count()) == (200, 1)
    changed = {**TEMPLATE, "texts": {"en": {"title": "Something of {who}"}}}
    assert world.call("sender", "PUT", PATH, changed).status_code == 200
    second = post(world).json()["id"]

    assert item(world, "owner", first)["title"] == "2 reports of Eve"
    assert item(world, "owner", second)["title"] == "Something of Eve"
    listed = world.call("sender", "GET", PATH.rpartition("/")[0]).json()["entries"]
    assert [one["texts"] for one in listed] == [changed["texts"]]


def test_an_edit_brings_words_of_its_own_in_every_language(world, template):
    speaks("E1001", "de")
    id_ = post(world).json()["id"]
    edited = world.call(
        "sender", "PATCH", f"/api/v1/notifications/{id_}", {"version": 1, "title": "New"}
    )
    assert edited.status_code == 200

    assert item(world, "owner", id_)["title"] == "New"


def test_what_has_to_be_signed_reads_the_same_for_everybody(world, template):
    Category.objects.filter(subsystem__key="payroll").update(step_up=True)
    speaks("E1001", "de")
    id_ = post(world, kind="request").json()["id"]

    assert item(world, "owner", id_)["title"] == "2 reports of Eve"


def test_a_restricted_one_is_sealed_with_its_data(world, template):
    speaks("E1001", "de")
    id_ = post(world, sensitivity="restricted").json()["id"]

    assert Notification.objects.get(pk=id_).content is None
    assert item(world, "owner", id_)["title"] == "2 Berichte von Eve"


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"template": "nonsense"}, "/template", "unknown_template"),
        ({"data": {**DATA, "count": "two"}}, "/data/count", "invalid"),
        ({"data": {}}, "/data/who", "required"),
        ({"title": "Mine"}, "/title", "invalid"),
        ({"template": None}, "/template", "null"),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_sent(world, template, changes, pointer, code):
    problem = codes.problem(post(world, **changes))

    assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["errors"]]
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"texts": {"en": {"title": "{"}}}, "/texts/en/title", "bad_template"),
        ({"texts": {"en": {"title": "{nobody}"}}}, "/texts/en/title", "bad_template"),
        ({"texts": {"de": {"title": "x"}}}, "/default_language", "invalid_choice"),
        ({"texts": {"en": {"title": "x", "footer": "y"}}}, "/texts/en/footer", "unknown_field"),
        ({"texts": {"en": {"title": "x"}, "!": {"title": "x"}}}, "/texts", "not_a_language"),
        ({"takes": {"who": "person"}}, "/takes/who", "invalid_choice"),
        ({"takes": {"Who!": "text"}}, "/takes", "invalid"),
    ],
)
def test_a_template_that_cannot_work_is_refused(world, changes, pointer, code):
    problem = codes.problem(world.call("sender", "PUT", PATH, {**TEMPLATE, **changes}))

    assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["errors"]]
    assert not Template.objects.exists()


def test_the_other_subsystem_sees_and_words_its_own_only(world, template):
    assert codes.problem(world.call("other_subsystem", "GET", PATH))["status"] == 404
    body = {**NOTICE, "audience": {"any": [{"employees": ["E1003"]}]}}
    theirs = world.call("other_subsystem", "POST", "/api/v1/notifications", body)
    assert codes.problem(theirs)["errors"][0]["code"] == "unknown_template"
