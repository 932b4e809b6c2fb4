"""The west's rows with what their pages need to be shown, and what each address is asked with: data of test_neighbours."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import anlan
from anlan.command.duty import loss_sheets
from anlan.command.plans import loader
from anlan.command.rules import losses

AT = datetime(2026, 11, 28, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
RING = [[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.4]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}
Row = Callable[[str], Any]


def plan() -> dict[str, Any]:
    path = Path(anlan.__file__).parent / "cities/wuhai/plans/chemical-leak.toml"
    return loader.load(path).as_data()


def dot() -> bytes:
    """A picture of one point."""
    out = BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return out.getvalue()


def risk() -> dict[str, Any]:
    return {"units": [], "targets": [], "outline": RING, "lon": 106.7, "lat": 39.5}


#: Table -> what a row of it needs besides what the database demands; `row("app.Model")` is the west's row of another.
REAL: dict[str, Callable[[Row], dict[str, Any]]] = {
    "administration.Shift": lambda row: {"start": AT, "end": LATER},
    "administration.Leave": lambda row: {"start": AT, "end": LATER},
    "supervision.OnSite": lambda row: {"enterprise": row("supervision.Enterprise")},
    "supervision.ParkRisk": lambda row: {"inputs": risk()},
    "monitoring.MaintenanceWindow": lambda row: {"starts_at": AT, "ends_at": LATER},
    "resources.Line": lambda row: {"quantity": 1, "source_account": "opening", "target": row("resources.Stock")},
    "resources.Material": lambda row: {"name": "沙袋", "unit": "袋"},
    "resources.Closure": lambda row: {"geometry": SQUARE},
    "resources.Allocation": lambda row: {
        "plan": {"flows": [], "short": [], "ways": [], "cost": 0, "bound": 0, "gap": 0, "loads_counted": True}
    },
    "command.Lesson": lambda row: {"incident": row("command.Incident")},
    "command.Period": lambda row: {"begins_at": AT, "ends_at": LATER},
    "command.PlanVersion": lambda row: {"data": plan()},
    "command.Drawing": lambda row: {"kind": "cordon", "geometry": SQUARE},
    "command.Bulletin": lambda row: {"picture": dot()},
    "command.FieldEntry": lambda row: {"media": b"\x89PNG", "media_type": "image/png"},
    "command.StressRun": lambda row: {"state": "done"},
    "gateways.SentParcel": lambda row: {"seq": 9},
    "mobilisation.RosterBlock": lambda row: {"receivers": [1], "addresses": ["x"], "gone": b"\x00"},
    "simulation.Lead": lambda row: {"source": "rain", "target": "landslide"},
    "simulation.GroundRaster": lambda row: {
        "rows": 1, "columns": 1, "data": zlib.compress(np.zeros(1, "<f4").tobytes()), "step_lon": 0.01, "step_lat": 0.01
    },
    "situation.ReleaseWatch": lambda row: {"given": {"substance": "氯", "kind": "gas"}},
}  # fmt: skip
#: Words that no page's template puts into an address itself.
WORDS = {
    "monitoring/alarms/<int:pk>/<slug:verb>": ("acknowledge",), "api/monitoring/alarms/<alarm_id>/<verb>": ("acknowledge",),
    "monitoring/warnings/<int:pk>/<slug:verb>": ("submit",), "gateways/exchange/peers/<int:pk>/foreign/<str:form>": ("edxl_de",),
}  # fmt: skip
#: What a page or the API is asked with, so that what it answers is about the row. Pages take forms, the API takes JSON.
HERE = {"lon": "106.7", "lat": "39.5"}
QUERIES: dict[str, dict[str, str]] = {
    "api/supervision/parks/<park_id>/plan": {"substance": "chlorine", "tonnes": "1", **HERE},
    "api/supervision/parks/<park_id>/point": HERE,
    "supervision/parks/<int:pk>/plan": {"substance": "chlorine", "tonnes": "1", **HERE},
    "monitoring/datastreams/<int:pk>/series.json": {"start": "1795737600000", "end": "1795824000000"},
}
PK = 424_242
SHEET = f"{loss_sheets.CODE},{loss_sheets.VALUE}\n{next(iter(losses.dictionary().indicators))},1\n".encode()
#: A body in bytes is a file that is sent.
BODIES: dict[str, dict[str, Any]] = {
    "api/resources/teams/<pk>/readiness": {"readiness": "resting"},
    "api/command/proposals/<pk>/merge": {"incident_id": PK, "reason": "同一起"},
    "api/command/incidents/<pk>/factor": {"name": "magnitude", "value": 5},
    "api/command/incidents/<pk>/grade": {"grade": "一般", "reason": "核实"},
    "api/command/incidents/<pk>/dispatch": {"team_id": PK, "team_ids": [PK]},
    "api/command/incidents/<pk>/restore": {"reason": "核实"},
    "api/command/bulletins/<pk>/receive": {"text": "回执 1 号"},
    "api/command/losses/returns/<pk>/decide": {"accept": True, "opinion": "同意", "reason": "同意"},
    "api/command/losses/returns/<pk>/table": {"name": "a.csv", "content": b64encode(SHEET).decode()},
    "api/command/incidents/<pk>/merge": {"into_id": PK, "reason": "同一起"},
    "command/losses/returns/<int:pk>/import": {"file": SHEET, "version": "1"},
    "command/incidents/<int:pk>/drawings": {
        "key": "6f0d1a52-7c1e-4f0e-9c11-7d5a3c2b1a00",
        "kind": "cordon",
        "geometry": SQUARE,
    },
    "command/periods/<int:pk>/reach": {"index": "0", "version": "1"},
    "command/quakes/<int:pk>/felt": {"location": "106.7,39.5", "degree": "3", "words": "晃"},
    "command/plans/<int:pk>/stress": {"incidents": "100", "seed": "1"},
    "resources/teams/<int:pk>/readiness": {"readiness": "resting"},
    "gateways/quarantine/<int:pk>/discard": {"reason": "重复"},
    "gateways/outbox/<int:pk>/drop": {"reason": "重复"},
    "gateways/exchange/peers/<int:pk>/foreign": {"form": "edxl_de", "file": b"<x/>"},
    "gateways/exchange/peers/<int:pk>/ask": {"title": "请增援", "text": "x", "due_at": "2126-11-28T10:00"},
}
#: Pages whose script sends JSON.
SCRIPTS = {"command/incidents/<int:pk>/drawings"}
