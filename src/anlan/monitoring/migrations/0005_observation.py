"""The table of readings: partitioned by day of event time, so that old days are dropped and not deleted."""

from django.db import migrations

FORWARD = """
create table observation (
    stream int not null,
    at timestamptz not null,
    value float8 not null,
    quality int2 not null,
    received timestamptz not null,
    revision int2 not null default 0,
    primary key (stream, at)
) partition by range (at);

create function anlan_observation_partition(day date) returns void language plpgsql as
$$ begin
    execute format(
        'create table if not exists %I partition of observation for values from (%L) to (%L)',
        'observation_' || to_char(day, 'YYYYMMDD'),
        (day::timestamp at time zone 'UTC'), ((day + 1)::timestamp at time zone 'UTC'));
end $$;
"""
BACKWARD = "drop function anlan_observation_partition(date); drop table observation;"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_alarms")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
