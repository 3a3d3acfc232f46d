from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    """Old code meets no row without a notification: there is none before a form is approved."""

    dependencies = [
        ('notifications', '0028_templates'),
    ]

    operations = [
        migrations.AddField(
            model_name='callbackevent',
            name='submission',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='notification',
            name='submission',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AlterField(
            model_name='callbackevent',
            name='notification',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='notifications.notification'),
        ),
        migrations.AlterField(
            model_name='errand',
            name='notification',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='notifications.notification'),
        ),
        AddConstraintNotValid(
            model_name='callbackevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('notification__isnull', False), ('submission', '')), models.Q(('notification', None), models.Q(('submission', ''), _negated=True)), _connector='OR'), name='callback_of_one_thing'),
        ),
    ]
