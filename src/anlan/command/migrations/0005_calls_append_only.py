"""接报记录 is evidence: the database refuses to change or remove it."""

from django.db import migrations

FORWARD = (
    "create trigger command_callrecord_append_only before update or delete on command_callrecord "
    "for each row execute function anlan_command_append_only();"
)
BACKWARD = "drop trigger command_callrecord_append_only on command_callrecord;"


class Migration(migrations.Migration):
    dependencies = [("command", "0004_duty_desk")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
