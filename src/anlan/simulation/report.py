"""推演报告: one run on paper (Word, PDF, PNG): what was asked, where it reaches, who is inside, what it assumes. 模型推算."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.timezone import localtime
from shapely.geometry import box, mapping, shape

from anlan.hazards import sketch
from anlan.hazards.chemical.substances import table
from anlan.hazards.contract import Choice, Places, Rows, Track
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.documents import blocks
from anlan.kernel.documents.blocks import Block, Heading, Picture, Table, Text
from anlan.kernel.geo import area_km2
from anlan.simulation import queries
from anlan.simulation.models import Run

CHECK, NONE = "待核对", "—"
#: Rows of a table of communities or of things; what is left out is counted.
MOST = 40
LOSSES = (("deaths", "死亡"), ("serious", "重伤"), ("injured", "受伤"), ("buried", "压埋"), ("homeless", "失去住所"))
HEADS = ("范围", "最远", "面积 km²", "人口", "含义")


def made(run: Run, kind: str, by: Actor) -> bytes:
    """The report as docx, pdf or png (the map above the table of zones)."""
    if kind == "png":
        return png(run)
    writer = blocks.as_word if kind == "docx" else blocks.as_pdf
    return writer(f"{run.title}推演报告", "（模型推算，供指挥参考，不作为监测结果）", list(contents(run, by)))


def contents(run: Run, by: Actor) -> Iterator[Block]:
    yield Heading("一、推演条件")
    if run.because:
        yield Text(f"这是假设推演，尚未发生：{run.because}")
    yield Table("推演条件", ("项目", "内容"), facts(run), (1, 3.2))
    yield Heading("二、影响范围与人口")
    yield Picture("影响范围（上北）", lambda axes: on_map(axes, run), 118.0)
    yield Table("各范围内的人口", HEADS, zone_rows(run), (2.0, 0.8, 0.8, 0.9, 3.2))
    yield from lived_in(run)
    yield from over_time(run)
    yield from at_things(run, by)
    yield from impact(run)
    said = [*run.assumptions, "人口按面积占比分摊，并按区总人口校正（模型推算）", *run.limits]
    yield Heading("假设与适用范围")
    yield Table(
        "假设", ("序号", "内容", "核对"),
        [[str(n), one, CHECK if CHECK in one else ""] for n, one in enumerate(said, 1)], (0.5, 5, 0.7),
    )  # fmt: skip
    yield Text(f"{by.name}　{localtime(run.at):%Y年%m月%d日 %H:%M}", right=True)


def inputs_of(run: Run) -> list[tuple[str, Any, str]]:
    """(title, value, unit) of what was asked, in the words of the form."""
    hazard = queries.HAZARDS.get(run.kind)
    known = {item.name: item for item in hazard.inputs} if hazard else {}
    return [
        (
            known[name].title if name in known else name,
            read_as(known.get(name), value),
            getattr(known.get(name), "unit", ""),
        )
        for name, value in run.inputs.items()
    ]


def read_as(item: Any, value: Any) -> Any:
    if isinstance(item, Track | Places | Rows):
        return f"{len(value)} 个点" if value else "无"
    return item.words.get(value, value) if isinstance(item, Choice) else value


def facts(run: Run) -> list[list[str]]:
    """Label and value of the head of the report."""
    asked = [[title, f"{shown(value)} {unit}".strip()] for title, value, unit in inputs_of(run)]
    return [
        ["位置", f"{run.area.name}（{run.lon:.5f}, {run.lat:.5f}）"],
        ["推演", f"{localtime(run.at):%Y-%m-%d %H:%M:%S}，{run.by}，耗时 {run.took_ms:.0f} ms"],
        *asked,
        ["模型", run.model],
    ]


def shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else NONE if value in (None, "") else str(value)


def zone_rows(run: Run) -> list[list[str]]:
    """One row a zone: how far, how large, how many."""
    found = []
    for zone, counted in zip(run.zones, run.exposure, strict=True):
        far = sketch.span_m(run.lon, run.lat, zone["geometry"])
        people = str(counted["people"]) if counted.get("known", True) else "未知"
        found.append([zone["name"], distance(far), f"{area_km2(shape(zone['geometry'])):.3g}", people, zone["meaning"]])
    return found or [["没有超过阈值的范围", NONE, NONE, "0", NONE]]


def distance(far: float) -> str:
    return f"{far:.0f} m" if far < 10_000 else f"{far / 1000:.1f} km"


def lived_in(run: Run) -> Iterator[Block]:
    """Communities of every zone, the worst zone that touches them named."""
    rows, seen = [], set()
    for zone, counted in zip(run.zones, run.exposure, strict=True):
        for row in counted["communities"]:
            if row["name"] not in seen:
                seen.add(row["name"])
                rows.append([row["name"], zone["name"], str(row["people"]), f"{row['share']:.0%}"])
    if rows:
        yield Table("村（社区）", ("村（社区）", "最重的范围", "其中人口", "面积占比"), rows[:MOST], (2, 2.4, 0.9, 0.9))
        if len(rows) > MOST:
            yield Text(f"另有 {len(rows) - MOST} 个村（社区）未列。")


def over_time(run: Run) -> Iterator[Block]:
    """What a chemical run keeps of its axis, and the reach minute by minute where the engine tells it."""
    of = table().get(run.summary.get("substance_key", ""))
    if of and run.summary.get("axis_mg_m3"):
        limits = {1: of.endpoint_1, 2: of.endpoint_2}
        yield Picture(
            "下风向轴线浓度", lambda axes: sketch.concentrations(axes, run.summary["axis_mg_m3"], limits), 82.0
        )
    frames = [one for one in run.summary.get("frames") or [] if one.get("geometry")]
    if frames:
        yield Table("随时间的范围", ("时刻 min", "最远", "面积 km²"), [
            [f"{one['minute']:g}", distance(sketch.span_m(run.lon, run.lat, one["geometry"])),
             f"{area_km2(shape(one['geometry'])):.3g}"] for one in frames[:MOST]
        ], (1, 1, 1))  # fmt: skip


def at_things(run: Run, by: Actor) -> Iterator[Block]:
    """Facilities and roads inside, as far as the reader may see them."""
    rows = [
        [title, thing.name, str(level), NONE if thing.people is None else str(thing.people), thing.phone or NONE]
        for title, things in queries.affected(by, run)
        for thing, level in things
    ]
    if rows:
        yield Heading("三、影响范围内的设施与道路")
        yield Table("设施与道路", ("类别", "名称", "级别", "人数", "电话"), rows[:MOST], (1.2, 2.6, 0.6, 0.7, 1.4))
        if len(rows) > MOST:
            yield Text(f"另有 {len(rows) - MOST} 处未列。")


def impact(run: Run) -> Iterator[Block]:
    """Losses and advice of engines that tell them."""
    lost = (run.summary.get("impact") or {}).get("losses")
    if lost:
        yield Heading("伤亡与损失")
        rows = [[title, *(str(lost[key][p]) for p in ("p10", "p50", "p90"))] for key, title in LOSSES if key in lost]
        yield Table("伤亡与损失", ("项目", "较轻 p10", "中值 p50", "较重 p90"), rows)
    advice = run.summary.get("advice") or (run.summary.get("impact") or {}).get("advice")
    if advice:
        yield Heading("处置提示")
        for n, line in enumerate(advice, 1):
            yield Text(f"{n}. {line['text']}（{line['source']}）")


def on_map(axes: Any, run: Run) -> None:
    """Zones, communities round them and the place, in metres."""
    drawn = [shape(zone["geometry"]) for zone in run.zones]
    lines = [ring for zone in run.zones for ring in sketch.rings(run.lon, run.lat, zone["geometry"])]
    names = []
    if drawn:
        window = box(*drawn[-1].union(drawn[0]).bounds)
        near = [home for home in queries.homes() if home.outline.intersects(window)]
        for home in sorted(near, key=lambda one: -one.people):
            place = home.outline.intersection(window).representative_point()
            names.append(sketch.outline(axes, run.lon, run.lat, home.name, mapping(home.outline), (place.x, place.y)))
    sketch.zones(axes, run.lon, run.lat, run.zones)
    axes.plot([0], [0], "^", color=sketch.INK, ms=7, label="位置")
    sketch.framed(axes, lines, f"{run.title}（模型推算）")
    sketch.names(axes, names)


def png(run: Run) -> bytes:
    """The map, and under it the table of zones."""

    def draw(axes: Any) -> None:
        rows, wide = zone_rows(run), (0.3, 0.1, 0.1, 0.1, 0.4)
        sketch.above_table(axes, lambda part: on_map(part, run), HEADS, rows, wide)

    return blocks.as_png(Picture("", draw, 180.0, 240.0))
