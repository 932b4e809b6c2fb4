"""Newest values that their table does not have yet, packed and in the order they came: under a load of very many datastreams the
worker writes the table more seldom than it stores readings, and after a crash nothing may be missing there. And pages half
empty, because then all rows of a page are replaced at once."""

from django.db import migrations

FORWARD = """
create table monitoring_behind (id bigint generated always as identity primary key, owner text not null, rows bytea not null);
alter table monitoring_behind alter column rows set storage external;
comment on table monitoring_behind is 'newest values that monitoring_latest does not have yet, as the worker packs them';
alter table monitoring_latest set (fillfactor = 45);
"""
BACKWARD = """
drop table monitoring_behind;
alter table monitoring_latest set (fillfactor = 60);
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0020_warning_mend")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
