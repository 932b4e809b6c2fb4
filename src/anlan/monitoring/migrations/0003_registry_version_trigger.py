"""Bump the registry's number whenever stations or datastreams change."""

from django.db import migrations

FORWARD = """
insert into monitoring_registryversion (id, number) values (1, 1);
create function anlan_registry_changed() returns trigger language plpgsql as
$$ begin update monitoring_registryversion set number = number + 1; return null; end $$;
create trigger registry_changed after insert or update or delete on monitoring_station
for each statement execute function anlan_registry_changed();
create trigger registry_changed after insert or update or delete on monitoring_datastream
for each statement execute function anlan_registry_changed();
"""
BACKWARD = """
drop trigger registry_changed on monitoring_station;
drop trigger registry_changed on monitoring_datastream;
drop function anlan_registry_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_registryversion")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
