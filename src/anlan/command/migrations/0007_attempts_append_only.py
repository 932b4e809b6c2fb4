"""呼叫经过 is evidence: the database refuses to change or remove it."""

from django.db import migrations

FORWARD = (
    "create trigger command_callattempt_append_only before update or delete on command_callattempt "
    "for each row execute function anlan_command_append_only();"
)
BACKWARD = "drop trigger command_callattempt_append_only on command_callattempt;"


class Migration(migrations.Migration):
    dependencies = [("command", "0006_calling_orders_bulletins")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
