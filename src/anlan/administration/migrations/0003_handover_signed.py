"""交接班 that both sides have signed is evidence: the database refuses to change or remove it."""

from django.db import migrations

FORWARD = """
create function anlan_handover_signed() returns trigger language plpgsql as
$$ begin
  if tg_op = 'DELETE' or old.taken_at is not null then
    raise exception '交接班双方已签字，不能更改或删除 (append-only)';
  end if;
  return new;
end $$;
create trigger administration_handover_signed before update or delete on administration_handover
for each row execute function anlan_handover_signed();
"""
BACKWARD = """
drop trigger administration_handover_signed on administration_handover;
drop function anlan_handover_signed();
"""


class Migration(migrations.Migration):
    dependencies = [("administration", "0002_leave_swap_handover")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
