"""The roster: subscribers in blocks of those who want the same, kept true by a trigger."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

LEAVE = """
create function mobilisation_roster_leave() returns trigger language plpgsql as $$
declare
    leaves boolean := tg_op = 'DELETE';
begin
    if not leaves then
        leaves := new.state <> 'active' or new.address <> old.address;
    end if;
    update mobilisation_rosterblock set
        gone = set_byte(gone, array_position(receivers, old.id) - 1, 6), live = live - 1,
        addresses = case when leaves then addresses[:array_position(receivers, old.id) - 1] || ''::varchar
                    || addresses[array_position(receivers, old.id) + 1:] else addresses end
    where id = old.block_id;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.block_id := null;
    return new;
end $$;
create trigger roster_changed before update of state, address, way, area_id, least, hazards on mobilisation_subscriber
for each row when (old.block_id is not null and (old.state, old.address, old.way, old.area_id, old.least, old.hazards)
    is distinct from (new.state, new.address, new.way, new.area_id, new.least, new.hazards))
execute function mobilisation_roster_leave();
create trigger roster_deleted before delete on mobilisation_subscriber
for each row when (old.block_id is not null) execute function mobilisation_roster_leave();
"""
UNDO = """
drop trigger roster_deleted on mobilisation_subscriber;
drop trigger roster_changed on mobilisation_subscriber;
drop function mobilisation_roster_leave();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("kernel", "0002_journal_append_only"),
        ("mobilisation", "0004_calls_closed"),
    ]

    operations = [
        migrations.CreateModel(
            name="RosterBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("way", models.CharField(max_length=4)),
                ("least", models.PositiveSmallIntegerField()),
                ("hazards", models.JSONField(default=list)),
                ("receivers", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("addresses", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), size=None)),
                ("gone", models.BinaryField()),
                ("live", models.PositiveIntegerField()),
                ("area", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="kernel.area", verbose_name="区划")),
            ],
            options={"verbose_name": "名册块", "indexes": [models.Index(fields=["area", "way"], name="roster_where")]},
        ),
        migrations.RemoveIndex(model_name="subscriber", name="subscriber_active"),
        migrations.AddField(
            model_name="subscriber", name="block_id",
            field=models.BigIntegerField(editable=False, null=True, verbose_name="名册块"),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(condition=models.Q(("block_id", None), ("state", "active")), fields=["area", "id"], name="subscriber_loose"),
        ),
        migrations.AddIndex(model_name="subscriber", index=models.Index(fields=["block_id"], name="subscriber_block")),
        migrations.RunSQL(LEAVE, UNDO),
    ]
