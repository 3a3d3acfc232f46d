from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # people go on being asked meanwhile

    dependencies = [
        ('notifications', '0016_reminders_and_escalation'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='seat',
            index=models.Index(condition=models.Q(('stranded_at__isnull', False)), fields=['stranded_at'], name='seat_stranded'),
        ),
    ]
