"""What the account of web and workers may do in the database, where another one owns the tables.

The audit log's trigger can be switched off by the owner of its tables. An account that does not
own them and may only append to them cannot: so the hub runs as that one, and migrates as the owner.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection

# Only ever appended to, by whatever the hub does.
APPENDED = frozenset({"accounts_auditevent", "accounts_auditseal"})
READ = frozenset({"django_migrations"})


def grant(role: str) -> int:
    """Let that role of PostgreSQL do what the hub does and no more; how many tables.

    Run by the owner of the tables, again after each migration. Raises ProgrammingError if there is
    no such role.
    """
    quote = connection.ops.quote_name
    name = quote(role)
    tables = sorted({*_tables(), *READ})
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        for table in tables:
            may = "SELECT, INSERT, UPDATE, DELETE"
            if table in APPENDED:
                may = "SELECT, INSERT"
            elif table in READ:
                may = "SELECT"
            cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {name}, PUBLIC")
            cursor.execute(f"GRANT {may} ON {quote(table)} TO {name}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    return len(tables)


def _tables() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed:
            yield model._meta.db_table
