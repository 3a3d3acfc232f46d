from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # events go on being written meanwhile

    dependencies = [
        ('accounts', '0016_access_log'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['at'], name='audit_event_at'),
        ),
    ]
