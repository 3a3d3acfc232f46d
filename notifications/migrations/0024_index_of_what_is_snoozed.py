from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # people go on being told meanwhile

    dependencies = [
        ('notifications', '0023_snoozing'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='recipient',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['employee'], name='recipient_snoozed'),
        ),
    ]
