"""A new version's schema serves the code before it, which runs on until it is replaced.

What the last version knew is in `RELEASED`: its last migration of each app. Raise it when a version
is out; only then may go what that one did not use any more.
"""

import pytest
from django.db import connection
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

RELEASED = {
    "accounts": "0011_finding_colleagues",
    "notifications": "0020_reason_of_reassignment",
}
APPS = ("accounts", "notifications", "selfserve")
# They take away what the old code still asks for, or give it another name.
BREAKING = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
# In these, a lock that lasts as long as a table is read would stop people.
BIG = {"notification", "recipient", "delivery", "errand", "auditevent", "callbackevent"}

LOADER = MigrationLoader(None)
UNRELEASED = [
    (key, migration)
    for key, migration in sorted(LOADER.graph.nodes.items())
    if key[0] in APPS and key[1] > RELEASED.get(key[0], "")
]


def nodes():
    return [(app, name) for app, name in RELEASED.items() if (app, name) in LOADER.graph.nodes]


@pytest.mark.parametrize(("key", "migration"), UNRELEASED, ids=lambda one: getattr(one, "name", ""))
def test_a_migration_takes_nothing_away_that_the_last_version_uses(key, migration):
    old = LOADER.project_state(nodes()).models
    for operation in migration.operations:
        if not isinstance(operation, BREAKING):
            continue
        name = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
        model = old.get((key[0], name))
        field = getattr(operation, "name", "") if hasattr(operation, "model_name") else ""
        assert model is None or (field and field not in model.fields), operation.describe()


@pytest.mark.parametrize(("key", "migration"), UNRELEASED, ids=lambda one: getattr(one, "name", ""))
def test_an_index_of_a_big_table_is_made_while_people_go_on(key, migration):
    old = LOADER.project_state(nodes()).models
    for operation in migration.operations:
        if type(operation) is not operations.AddIndex:
            continue
        name = operation.model_name
        assert (key[0], name) not in old or name not in BIG, operation.describe()


@pytest.mark.django_db
def test_the_last_version_can_read_and_write_every_table_it_knows():
    """Every column it names is there; every one it does not name is filled in by the database."""
    wrong = []
    with connection.cursor() as cursor:
        for model in LOADER.project_state(nodes()).apps.get_models():
            if model._meta.app_label not in APPS:
                continue
            table = model._meta.db_table
            cursor.execute(
                "SELECT column_name, is_nullable = 'YES' OR column_default IS NOT NULL"
                " OR is_identity = 'YES' OR is_generated = 'ALWAYS'"
                " FROM information_schema.columns WHERE table_name = %s",
                [table],
            )
            there = dict(cursor.fetchall())
            known = {field.column for field in model._meta.concrete_fields if field.column}
            wrong += [f"{table}.{name} is gone" for name in known - there.keys()]
            wrong += [
                f"{table}.{name} has neither NULL nor a default"
                for name, is_filled in there.items()
                if name not in known and not is_filled
            ]
    assert wrong == []
