from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # notifications go on being accepted meanwhile

    dependencies = [
        ('notifications', '0020_reason_of_reassignment'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='notification',
            index=models.Index(condition=models.Q(('state', 'held')), fields=['created_at'], name='notification_held'),
        ),
        AddIndexConcurrently(
            model_name='callbackevent',
            index=models.Index(condition=models.Q(('state', 'dead')), fields=['subsystem'], name='callback_dead'),
        ),
    ]
