from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # people go on being told meanwhile

    dependencies = [
        ('notifications', '0029_submissions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='notification',
            index=models.Index(condition=models.Q(('submission', ''), _negated=True), fields=['submission'], name='notification_about'),
        ),
        ValidateConstraint(model_name='callbackevent', name='callback_of_one_thing'),
    ]
