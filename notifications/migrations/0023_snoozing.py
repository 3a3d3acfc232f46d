from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0022_preferences_and_quiet_hours'),
    ]

    operations = [
        migrations.AddField(
            model_name='recipient',
            name='snoozed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='recipient',
            name='snoozed_version',
            field=models.IntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='errand',
            name='kind',
            field=models.CharField(choices=[('fan_out', 'Fan Out'), ('push', 'Push'), ('close', 'Close'), ('call_back', 'Call Back'), ('expire', 'Expire'), ('joiners', 'Joiners'), ('escalate', 'Escalate'), ('unsnooze', 'Unsnooze')], max_length=12),
        ),
    ]
