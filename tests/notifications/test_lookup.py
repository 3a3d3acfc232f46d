"""What is assumed of a draft is never believed: the statement that writes finds it out itself."""

import pytest

from accounts.subsystems import Caller
from hub.lib import errors, ids, statements
from notifications import ingest, lookup
from notifications.models import Category, Errand, Notification, Recipient, Seat

pytestmark = pytest.mark.django_db
CARD = {"title": "Taxi", "summary": "", "body": "", "facts": [], "links": []}


@pytest.fixture
def caller(payroll):
    return Caller(subsystem_id=payroll.id, key_id=ids.uuid7(), mode="live")


@pytest.fixture
def send(approval, caller, now):
    """Accepts a notice to people by name; the category was used a moment ago."""
    lookup.look_up(categories=[approval.key], names=[], caller=caller)

    def send(*names, **more):
        draft = ingest.Draft(**{
            "category": approval.key, "kind": "notice", "card": CARD,
            "audience": {"any": [{"employees": list(names)}]}, **more,
        })  # fmt: skip
        return ingest.accept(draft, caller=caller, now=now)

    return send


@pytest.fixture
def looks(monkeypatch):
    """How often somebody was looked up."""
    made, look_up = [], lookup.look_up

    def counted(**asked):
        made.append(asked)
        return look_up(**asked)

    monkeypatch.setattr(lookup, "look_up", counted)
    return made


def readers(accepted):
    rows = Recipient.objects.filter(notification_id=accepted.id)
    return set(rows.values_list("employee__employee_id", flat=True))


def test_people_by_their_employee_ids_are_reached_in_one_round_trip(
    send, looks, alice, bob, charlie, monkeypatch
):
    asked, rows = [], statements.rows
    monkeypatch.setattr(statements, "rows", lambda *given: asked.append(1) or rows(*given))
    accepted = send("E1002", "E1001")

    assert (len(asked), looks) == (1, [])
    assert (accepted.count, accepted.unknown) == (2, [])
    assert readers(accepted) == {"E1001", "E1002"}
    notification = accepted.notification
    assert notification.recipient_count == 2
    errand = Errand.objects.get(notification=notification, kind="push")
    assert (errand.employee_from, errand.employee_to, errand.size) == (
        *sorted([alice.id, bob.id]), 2,
    )  # fmt: skip


def test_who_is_not_there_or_has_left_is_found_out_and_told(send, looks, alice, bob, now):
    bob.disabled_at = now
    bob.save()
    accepted = send("E1001", "E1002", "E404")

    assert len(looks) == 1
    assert (accepted.count, list(accepted.unknown)) == (1, ["E1002", "E404"])
    assert readers(accepted) == {"E1001"}
    with pytest.raises(errors.Invalid) as refused:
        send("E404")
    assert refused.value.errors[0].code == "audience_empty"
    assert Notification.objects.count() == 1


def test_names_of_another_kind_are_always_looked_up(send, looks, alice, bob):
    accepted = send("mail:alice@corp.example", "upn:bob", "E1001")

    assert len(looks) == 1
    assert (accepted.count, readers(accepted)) == (2, {"E1001", "E1002"})


def test_a_category_that_was_changed_counts_as_it_is_now(send, looks, alice, approval):
    assert send("E1001").notification.sensitivity == "internal"
    assert looks == []
    Category.objects.filter(pk=approval.pk).update(sensitivity="restricted")
    notification = send("E1001").notification

    assert (notification.sensitivity, notification.content) == ("restricted", None)
    assert len(looks) == 1
    with pytest.raises(errors.Invalid) as refused:
        send("E1001", sensitivity="internal")
    assert refused.value.errors[0].code == "sensitivity_too_low"
    Category.objects.filter(pk=approval.pk).update(sensitivity="public")
    assert send("E1001", sensitivity="internal").notification.sensitivity == "internal"


def test_a_category_that_is_gone_is_refused(send, alice, approval):
    approval.delete()
    with pytest.raises(errors.Invalid) as refused:
        send("E1001")
    assert refused.value.errors[0].code == "unknown_category"


def test_a_requester_is_found_with_the_approvers_and_is_none_of_them(send, looks, alice, bob):
    accepted = send("E1001", "E1002", kind="request", requester="E1001")

    assert looks == []
    assert accepted.count == 1
    assert accepted.notification.requester == alice
    [seat] = Seat.objects.filter(notification_id=accepted.id)
    assert (seat.principal, seat.holder) == (bob, bob)


def test_the_steps_of_a_sequence_are_found_alike_and_only_the_first_gets_copies(
    send, looks, alice, bob, charlie
):
    steps = [["E1003", "E1001"], ["E1002"], ["E1001"]]
    policy = {"mode": "sequence", "steps": [
        {"mode": "any", "audience": {"any": [{"employees": names}]}} for names in steps
    ]}  # fmt: skip
    accepted = send(kind="request", policy=policy)

    assert (looks, accepted.count) == ([], 3)
    seats = Seat.objects.filter(notification_id=accepted.id).order_by("step", "holder__employee_id")
    assert [(seat.step, seat.holder) for seat in seats] == [
        (0, alice), (0, charlie), (1, bob), (2, alice),
    ]  # fmt: skip
    assert readers(accepted) == {"E1001", "E1003"}
    assert accepted.notification.recipient_count == 2


@pytest.mark.parametrize(
    ("names", "requester", "code"),
    [
        (["E1001"], "E404", "unknown_employee"),
        (["E1001"], "E1001", "audience_empty"),
        (["E404", "E1002"], "E1002", "audience_empty"),
    ],
)
def test_a_requester_who_is_none_or_the_only_approver_is_refused(
    send, alice, bob, names, requester, code
):
    with pytest.raises(errors.Invalid) as refused:
        send(*names, kind="request", requester=requester)

    assert refused.value.errors[0].code == code
    assert not Notification.objects.exists()


def test_a_quorum_is_measured_by_those_who_are_there(send, alice, bob):
    with pytest.raises(errors.Invalid) as refused:
        send("E1001", "E404", kind="request", policy={"mode": "quorum", "n": 2})

    assert refused.value.errors[0].message == "Between 1 and 1, the number of approvers."
