"""Which stations each version of the registry changed, so that who holds a copy reads those again and no others; and the
newest values without a foreign key's check a row and with room on their pages for values that change in place."""

import django.db.models.deletion
from django.db import migrations, models

#: A statement that changes more stations than this is noted as one change of everything.
FORWARD = """
create table monitoring_registrychange (version bigint not null, station bigint);
create index monitoring_registrychange_version on monitoring_registrychange (version);
comment on table monitoring_registrychange is 'stations that changed with this version of the registry; null = all';
drop trigger registry_changed on monitoring_station;
drop trigger registry_changed on monitoring_datastream;
create function anlan_registry_changed() returns trigger language plpgsql as $$
declare
    touched bigint[] := array[null::bigint];
    moved bigint;
begin
    if tg_op <> 'TRUNCATE' then
        execute format(
            'select array(select distinct %1$I from ('
            || case tg_op
                when 'INSERT' then 'select %1$I from after_rows'
                when 'DELETE' then 'select %1$I from before_rows'
                else 'select %1$I from after_rows union all select %1$I from before_rows' end
            || ') as rows limit 5001)', tg_argv[0]) into touched;
    end if;
    if cardinality(touched) = 0 then
        return null;
    end if;
    if cardinality(touched) > 5000 then
        touched := array[null::bigint];
    end if;
    -- The row stays locked until the commit: versions are committed in their order.
    update monitoring_version set version = version + 1 where name = 'registry' returning version into moved;
    insert into monitoring_registrychange select moved, station from unnest(touched) as t (station);
    return null;
end $$;
""" + "".join(
    f"""
create trigger registry_insert after insert on {table} referencing new table as after_rows
    for each statement execute function anlan_registry_changed('{column}');
create trigger registry_update after update on {table} referencing new table as after_rows old table as before_rows
    for each statement execute function anlan_registry_changed('{column}');
create trigger registry_delete after delete on {table} referencing old table as before_rows
    for each statement execute function anlan_registry_changed('{column}');
create trigger registry_truncate after truncate on {table}
    for each statement execute function anlan_registry_changed('{column}');
"""
    for table, column in (("monitoring_station", "id"), ("monitoring_datastream", "station_id"))
)
BACKWARD = "".join(
    f"drop trigger registry_{what} on {table};"
    for table in ("monitoring_station", "monitoring_datastream")
    for what in ("insert", "update", "delete", "truncate")
) + """
drop function anlan_registry_changed();
drop table monitoring_registrychange;
create trigger registry_changed after insert or update or delete or truncate on monitoring_station
    for each statement execute function anlan_monitoring_changed('registry');
create trigger registry_changed after insert or update or delete or truncate on monitoring_datastream
    for each statement execute function anlan_monitoring_changed('registry');
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0015_computed_figures")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            "latest",
            "datastream",
            models.OneToOneField(
                db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False,
                to="monitoring.datastream",
            ),
        ),
        migrations.RunSQL(
            "alter table monitoring_latest set (fillfactor = 60)", "alter table monitoring_latest reset (fillfactor)"
        ),
    ]
