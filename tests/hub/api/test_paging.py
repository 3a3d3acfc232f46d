"""Lists are paged alike: cursors forth (and back), bounds, and no cursor of another list."""

import itertools

import pytest

from notifications.models import Notification, Recipient
from tests.hub.api import codes
from tests.hub.api.world import NOTICE

pytestmark = pytest.mark.django_db

INBOX, SENT, CHANGES = "/api/v1/me/inbox", "/api/v1/notifications", "/api/v1/me/changes"


@pytest.fixture
def many(world, now):
    """Seven notices beside the request that is there."""
    for number in range(7):
        body = {**NOTICE, "reference": f"R-{number}"}
        accepted = world.call("sender", "POST", SENT, body).json()
        Recipient.objects.get_or_create(
            employee=world.alice, notification_id=accepted["id"], defaults={"arrived_at": now}
        )
    return world


def walk(world, caller, path, query="page_size=3"):
    """Every page from the first to the last."""
    pages, after = [], ""
    while True:
        page = world.call(caller, "GET", f"{path}?{query}{after}").json()
        pages.append(page)
        if page["page_info"]["after"] is None:
            return pages
        after = f"&after={page['page_info']['after']}"


@pytest.mark.parametrize(("caller", "path"), [("owner", INBOX), ("sender", SENT)])
def test_pages_follow_each_other_without_gap_or_repeat(many, caller, path):
    pages = walk(many, caller, path)
    ids = [entry["id"] for page in pages for entry in page["entries"]]

    assert [len(page["entries"]) for page in pages] == [3, 3, 2]
    assert len(set(ids)) == len(ids) == 8
    for page in pages:
        assert page.keys() == {"entries", "page_info"}
        assert page["page_info"].keys() == {"after", "before", "page_size"}
        assert page["page_info"]["page_size"] == 3
    assert pages[0]["page_info"]["before"] is None


def test_an_inbox_is_paged_back_to_the_very_pages_it_was_paged_forth(many):
    pages = walk(many, "owner", INBOX)
    for earlier, later in itertools.pairwise(pages):
        before = later["page_info"]["before"]
        back = many.call("owner", "GET", f"{INBOX}?page_size=3&before={before}").json()
        assert back["entries"] == earlier["entries"]


def test_after_and_before_at_once_are_refused(many):
    cursor = walk(many, "owner", INBOX)[0]["page_info"]["after"]
    answer = many.call("owner", "GET", f"{INBOX}?after={cursor}&before={cursor}")

    assert codes.problem(answer)["code"] == "invalid"


@pytest.mark.parametrize(("caller", "path"), [("owner", INBOX), ("sender", SENT)])
def test_a_page_has_fifty_entries_unless_it_is_told_and_a_hundred_at_most(many, caller, path):
    assert many.call(caller, "GET", path).json()["page_info"]["page_size"] == 50
    for size, status in ((1, 200), (100, 200), (0, 422), (101, 422), (-1, 422)):
        answer = many.call(caller, "GET", f"{path}?page_size={size}")
        assert answer.status_code == status
        if status == 422:
            assert codes.problem(answer)["errors"][0]["pointer"] == "/page_size"


def test_what_arrives_meanwhile_does_not_shift_the_next_page(many):
    first = many.call("sender", "GET", f"{SENT}?page_size=3").json()
    expected = walk(many, "sender", SENT)[1]["entries"]
    many.call("sender", "POST", SENT, NOTICE)

    cursor = first["page_info"]["after"]
    second = many.call("sender", "GET", f"{SENT}?page_size=3&after={cursor}").json()
    assert second["entries"] == expected


def test_a_cursor_of_another_list_is_refused(many):
    cursors = {
        INBOX: walk(many, "owner", INBOX)[0]["page_info"]["after"],
        SENT: walk(many, "sender", SENT)[0]["page_info"]["after"],
        CHANGES: many.call("owner", "GET", CHANGES).json()["cursor"],
    }
    for caller, path, name in (
        ("owner", INBOX, "after"),
        ("owner", INBOX, "before"),
        ("sender", SENT, "after"),
        ("owner", CHANGES, "since"),
    ):
        for origin, cursor in cursors.items():
            if origin == path:
                continue
            answer = many.call(caller, "GET", f"{path}?{name}={cursor}")
            assert answer.status_code == 422, (path, origin)
            [flaw] = codes.problem(answer)["errors"]
            assert flaw["code"] == "bad_cursor"


def test_a_cursor_opens_nothing_to_somebody_else(many):
    mine = walk(many, "owner", INBOX)[0]["page_info"]["after"]
    theirs = many.call("other_employee", "GET", f"{INBOX}?after={mine}")
    assert theirs.json()["entries"] == []

    sent = walk(many, "sender", SENT)[0]["page_info"]["after"]
    for stranger in ("other_subsystem", "sender_test_key"):
        assert many.call(stranger, "GET", f"{SENT}?after={sent}").json()["entries"] == []


def test_a_reference_and_a_state_narrow_the_list(many, now):
    found = many.call("sender", "GET", f"{SENT}?reference=R-3").json()["entries"]
    assert [entry["reference"] for entry in found] == ["R-3"]

    Notification.objects.filter(reference="R-4").update(state="expired", closed_at=now)
    found = many.call("sender", "GET", f"{SENT}?state=expired").json()["entries"]
    assert [entry["reference"] for entry in found] == ["R-4"]
    assert many.call("sender", "GET", f"{SENT}?reference=r-3").json()["entries"] == []


def test_the_filters_of_an_inbox_hold_on_every_page(many):
    waiting = many.call("owner", "GET", f"{INBOX}?state=waiting").json()
    assert [entry["id"] for entry in waiting["entries"]] == [str(many.request.pk)]
    assert many.call("owner", "GET", f"{INBOX}?category=other").json()["entries"] == []
