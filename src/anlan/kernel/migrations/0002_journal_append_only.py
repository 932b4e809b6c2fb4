"""The database itself refuses to change or remove a journal entry."""

from django.db import migrations

FORWARD = """
create function anlan_journal_is_append_only() returns trigger language plpgsql as
$$ begin raise exception '审计日志只能追加 (journal is append-only)'; end $$;
create trigger journal_append_only before update or delete on kernel_journalentry
for each statement execute function anlan_journal_is_append_only();
create trigger journal_no_truncate before truncate on kernel_journalentry
for each statement execute function anlan_journal_is_append_only();
"""
BACKWARD = """
drop trigger journal_no_truncate on kernel_journalentry;
drop trigger journal_append_only on kernel_journalentry;
drop function anlan_journal_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
