"""METAR, CMA XML, BUFR and GRIB to readings; what is missing is no data, what is a forecast is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.weather.metar import humidity, report
from anlan.gateways.feeds.weather.parse import parse
from anlan.gateways.readings import Reading
from anlan.kernel import clock
from conftest import library

NOW = datetime(2024, 5, 19, 13, tzinfo=UTC)


def values(readings: list[Reading]) -> dict[str, float | None]:
    return {one.code: one.value for one in readings}


def test_published_reports_are_read_as_published(shared: Path) -> None:
    reports = json.loads((shared / "feeds" / "metar" / "metar.json").read_text(encoding="utf-8"))
    assert len(reports) >= 10
    for one in reports:
        now = datetime.fromisoformat(one["time"]).replace(tzinfo=UTC)
        readings = report(one["raw"], now)
        found = values(readings)
        assert {reading.at for reading in readings} <= {now}, one["raw"]
        assert {reading.address for reading in readings} <= {one["station"]}
        for code, name, factor, near in (
            ("WIN_S", "wind_kt", 0.514444, 0.01), ("GUST", "gust_kt", 0.514444, 0.01), ("TEM", "temp_c", 1, 0.01),
            ("DPT", "dew_c", 1, 0.01), ("PRS", "press_hpa", 1, 0.6), ("WIN_D", "wind_dir", 1, 0.01), ("VIS", "vis_m", 1, 2),
        ):  # fmt: skip
            expected = None if one[name] is None else one[name] * factor
            assert found.get(code) == (expected if expected is None else pytest.approx(expected, abs=near)), (
                one["raw"],
                code,
            )


def test_a_report_with_nothing_measured_says_no_data() -> None:
    found = values(report("METAR ZBUH 190000Z /////MPS 9999 // // M05/M12 Q1023 NOSIG=", NOW))
    assert (found["WIN_S"], found["WIN_D"], found["TEM"], found["PRS"], found["VIS"]) == (
        None,
        None,
        -5.0,
        1023.0,
        10_000.0,
    )
    assert humidity(20, 20) == 100.0
    assert humidity(20, 9.3) == pytest.approx(50, abs=0.5)  # psychrometric tables


def test_a_day_later_than_today_was_last_month() -> None:
    (first, *_) = report("ZBUH 310000Z 00000MPS CAVOK 10/02 Q1013", datetime(2024, 6, 2, tzinfo=UTC))
    assert first.at == datetime(2024, 5, 31, tzinfo=UTC)


def test_stations_of_tianqing_come_with_their_quality(shared: Path) -> None:
    document = (shared / "feeds" / "cma" / "music_surf_chn_main_min.xml").read_bytes()
    found = parse(document.replace(b'TEM="15"', b'TEM="999999"').replace(b'TEM="15.0"', b'TEM="999999"'))
    first = [one for one in found.readings if one.address == "56076"]
    assert values(first)["TEM"] == 10.8
    assert first[0].at == datetime(2018, 9, 1, 16, tzinfo=UTC)
    second = values([one for one in found.readings if one.address == "C4002"])
    assert second["TEM"] is None, "999999 is no data"
    assert found.refused == []


def bufr(**given: Any) -> bytes:
    lib = library("eccodes", "weather")
    handle = lib.codes_bufr_new_from_samples("BUFR4")
    lib.codes_set(handle, "masterTablesVersionNumber", 31)
    lib.codes_set_array(handle, "unexpandedDescriptors", [307080])
    when = {"year": 2026, "month": 3, "day": 2, "hour": 0, "minute": 0}
    for name, value in {"blockNumber": 53, "stationNumber": 512, **when, **given}.items():
        lib.codes_set(handle, name, value)
    lib.codes_set(handle, "pack", 1)
    message: bytes = lib.codes_get_message(handle)
    lib.codes_release(handle)
    return message


def test_a_bufr_report_is_read_in_our_units() -> None:
    message = bufr(airTemperature=275.15, nonCoordinatePressure=89000, windSpeed=7.5, windDirection=310)
    found = parse(b"ISMI01 BABJ 020000\r\r\n" + message + message)
    assert len(found.readings) == 8
    assert {(one.address, one.at) for one in found.readings} == {("53512", datetime(2026, 3, 2, tzinfo=UTC))}
    assert values(found.readings[:4]) == {"TEM": 2.0, "PRS": 890.0, "WIN_S": 7.5, "WIN_D": 310.0}
    with pytest.raises(FeedError, match="7777"):
        parse(message[:-1])


def test_a_field_is_read_at_a_place_and_a_forecast_says_so() -> None:
    lib = library("eccodes", "weather")
    handle = lib.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    lib.codes_set(handle, "shortName", "2t")
    count = lib.codes_get(handle, "numberOfValues")
    lib.codes_set_values(handle, [280.15 + n / count for n in range(count)])
    field = lib.codes_get_message(handle)
    lib.codes_set(handle, "step", 6)
    forecast = lib.codes_get_message(handle)
    north, west = (lib.codes_get(handle, f"{name}OfFirstGridPointInDegrees") for name in ("latitude", "longitude"))
    lib.codes_release(handle)
    found = parse(field + forecast)
    one, later = found.fields
    assert (one.forecast, later.forecast) == (False, True)
    assert (later.valid - later.issued).total_seconds() == 6 * 3600
    assert one.code == "TEM"
    assert one.at(north, west) == pytest.approx(7.0, abs=0.01)
    assert one.at(-north, west) is None, "the grid does not reach there"


def field(name: str, value: float, step: int = 3, **keys: int | str) -> bytes:
    """A field that is the same everywhere."""
    lib = library("eccodes", "weather")
    handle = lib.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    for key, given_value in {"shortName": name, "dataDate": 20260720, "dataTime": 0, "step": step, **keys}.items():
        lib.codes_set(handle, key, given_value)
    lib.codes_set_values(handle, [value] * lib.codes_get(handle, "numberOfValues"))
    message: bytes = lib.codes_get_message(handle)
    lib.codes_release(handle)
    return message


@pytest.mark.parametrize(
    ("east", "north", "speed", "from_deg"),
    [(5.0, 0.0, 5.0, 270.0), (0.0, -8.0, 8.0, 0.0), (-3.0, 4.0, 5.0, 143.13), (0.0, 2.0, 2.0, 180.0)],
)
def test_components_of_the_wind_become_speed_and_where_it_comes_from(
    east: float, north: float, speed: float, from_deg: float
) -> None:
    found = {one.code: one for one in parse(field("10u", east) + field("10v", north)).fields}
    assert found["WIN_S"].at(40, 10) == pytest.approx(speed, abs=0.01)
    assert found["WIN_D"].at(40, 10) == pytest.approx(from_deg, abs=0.1)
    assert (found["WIN_D"].forecast, found["WIN_D"].valid) == (True, datetime(2026, 7, 20, 3, tzinfo=UTC))


def test_humidity_comes_of_temperature_and_dew_point_and_air_aloft_is_no_weather_of_ours() -> None:
    warm, dew = field("2t", 293.15), field("2d", 282.45)
    found = {one.code: one for one in parse(warm + dew).fields}
    assert found["RHU"].at(40, 10) == pytest.approx(50, abs=0.6)
    aloft = field("t", 250.0, typeOfLevel="isobaricInhPa", level=500)
    assert [one.code for one in parse(warm + aloft).fields] == ["TEM"]
    east_an_hour_later = field("10u", 3.0, step=4) + field("10v", 3.0, step=3)
    assert {one.code for one in parse(east_an_hour_later).fields} == {"WIN_U", "WIN_V"}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ZBUH0123456789 KTMPSQ/=\n", max_size=80))
def test_no_text_makes_it_fall_over(text: str) -> None:
    with clock.standing_at(NOW):
        try:
            parse(("ZBUH " + text).encode())
        except FeedError as error:
            assert str(error)  # noqa: PT017 - the point is that a reason is given


def test_a_table_of_forecasts_is_read_row_by_row() -> None:
    head = "station,issued_at,valid_at,quantity,value"
    found = parse(
        "\n".join(
            [
                head,
                "W-HB,2026-07-20T08:00:00+08:00,2026-07-20T14:00:00+08:00,WIN_S,18.5",
                "W-HB,2026-07-20T08:00:00+08:00,2026-07-20T14:00:00+08:00,气温,31",
                "W-HB,2026-07-20T08:00:00+08:00,2026-07-20T14:00:00,气温,31",
                "W-HB,2026-07-20T08:00:00+08:00,2026-07-20T14:00:00+08:00,小时雨量,-4",
                "W-HB,2026-07-20T08:00:00+08:00,2026-07-20T14:00:00+08:00,心情,4",
            ]
        ).encode()
    )
    assert [(one.quantity, one.value) for one in found.coming] == [("风速", 18.5), ("气温", 31.0)]
    assert ["时区" in one.reason or "小时雨量" in one.reason or "心情" in one.reason for one in found.refused] == [
        True
    ] * 3
