from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the table is large, and people go on writing to it

    dependencies = [
        ('notifications', '0007_acknowledgements'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='recipient',
            index=models.Index(condition=models.Q(('acknowledged_version__isnull', False)), fields=['employee'], name='recipient_to_acknowledge'),
        ),
    ]
