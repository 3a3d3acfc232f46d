"""A trigger, so that no writer of seats can forget those who stand in for their holders."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION hub_show_delegates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_recipient (
        employee_id, notification_id, arrived_at, by_delegation)
    SELECT delegation.delegate_id, seat.notification_id,
           min(greatest(now(), delegation.starts_at)), true
      FROM written seat
      JOIN notifications_delegation delegation
        ON delegation.principal_id = seat.holder_id AND delegation.ended_at IS NULL
      JOIN notifications_notification notification ON notification.id = seat.notification_id
     WHERE notification.closed_at IS NULL
       AND notification.requester_id IS DISTINCT FROM delegation.delegate_id
       AND (delegation.subsystem_id IS NULL
            OR delegation.subsystem_id = notification.subsystem_id)
       AND (delegation.category_id IS NULL
            OR delegation.category_id = notification.category_id)
     GROUP BY delegation.delegate_id, seat.notification_id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_seat_delegates AFTER INSERT ON notifications_seat
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION hub_show_delegates();
CREATE TRIGGER notifications_seat_delegates_moved AFTER UPDATE ON notifications_seat
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION hub_show_delegates();
"""

BACKWARD = """
DROP TRIGGER notifications_seat_delegates_moved ON notifications_seat;
DROP TRIGGER notifications_seat_delegates ON notifications_seat;
DROP FUNCTION hub_show_delegates();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0018_delegation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
