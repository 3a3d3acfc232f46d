"""A trigger, so that no code path of the hub can edit or delete an audit event or its seal."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION hub_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER accounts_auditevent_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION hub_append_only();
CREATE TRIGGER accounts_auditseal_append_only BEFORE UPDATE OR DELETE ON accounts_auditseal
    FOR EACH ROW EXECUTE FUNCTION hub_append_only();
"""

BACKWARD = """
DROP TRIGGER accounts_auditseal_append_only ON accounts_auditseal;
DROP TRIGGER accounts_auditevent_append_only ON accounts_auditevent;
DROP FUNCTION hub_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
