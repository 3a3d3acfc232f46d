"""An employee sees exactly the modules whose audience contains them, and finds them again."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import audience, ceilings, subsystems
from accounts.models import Employee, Group, GroupMember
from hub.lib import errors
from selfserve import catalogue, launches
from tests.accounts import test_audience
from tests.selfserve.conftest import ADMIN, FINANCE

pytestmark = pytest.mark.django_db


class OneEmployee(test_audience.AnAudience):
    """Twelve people, a chain of managers, and groups that hold each other in a circle."""

    # Of the class it takes its people from: they run there.
    test_names_exactly_those_a_naive_reading_names = None
    test_under_ceilings_nobody_outside_is_there = None

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(test_audience.EXPRESSIONS, min_size=1, max_size=6))
    def test_is_in_exactly_the_audiences_a_naive_reading_finds_them_in(self, expressions):
        parsed = [audience.validate(one, pointer="") for one in expressions]
        oracle = test_audience.Oracle()
        meant = [oracle.ask(one) for one in expressions]
        for person in oracle.staff:
            got = audience.containing(parsed, employee_id=person.pk)
            assert got == [person.employee_id in people for people in meant]


def test_nobody_is_in_an_audience_that_does_not_exist():
    assert audience.containing(
        [audience.validate({"any": [{"everybody": True}]}, pointer="")], employee_id=uuid.uuid4()
    ) == [False]


def names(person, **asked):
    return [one.name for one in catalogue.seen(employee_id=person.pk, **asked)]


def test_who_is_not_meant_sees_nothing_of_it(offer, alice, charlie):
    offer(audience=FINANCE)

    assert names(alice) == ["Payslips"]
    assert names(charlie) == []
    with pytest.raises(errors.NotFound):
        catalogue.one(employee_id=charlie.pk, key="payslips")


def test_a_module_stays_within_its_sub_systems_ceiling(
    offer, sign_in, alice, charlie, payroll, now
):
    offer()
    assert names(charlie) == ["Payslips"]
    ceilings.set_for_subsystem(subsystem_id=payroll.pk, ceiling=FINANCE, actor=ADMIN, now=now)

    assert names(alice) == ["Payslips"]
    assert names(charlie) == []
    with pytest.raises(errors.NotFound):
        launches.launch(session=sign_in(charlie), key="payslips", now=now)


def test_a_module_stays_with_the_people_of_its_sub_systems_affiliates(
    offer, alice, bob, payroll, settings, now
):
    offer()
    Employee.objects.filter(pk=alice.pk).update(affiliate="Alpha")
    Employee.objects.filter(pk=bob.pk).update(affiliate="Beta")
    ceilings.bind(subsystem_id=payroll.pk, affiliates=["Alpha"], actor=ADMIN, now=now)
    assert names(bob) == ["Payslips"], "as long as affiliates are not kept apart"
    settings.AFFILIATES_SEPARATED = True

    assert names(alice) == ["Payslips"]
    assert names(bob) == []


def test_the_cost_does_not_grow_with_the_modules_or_with_the_company(
    offer, alice, now, django_assert_max_num_queries
):
    group = Group.objects.create(object_guid=uuid.uuid4(), name="All", seen_in_directory_at=now)
    GroupMember.objects.create(group=group, employee=alice)
    for number in range(12):
        offer(f"m{number}", audience={"any": [{"group": "aLL"}, {"reports_of": f"E{number}"}]})

    with django_assert_max_num_queries(9):
        assert len(names(alice)) == 12


def test_names_are_in_the_readers_language_or_the_nearest_one(offer, alice):
    offer("leave", names={"de": "Urlaub", "en": "Leave", "pt-BR": "Férias"})
    offer("only", names={"fr": "Congé"})
    for language, told in (
        ("de-AT", ["Congé", "Urlaub"]),
        ("pt-br", ["Congé", "Férias"]),
        ("pt", ["Congé", "Leave"]),
        ("", ["Congé", "Leave"]),
    ):
        Employee.objects.filter(pk=alice.pk).update(language=language)
        assert names(alice) == told


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ferias", True), ("FÉRIAS", True), ("urlaub", True), ("leav", True), ("days off", True),
        ("off days", True), ("strasse", True), ("leave car", False), ("x", False), ("  ", True),
    ],
)  # fmt: skip
def test_a_search_minds_neither_case_nor_accents_nor_language(offer, alice, q, found):
    offer(
        "leave",
        names={"en": "Leave", "de": "Urlaub", "pt": "Férias"},
        descriptions={"en": "Days off", "de": "Straße"},
    )

    assert names(alice, q=q) == (["Leave"] if found else [])


def test_favourites_are_ones_own(offer, alice, bob, now):
    offer("payslips"), offer("leave")
    catalogue.set_favourite(employee_id=alice.pk, key="leave", favourite=True, now=now)
    catalogue.set_favourite(employee_id=alice.pk, key="leave", favourite=True, now=now)
    assert names(alice, only="favourites") == ["Leave"]
    assert names(bob, only="favourites") == []

    catalogue.set_favourite(employee_id=alice.pk, key="leave", favourite=False, now=now)
    assert names(alice, only="favourites") == []


def test_recent_ones_come_the_latest_first_ten_at_most(offer, alice, sign_in, now):
    session = sign_in(alice)
    for number in range(12):
        offer(f"m{number}")
        launches.launch(session=session, key=f"m{number}", now=now + timedelta(seconds=number))
    catalogue.set_favourite(employee_id=alice.pk, key="m0", favourite=True, now=now)
    launches.launch(session=session, key="m0", now=now + timedelta(minutes=1))

    assert names(alice, only="recent") == ["M0", *(f"M{n}" for n in range(11, 2, -1))]


def test_the_modules_of_a_paused_sub_system_are_not_there_meanwhile(offer, alice, payroll, now):
    offer()
    subsystems.pause(subsystem_id=payroll.pk, actor=ADMIN, now=now)
    assert names(alice) == []

    subsystems.resume(subsystem_id=payroll.pk, actor=ADMIN, now=now)
    assert names(alice) == ["Payslips"]
