"""The worker's books as plain tables, corrections, and counters that move whenever stations, datastreams or rules
change, however they are changed."""

from django.db import migrations

FORWARD = """
drop trigger registry_changed on monitoring_station;
drop trigger registry_changed on monitoring_datastream;
drop function anlan_registry_changed();
create table monitoring_correction (
    stream      integer          not null,
    at          timestamptz      not null,
    revision    smallint         not null,
    value       double precision not null,
    quality     smallint         not null,
    replaced_at timestamptz      not null,
    primary key (stream, at, revision)
);
comment on table monitoring_correction is 'what a reading said before another value for the same instant came';
create table monitoring_offset (
    consumer text   primary key,
    log_id   text   not null,
    seq      bigint not null
);
comment on table monitoring_offset is 'how far the log is in the tables; saved with what was read';
create table monitoring_rulestate (
    rule_id  bigint   not null,
    target   text     not null,
    band     text     not null,
    phase    smallint not null,
    since_ms bigint   not null,
    start_ms bigint   not null,
    primary key (rule_id, target, band)
);
create table monitoring_version (name text primary key, version bigint not null);
insert into monitoring_version values ('registry', 1), ('rules', 1);
create function anlan_monitoring_changed() returns trigger language plpgsql as
$$ begin update monitoring_version set version = version + 1 where name = tg_argv[0]; return null; end $$;
create trigger registry_changed after insert or update or delete or truncate on monitoring_station
    for each statement execute function anlan_monitoring_changed('registry');
create trigger registry_changed after insert or update or delete or truncate on monitoring_datastream
    for each statement execute function anlan_monitoring_changed('registry');
create trigger rules_changed after insert or update or delete or truncate on monitoring_alarmrule
    for each statement execute function anlan_monitoring_changed('rules');
create function anlan_rule_version() returns trigger language plpgsql as
$$ begin new.version := old.version + 1; return new; end $$;
create trigger rule_version before update on monitoring_alarmrule
    for each row when (old.* is distinct from new.*) execute function anlan_rule_version();
"""
BACKWARD = """
drop trigger rule_version on monitoring_alarmrule;
drop function anlan_rule_version();
drop trigger rules_changed on monitoring_alarmrule;
drop trigger registry_changed on monitoring_datastream;
drop trigger registry_changed on monitoring_station;
drop function anlan_monitoring_changed();
drop table monitoring_version, monitoring_rulestate, monitoring_offset, monitoring_correction;
create function anlan_registry_changed() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger registry_changed after insert or update or delete on monitoring_station
    for each statement execute function anlan_registry_changed();
create trigger registry_changed after insert or update or delete on monitoring_datastream
    for each statement execute function anlan_registry_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_alarm_bands")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
