"""Copies of the registry are kept true by reading only the stations that changed."""

from __future__ import annotations

import pytest
from django.db import connection

from anlan.monitoring import queries
from anlan.monitoring.models import Alarm, Datastream, Latest, Station
from tests.conftest import City
from tests.monitoring.conftest import Feed, make_rule, make_station, make_stream

pytestmark = pytest.mark.django_db


def station(city: City, code: str, **fields: object) -> Station:
    row = make_station(city, code, **fields)
    make_stream(row)
    return row


def test_a_change_names_the_stations_it_touches_and_no_others(city: City) -> None:
    first, second = station(city, "A"), station(city, "B")
    since = queries.changes(-1).version
    assert queries.changes(-1).stations is None, "who knows nothing reads everything"
    assert queries.changes(since).stations == frozenset()
    Datastream.objects.unscoped("test").filter(station=first).update(valid_max=9)
    assert queries.changes(since).stations == {first.pk}
    Datastream.objects.unscoped("test").filter(station=first).update(station=second, source_code="moved")
    assert queries.changes(since).stations == {first.pk, second.pk}, "both the old home and the new one"
    Station.objects.unscoped("test").filter(pk=-1).update(name="x")
    assert queries.changes(since).version == since + 2, "what touches nothing is no change"
    assert queries.changes(since + 2).stations == frozenset()


def test_a_change_of_very_many_stations_is_one_change_of_everything(city: City) -> None:
    since = queries.changes(-1).version
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into monitoring_station (code, name, lon, lat, kind, protocol, address, area_id, data_class, owner,"
            " interval_s, in_service, representative) select 'M' || n, 'x', 0, 0, '', 'mqtt', 'M' || n, %s, 2, '', 60, true,"
            " false from generate_series(1, 5001) n",
            [city.east.pk],
        )
        cursor.execute("select count(*) from monitoring_registrychange where version > %s", [since])
        assert cursor.fetchone() == (1,)
    assert queries.changes(since).stations is None


def test_an_updated_directory_equals_one_read_anew(city: City) -> None:
    kept, moved, gone = station(city, "A"), station(city, "B"), station(city, "C")
    directory, since = queries.resolve("mqtt"), queries.changes(-1).version
    ref = directory["A", "cl2"]
    Station.objects.unscoped("test").filter(pk=moved.pk).update(address="B2", clock_offset_s=7)
    Station.objects.unscoped("test").filter(pk=gone.pk).update(in_service=False)
    make_stream(kept, "wind", "m/s", valid_max=60, source_unit="km/h")
    new = station(city, "D", protocol="mqtt")
    found = queries.changes(since)
    assert found.stations == {kept.pk, moved.pk, gone.pk, new.pk}
    directory.update(found.stations or ())
    assert dict(directory) == dict(queries.resolve("mqtt"))
    assert set(directory) == {("A", "cl2"), ("A", "wind"), ("B2", "cl2"), ("D", "cl2")}
    assert directory["A", "cl2"] == ref
    assert (directory["B2", "cl2"].clock_s, directory["A", "wind"].scale) == (7, pytest.approx(1 / 3.6))
    assert directory.by_id()[ref.id] == ("A", "cl2")


def test_stations_that_are_built_alike_share_their_layout(city: City) -> None:
    for n in range(20):
        station(city, f"L{n}")
    directory = queries.resolve("mqtt")
    assert len(directory) == 20
    assert len({id(entry.layout) for entry in directory.entries.values()}) == 1


def test_the_worker_takes_a_change_of_one_station_and_keeps_what_it_knows_of_the_others(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, on_delay_s=600)
    waits, other = make_stream(make_station(city)), make_stream(make_station(city))
    feed.say(waits, (0, 9.0))
    scope, watch = feed.worker.engine.scope, feed.worker.engine.evaluator.of(waits.pk)[0]
    Station.objects.unscoped("test").filter(pk=other.station_id).update(in_service=False)
    new = make_stream(make_station(city))
    feed.say(waits, (9, 9.0))
    assert feed.worker.engine.scope is scope, "the registry was not read anew"
    assert feed.worker.engine.evaluator.of(waits.pk)[0] is watch, "a delay that runs is not begun again"
    feed.say(new, (9, 9.0), (20, 9.0))
    feed.say(other, (9, 9.0), (20, 9.0))
    feed.say(waits, (11, 9.0))
    raised = set(Alarm.objects.unscoped("test").values_list("datastream_id", flat=True))
    assert raised == {new.pk, waits.pk}, "the new station is judged, the one out of service is not"
    assert feed.worker.engine.evaluator.of(other.pk) == []


def test_an_alarm_ends_when_its_station_goes_out_of_service(city: City, feed: Feed) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 9.0))
    Station.objects.unscoped("test").filter(pk=stream.station_id).update(in_service=False)
    feed.worker.tick()
    assert not Alarm.objects.unscoped("test").get().active


def test_newest_values_of_new_known_late_and_vanished_datastreams(city: City, feed: Feed) -> None:
    streams = [make_stream(make_station(city)) for _ in range(3)]
    feed.say(streams[0], (0, 1.0))
    feed.say(streams[0], (5, 2.0))
    feed.say(streams[0], (3, 9.0))
    feed.say(streams[1], (5, float("nan")))
    Datastream.objects.unscoped("test").filter(pk=streams[2].pk).delete()
    feed.say(streams[2], (1, 1.0))
    assert dict(Latest.objects.values_list("pk", "value")) == {streams[0].pk: 2.0, streams[1].pk: None}
    Latest.objects.all().delete()
    feed.say(streams[0], (6, 3.0))
    assert Latest.objects.get().value == 3.0, "a row that somebody removed is made again"
