"""A day of one datastream out of the key alone: readings arrive minute by minute, so that each lies on a page of its own, and
a window of 1,440 of them read 1,440 pages. Rewrites the key of every day there is."""

from django.db import migrations

FORWARD = """
alter table observation drop constraint observation_pkey;
alter table observation add primary key (stream, at) include (value, quality, revision);
"""
BACKWARD = """
alter table observation drop constraint observation_pkey;
alter table observation add primary key (stream, at);
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0018_weather")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
