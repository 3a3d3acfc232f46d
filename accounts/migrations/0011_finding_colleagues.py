"""Indexes for finding a colleague by how a name, a mail address or an employee id begins.

In SQL, since Django writes operator classes of expressions only with its PostgreSQL app installed.
"""

from django.db import migrations

INDEXES = {
    "employee_name_begins": "display_name",
    "employee_mail_begins": "mail",
    "employee_id_begins": "employee_id",
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_employee_feed"),
    ]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX {name} ON accounts_employee (lower({column}) text_pattern_ops)",
            f"DROP INDEX {name}",
        )
        for name, column in INDEXES.items()
    ]
