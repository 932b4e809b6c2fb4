"""The database itself refuses to change or remove what only grows: timeline, task steps, plan and report versions."""

from django.db import migrations

TABLES = ("command_timelineentry", "command_taskstep", "command_planversion", "command_reportversion")
FORWARD = """
create function anlan_command_append_only() returns trigger language plpgsql as
$$ begin raise exception '% 只能追加，不能更改或删除 (append-only)', tg_table_name; end $$;
""" + "".join(
    f"create trigger {table}_append_only before update or delete on {table} "
    f"for each row execute function anlan_command_append_only();\n"
    for table in TABLES
)
BACKWARD = (
    "".join(f"drop trigger {table}_append_only on {table};\n" for table in TABLES)
    + "drop function anlan_command_append_only();"
)


class Migration(migrations.Migration):
    dependencies = [("command", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
