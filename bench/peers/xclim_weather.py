"""Runs in the peer's environment: fire weather and drought indices, one case a line on stdin; seconds a line on stdout."""

import json
import sys
import time

import numpy as np
import xarray as xr
from xclim.indices import standardized_precipitation_index
from xclim.indices.fire import cffwis_indices


def cube(values, name, unit, start):
    """(time, lat, lon) with a unit, days from `start`."""
    days, ny, nx = values.shape
    at = {
        "time": np.datetime64(start, "ns") + np.arange(days) * np.timedelta64(1, "D"),
        "lat": np.linspace(39.0, 40.0, ny), "lon": np.linspace(106.0, 107.0, nx),
    }  # fmt: skip
    return xr.DataArray(values, dims=("time", "lat", "lon"), coords=at, name=name, attrs={"units": unit})


def clocks():
    return time.perf_counter(), time.process_time()


def since(began):
    return tuple(now - then for now, then in zip(clocks(), began, strict=True))


def fire(case, data):
    parts = [cube(data[n], n, unit, case["start"]) for n, unit in
             (("temp", "degC"), ("rain", "mm/d"), ("wind", "km/h"), ("rh", "%"))]  # fmt: skip
    lat = parts[0].lat.assign_attrs(units="degrees_north")
    began = clocks()
    found = cffwis_indices(parts[0], parts[1], parts[2], parts[3], lat)
    arrays = [np.asarray(one) for one in found]
    spent = since(began)
    names = ("DC", "DMC", "FFMC", "ISI", "BUI", "FWI")
    return spent, dict(zip(names, arrays, strict=True))


def spi(case, data):
    rain = cube(data["rain"], "pr", "mm/d", case["start"])
    first = rain.time.values[0]
    last = rain.time.values[-1]
    began = clocks()
    found = standardized_precipitation_index(
        rain, freq="MS", window=case["window"], dist="gamma", method="ML", fitkwargs={"floc": 0},
        cal_start=str(first)[:10], cal_end=str(last)[:10],
    )  # fmt: skip
    values = np.asarray(found)
    return since(began), {"SPI": values}


for line in sys.stdin:
    given = json.loads(line)
    (seconds, cpu_s), found = (fire if given["what"] == "fire" else spi)(given, np.load(given["data"]))
    if "save" in given:
        np.savez(given["save"], **found)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s}), flush=True)
