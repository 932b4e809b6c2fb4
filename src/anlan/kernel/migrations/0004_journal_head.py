"""The head of the journal in a row of its own: entries cut off at the end are missed."""

from django.db import migrations, models

#: The head of a journal that is already there; from then on it only goes forward.
FORWARD = """
insert into kernel_journalhead (id, seq, hash)
select 1, seq, hash from kernel_journalentry order by seq desc limit 1;
create function anlan_journal_head_goes_forward() returns trigger language plpgsql as
$$ begin
  if tg_op = 'DELETE' or new.seq <= old.seq then
    raise exception '审计日志的链头只能前移 (the journal''s head only goes forward)';
  end if;
  return new;
end $$;
create trigger journal_head_goes_forward before update or delete on kernel_journalhead
for each row execute function anlan_journal_head_goes_forward();
"""
BACKWARD = """
drop trigger journal_head_goes_forward on kernel_journalhead;
drop function anlan_journal_head_goes_forward();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_refused_row")]
    operations = [
        migrations.CreateModel(
            name="JournalHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField("序号")),
                ("hash", models.CharField(max_length=64)),
            ],
            options={"verbose_name": "审计日志链头"},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
