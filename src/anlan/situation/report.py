"""泄漏研判报告: footprint with the people inside, advice, approach and every assumption, as Word, PDF and PNG. 模型推算."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.timezone import localtime
from shapely import unary_union
from shapely.geometry import mapping, shape

from anlan.hazards import sketch
from anlan.hazards.chemical.substances import find
from anlan.hazards.plane import metres_per_degree
from anlan.kernel.documents import blocks
from anlan.kernel.documents.blocks import Block, Heading, Picture, Table, Text
from anlan.simulation import queries as simulation
from anlan.situation.models import ReleaseWatch

CHECK = "待核对"
#: What the platform writes where nothing is known.
NONE = "—"
PHASES = {"gas": "气相", "liquid": "液相", "rupture": "整体破裂"}


def made(watch: ReleaseWatch, kind: str, by: str) -> bytes:
    """The report as docx, pdf or png (the map beside the table of people)."""
    if kind == "png":
        return png(watch)
    writer = blocks.as_word if kind == "docx" else blocks.as_pdf
    return writer(f"{watch.title}研判报告", "（模型推算，供指挥参考，不作为监测结果）", list(contents(watch, by)))


def contents(watch: ReleaseWatch, by: str) -> Iterator[Block]:
    assert watch.run is not None
    yield Heading("一、泄漏与气象")
    yield Table("研判条件", ("项目", "内容"), facts(watch, by), (1, 3.2))
    yield Heading("二、影响范围与人员")
    yield Picture("影响范围（上北）", lambda axes: on_map(axes, watch), 118.0)
    yield Table(
        "各范围内的人", ("范围", "距离", "白天", "夜间", "企业（白班/夜班）"), people(watch), (2.4, 1, 0.8, 0.8, 3)
    )
    yield Picture("下风向轴线浓度", lambda axes: on_axis(axes, watch), 82.0)
    yield Heading("三、掩蔽还是撤离")
    rows = communities(watch)
    yield (
        Table(
            "村（社区）",
            ("村（社区）", "白天", "夜间", "到达 min", "建议", "理由"),
            rows,
            (1.6, 0.7, 0.7, 0.8, 1.4, 3.4),
        )
        if rows
        else Text("影响范围内没有已知的村（社区）。")
    )
    if watch.advice.get("empty"):
        yield Text(f"影响范围内没有登记居民（不足 1 人）、未列建议：{'、'.join(watch.advice['empty'])}。")
    yield Heading("四、接近方向与指挥部")
    yield Text(approach(watch))
    teams = [
        [one["name"], f"{one['minutes']:g}", f"{one['road_m'] / 1000:.1f}", one["how"]]
        for one in watch.advice["post"]["teams"]
    ]
    if teams:
        yield Table("最近的待命队伍", ("队伍", "到指挥部 min", "路程 km", "依据"), teams, (2.4, 1, 1, 1))
    if watch.source.get("estimate"):
        yield Heading("五、探测器反演源强")
        yield Text(inverse(watch))
    yield Heading("假设与适用范围")
    said = [*watch.run.assumptions, *watch.run.limits]
    yield Table(
        "假设",
        ("序号", "内容", "核对"),
        [[str(n), one, CHECK if CHECK in one else ""] for n, one in enumerate(said, 1)],
        (0.5, 5, 0.7),
    )
    yield Text(f"模型：{watch.run.model}。室内换气每小时 1 次、撤离准备 15 min、步行 1.2 m/s、居民在家比例均{CHECK}。")
    yield Text(f"{by}　{localtime(watch.assessed_at):%Y年%m月%d日 %H:%M}", right=True)


def facts(watch: ReleaseWatch, by: str) -> list[list[str]]:
    """Label and value of the head of the report."""
    assert watch.run is not None
    summary, weather, of = watch.run.summary, watch.weather, find(watch.given["substance"])
    given = watch.run.inputs
    rate = summary.get("rate_kg_s")
    strength = f"{rate:.3g} kg/s" if rate else f"瞬时 {summary.get('released_kg') or 0:.4g} kg"
    lasts = f"，持续 {summary['duration_s'] / 60:.3g} min" if summary.get("duration_s") else ""
    away = f"（距泄漏点 {weather['station_m']:.0f} m）" if weather.get("station_m") else ""
    return [
        ["泄漏源", f"{watch.title}（{watch.lon:.5f}, {watch.lat:.5f}）"],
        ["物质", f"{of.name}（CAS {of.cas}），毒性终点浓度-1 {of.endpoint_1:g}、-2 {of.endpoint_2:g} mg/m³"],
        ["泄漏条件", f"{PHASES.get(given.get('phase', ''), NONE)}，孔径 {given.get('hole_mm', NONE)} mm，"
         f"存量 {given.get('inventory_t') or NONE} t"],
        ["源强", strength + lasts],
        ["气象", f"风速 {weather['wind_m_s']:.1f} m/s，来向 {weather['wind_from_deg']:.0f}°，"
         f"稳定度 {weather.get('stability') or given['stability']}"],
        ["气象来源", f"{weather['station']}{away}；云量缺测按 5 成，{CHECK}"],
        ["状态", state_of(watch)],
        ["研判", f"{localtime(watch.assessed_at):%Y-%m-%d %H:%M:%S}，第 {watch.rounds} 次，{watch.advice['because']}，"
         f"耗时 {watch.took_ms:.0f} ms"],
        ["出具", by],
    ]  # fmt: skip


def state_of(watch: ReleaseWatch) -> str:
    if watch.ended_at:
        return f"已结束 {localtime(watch.ended_at):%Y-%m-%d %H:%M}"
    return "自动研判，待值班员确认" if watch.unconfirmed else "跟踪中，风变自动重算"


def people(watch: ReleaseWatch) -> list[list[str]]:
    assert watch.run is not None
    far = list(watch.run.summary["distance_m"].values())
    found = []
    for zone in watch.advice["zones"]:
        plants = "；".join(f"{one['name']} {one['staff_day']}/{one['staff_night']}" for one in zone["plants"])
        reach = distance(far[zone["level"] - 1]) if zone["level"] <= len(far) and not zone["uncertain"] else NONE
        counts = [str(zone["day"]), str(zone["night"])] if zone["known"] else ["未知", "未知"]
        found.append([zone["name"], reach, *counts, plants or NONE])
    return found or [["没有超过阈值的范围", NONE, "0", "0", NONE]]


def distance(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def communities(watch: ReleaseWatch) -> list[list[str]]:
    return [
        [row["name"], str(row["day"]), str(row["night"]), NONE if row["arrives_min"] is None else f"{row['arrives_min']:g}",
         row["what"], row["why"]]
        for row in watch.advice["communities"]
    ]  # fmt: skip


def approach(watch: ReleaseWatch) -> str:
    post = watch.advice["post"]
    return (
        f"从上风向 {post['bearing_deg']:.0f}°（±{post['half_deg']:.0f}°）接近，不得从下风向或低洼处进入。建议指挥部"
        f"（{post['lon']:.5f}, {post['lat']:.5f}），距泄漏点 {post['distance_m']} m，{post['how']}；距离取值{CHECK}。"
    )


def inverse(watch: ReleaseWatch) -> str:
    one = watch.source["estimate"]
    near = (
        f"其中 {watch.source['near']} 个距泄漏点不足 100 m，受近源流场影响，仅供参考。"
        if watch.source.get("near")
        else ""
    )
    return (
        f"由 {len(watch.source['detectors'])} 个探测器反演：中位 {one['median']:.3g} kg/s，"
        f"90% 范围 {one['low']:.3g} 至 {one['high']:.3g} kg/s；"
        f"按孔径计算为 {watch.source['assumed_kg_s']:.3g} kg/s。{near}"
    )


def on_map(axes: Any, watch: ReleaseWatch) -> None:
    """Zones, communities they touch, the post and the wind, in metres about the source."""
    assert watch.run is not None
    east, north = metres_per_degree(watch.lat)
    inside = {row["area_id"]: row["night"] for row in watch.advice["communities"]}
    zones = unary_union([shape(zone["geometry"]) for zone in watch.run.zones])
    names = []
    for home in sorted(simulation.homes(), key=lambda one: -inside.get(one.pk, 0)):
        if home.pk in inside:
            middle = home.outline.intersection(zones).representative_point()
            names.append(
                sketch.outline(axes, watch.lon, watch.lat, home.name, mapping(home.outline), (middle.x, middle.y))
            )
    sketch.zones(axes, watch.lon, watch.lat, watch.run.zones)
    post = watch.advice["post"]
    spot = ((post["lon"] - watch.lon) * east, (post["lat"] - watch.lat) * north)
    axes.plot([0], [0], "^", color=sketch.INK, ms=7, label="泄漏点")
    axes.plot([spot[0]], [spot[1]], "s", color="#1f9d61", ms=6, label="建议指挥部")
    axes.annotate("", (0, 0), spot, arrowprops={"arrowstyle": "->", "color": "#1f9d61"})
    lines = [ring for zone in watch.run.zones for ring in sketch.rings(watch.lon, watch.lat, zone["geometry"])]
    w = watch.weather
    when = f"{localtime(watch.assessed_at):%Y-%m-%d %H:%M}" if watch.assessed_at else ""
    title = f"{watch.title}（模型推算）　风 {w['wind_m_s']:.1f} m/s，来向 {w['wind_from_deg']:.0f}°　{when}"
    sketch.framed(axes, [*lines, ([spot[0]], [spot[1]])], title)
    sketch.names(axes, names)


def on_axis(axes: Any, watch: ReleaseWatch) -> None:
    """Concentration on the ground downwind against the endpoints."""
    assert watch.run is not None
    of = find(watch.given["substance"])
    sketch.concentrations(axes, watch.run.summary["axis_mg_m3"], {1: of.endpoint_1, 2: of.endpoint_2})


def png(watch: ReleaseWatch) -> bytes:
    """The map, and under it the table of people."""
    heads, wide = ("范围", "距离", "白天", "夜间", "企业（白班/夜班）"), (0.28, 0.1, 0.09, 0.09, 0.44)

    def draw(axes: Any) -> None:
        sketch.above_table(axes, lambda part: on_map(part, watch), heads, people(watch), wide)

    return blocks.as_png(Picture("", draw, 180.0, 240.0))
