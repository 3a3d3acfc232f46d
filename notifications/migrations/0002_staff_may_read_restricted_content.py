"""The permission to read what a restricted notification says; nothing changes in the tables."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [
        migrations.AlterModelOptions(
            name="notification",
            options={
                "permissions": [
                    ("read_content", "Can read the content of restricted notifications")
                ]
            },
        )
    ]
