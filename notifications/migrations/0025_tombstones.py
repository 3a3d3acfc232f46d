import django.db.models.functions.datetime
from django.db import migrations, models

import hub.lib.columns

# A trigger, so that no road of deleting copies can forget the phones that hold them. Copies by a
# delegation are left out: a phone was told to drop those when the window ended.
FORWARD = """
CREATE FUNCTION hub_bury_copies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_tombstone (employee_id, notification_id)
    SELECT employee_id, notification_id FROM buried WHERE NOT by_delegation;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_recipient_buried AFTER DELETE ON notifications_recipient
    REFERENCING OLD TABLE AS buried
    FOR EACH STATEMENT EXECUTE FUNCTION hub_bury_copies();
"""
BACKWARD = """
DROP TRIGGER notifications_recipient_buried ON notifications_recipient;
DROP FUNCTION hub_bury_copies();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0024_index_of_what_is_snoozed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('employee_id', models.UUIDField()),
                ('notification_id', models.UUIDField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('changed_in', hub.lib.columns.TransactionId(db_default=hub.lib.columns.CurrentTransactionId())),
            ],
            options={
                'indexes': [models.Index(fields=['employee_id', 'changed_in'], name='tombstone_changed')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
