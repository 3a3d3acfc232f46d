"""People of one affiliate, and whoever works for it, never find those of another."""

import uuid
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import audience, audit, colleagues, rights, subsystems
from accounts.admin import rules  # noqa: F401 (declares what roles may do)
from accounts.models import Device, Employee, RoleGrant, Staff, Subsystem
from tests.accounts.test_audience import EXPRESSIONS, Oracle, add

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_ROLES = ("administrator", "privacy_officer", "helpdesk")
LIMITS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(PEOPLE_ROLES),
        "affiliate": st.sampled_from(["Alpha", "Beta"]),
        "geo": st.sampled_from(["", "DE", "IN"]),
    }
)


class AffiliatesApart(TestCase):
    """Twelve people of two affiliates and of none, managers and groups across them."""

    @classmethod
    def setUpTestData(cls) -> None:
        staff: list[Employee] = []
        for number in range(12):
            staff.append(add(number, staff[number // 2] if staff else None, number in {4, 9}))
        for number, one in enumerate(staff):
            Employee.objects.filter(pk=one.pk).update(display_name=f"Person {number}")
            digest = uuid.uuid4().bytes * 2
            Device.objects.create(
                employee=one, installation=str(number), installation_index=digest,
                platform="android", created_at=MOMENT, last_seen_at=MOMENT, access_digest=digest,
                access_expires_at=MOMENT, session_expires_at=MOMENT,
            )  # fmt: skip

    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sets(st.sampled_from(["Alpha", "Beta"]), min_size=1), EXPRESSIONS)
    def test_a_bound_sub_system_reaches_and_knows_its_affiliates_people_only(
        self, bound: set[str], expression: dict[str, Any]
    ) -> None:
        oracle = Oracle()
        theirs = {one.employee_id for one in oracle.staff if one.affiliate in bound}
        with self.settings(AFFILIATES_SEPARATED=True):
            caller = self.caller(sorted(bound))
        parsed = audience.bounded(
            audience.validate(expression, pointer="/audience"), within=caller.within
        )
        found = set(audience.matching(parsed).values_list("employee_id", flat=True))
        assert found == oracle.ask(expression) & theirs
        assert sum(n for _, n in audience.breakdown(parsed, by="department")) == len(found)
        ceiling = {"any": [{"affiliate": name} for name in bound], "all": [], "none": []}
        assert set(audience.unknown(parsed)) == oracle.unknown(expression, [ceiling])

    def caller(self, affiliates: list[str]) -> subsystems.Caller:
        """A sub-system that is bound to these."""
        made = Subsystem.objects.create(key="payroll", affiliates=affiliates, created_at=MOMENT)
        issued = subsystems.issue_key(
            subsystem=made, mode="live", name="", expires_at=None, actor=audit.HUB, now=MOMENT
        )
        return subsystems.authenticate_key(text=issued.text, now=MOMENT)

    @settings(max_examples=50)
    @given(st.integers(0, 11), st.sampled_from(["per", "person 1", "user", "e1", "e", "nobody"]))
    def test_a_search_finds_colleagues_of_ones_own_affiliate_only(
        self, number: int, text: str
    ) -> None:
        one = Employee.objects.get(employee_id=f"E{number}")
        wanted = {
            other.pk
            for other in Employee.objects.filter(disabled_at=None)
            if other.pk != one.pk
            and other.affiliate == one.affiliate
            and len(text) >= colleagues.SHORTEST
            and any(
                said.lower().startswith(text)
                for said in (other.display_name, other.mail, other.employee_id)
            )
        }
        with self.settings(AFFILIATES_SEPARATED=True):
            assert {found.pk for found in colleagues.search(text, without=one.pk)} == wanted

    @settings(max_examples=60)
    @given(st.lists(LIMITS, max_size=3), st.sampled_from(["view", "change"]))
    def test_staff_reach_the_people_of_their_limits_only(
        self, grants: list[dict[str, str]], verb: str
    ) -> None:
        member = Staff.objects.create_user("eve", is_staff=True)
        for terms in {tuple(sorted(one.items())) for one in grants}:
            RoleGrant.objects.create(staff=member, given_at=MOMENT, **dict(terms))
        may = PEOPLE_ROLES if verb == "view" else ("administrator", "helpdesk")
        wanted = {
            one.pk
            for one in Employee.objects.all()
            for limits in grants
            if limits["role"] in may
            and limits["affiliate"] == one.affiliate
            and limits["geo"] in {"", one.geo}
        }
        with self.settings(AFFILIATES_SEPARATED=True):
            people = rights.narrow(Employee.objects.all(), staff=member, verb=verb)
            phones = rights.narrow(Device.objects.all(), staff=member, verb=verb)
        assert set(people.values_list("pk", flat=True)) == wanted
        assert set(phones.values_list("employee_id", flat=True)) == wanted
