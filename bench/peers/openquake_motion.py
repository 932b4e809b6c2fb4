"""Runs in var/peers/openquake: a case a line in, its seconds a line out; the results go to a file where one is named."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from openquake.hazardlib import valid
from openquake.hazardlib.calc.filters import magdepdist
from openquake.hazardlib.contexts import ContextMaker
from openquake.hazardlib.geo import Point
from openquake.hazardlib.geo.surface import PlanarSurface
from openquake.hazardlib.imt import from_string
from openquake.hazardlib.site import Site, SiteCollection
from openquake.hazardlib.source.rupture import BaseRupture

NAMES = {"BSSA14": "BooreEtAl2014", "ASK14": "AbrahamsonEtAl2014"}


def rupture_of(event: dict[str, Any]) -> BaseRupture:
    """A plane whose top edge begins at the place and runs along strike."""
    start = Point(event["lon"], event["lat"], event["ztor"])
    down, flat = event["width"] * np.sin(np.radians(event["dip"])), event["width"] * np.cos(np.radians(event["dip"]))
    end = start.point_at(event["length"], 0, event["strike"])
    low_end = end.point_at(flat, down, event["strike"] + 90)
    low_start = start.point_at(flat, down, event["strike"] + 90)
    surface = PlanarSurface.from_corner_points(start, end, low_end, low_start)
    rupture = BaseRupture(event["mag"], event["rake"], "Active Shallow Crust", surface.get_middle_point(), surface)
    rupture.rup_id = rupture.src_id = 0
    return rupture


def sites_of(side: int) -> SiteCollection:
    lon, lat = np.meshgrid(np.linspace(103, 105, side), np.linspace(30, 32, side))
    vs30 = np.linspace(180, 1200, side * side)
    return SiteCollection(
        [
            Site(Point(x, y), vs30=v, z1pt0=-999.0, z2pt5=-999.0, vs30measured=False)
            for x, y, v in zip(lon.flat, lat.flat, vs30, strict=True)
        ]
    )


def main() -> None:
    known: dict[int, SiteCollection] = {}
    for line in sys.stdin:
        case = json.loads(line)
        rupture = rupture_of(case["event"])
        sites = known.setdefault(case["side"], None) or sites_of(case["side"])
        known[case["side"]] = sites
        model = valid.gsim(NAMES.get(case["model"], case["model"]))
        measures = {name: [0.1] for name in case["measures"]}
        began = time.perf_counter()
        oq = {"imtls": measures, "maximum_distance": magdepdist([(2.5, 1000), (10.2, 1000)]), "truncation_level": 3.0}
        maker = ContextMaker("*", [model], oq)
        contexts = list(maker.genctxs([rupture], sites, 0))
        mean, sigma, _, _ = maker.get_mean_stds(contexts)
        seconds = time.perf_counter() - began
        order = np.argsort(np.concatenate([c.sids for c in contexts]))
        if case.get("save"):
            surface = rupture.surface
            corners = np.column_stack([surface.corner_lons, surface.corner_lats, surface.corner_depths])[[0, 1, 3, 2]]
            hypo = rupture.hypocenter
            names = list(measures)
            rows = [names.index(name) for name in case["measures"]]
            np.savez(case["save"], mean=mean[0][rows][:, order], sigma=sigma[0][rows][:, order], corners=corners,
                     hypo=[hypo.longitude, hypo.latitude, hypo.depth])  # fmt: skip
        print(json.dumps({"seconds": seconds, "imts": [str(from_string(n)) for n in measures]}), flush=True)


main()
