"""A sub-system keeps its own categories; every trait is in the API."""

from dataclasses import fields, replace

import pytest

from accounts.models import AuditEvent
from hub.lib import errors
from notifications import categories
from notifications.api.subsystem.categories import CategoryShape, TraitsInput
from notifications.models import Category

pytestmark = pytest.mark.django_db


def test_every_trait_can_be_said_and_read_by_the_api():
    traits = {field.name for field in fields(categories.Traits)}

    assert set(TraitsInput().fields) == traits
    assert set(CategoryShape().fields) == traits | {"key"}


def test_a_new_one_is_as_usual_in_all_that_is_not_said(caller, now):
    category, made = categories.put(caller=caller, key="news", given={"essential": False}, now=now)

    assert made
    assert (category.name, category.essential, category.sensitivity) == ("news", False, "internal")


def test_what_is_not_said_stays(caller, approval, now):
    categories.put(caller=caller, key="approval", given={"sensitivity": "restricted"}, now=now)
    category, made = categories.put(caller=caller, key="approval", given={"name": "A"}, now=now)

    assert not made
    assert (category.name, category.sensitivity) == ("A", "restricted")
    assert AuditEvent.objects.filter(action="category_changed").count() == 2


def test_a_test_key_makes_categories_and_changes_none(caller, approval, now):
    tester = replace(caller, mode="test")
    categories.put(caller=tester, key="new", given={}, now=now)
    categories.put(caller=tester, key="approval", given={"name": "Approval"}, now=now)
    with pytest.raises(categories.LiveKeyNeeded):
        categories.put(caller=tester, key="approval", given={"sensitivity": "public"}, now=now)


def test_those_of_another_sub_system_are_not_there(caller, approval, rosters, now):
    theirs = replace(caller, subsystem_id=rosters.pk)
    with pytest.raises(errors.NotFound):
        categories.one(subsystem_id=rosters.pk, key="approval")
    categories.put(caller=theirs, key="approval", given={"name": "Theirs"}, now=now)

    assert Category.objects.filter(key="approval").count() == 2
    assert categories.one(subsystem_id=caller.subsystem_id, key="approval").name == "Approval"


@pytest.mark.parametrize("key", ["", "Upper", "a b", "a" * 65, "é"])
def test_a_key_that_is_none_is_refused(caller, now, key):
    with pytest.raises(errors.Invalid):
        categories.put(caller=caller, key=key, given={}, now=now)
