"""Registries of the administration room: the duty roster."""

from __future__ import annotations

from anlan.administration.models import Shift
from anlan.kernel.register.declare import Register, Section, register

register(
    Register(
        model=Shift,
        slug="shifts",
        title="值班表",
        key=("code",),
        columns=("organisation", "role", "person", "start", "end"),
        filters=("area", "organisation", "role"),
        search=("code",),
        sections=(
            Section("班次", ("code", "organisation", "role", "person", "start", "end")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="每班含带班领导与值班员；时间为半开区间。",
        sample={
            "code": "SHIFT-SAMPLE",
            "organisation": "ORG-SAMPLE",
            "person": "PERSON-SAMPLE",
            "role": "值班员",
            "start": "2026-11-23 08:00",
            "end": "2026-11-24 08:00",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
