"""Roll-ups of readings by minute, hour and day, and what has to be rolled again because something came late."""

from django.db import migrations

COLUMNS = """
    stream integer          not null,
    at     timestamptz      not null,
    n      integer          not null,
    bad    integer          not null,
    mean   double precision,
    low    double precision,
    high   double precision,
    last   double precision,
    primary key (stream, at)
"""
FORWARD = f"""
create table monitoring_minute ({COLUMNS});
create table monitoring_hour ({COLUMNS});
create table monitoring_day ({COLUMNS});
comment on table monitoring_hour is 'n good readings of the hour that begins at `at` and bad ones; days are UTC days';
create table monitoring_rolled (one boolean primary key default true check (one), until timestamptz);
comment on table monitoring_rolled is 'hours before `until` are rolled up; what is written into them later is due again';
insert into monitoring_rolled values (true, null);
create table monitoring_due (
    hour   timestamptz not null,
    stream integer     not null,
    primary key (hour, stream)
);
comment on table monitoring_due is 'hours to roll up again; stream 0 = all datastreams';
"""
BACKWARD = "drop table monitoring_due, monitoring_rolled, monitoring_day, monitoring_hour, monitoring_minute"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_maintenance_and_quality")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
