"""定量风险评估报告: Word after the manner of official documents, PDF and PNG with the same pictures. 模型推算 throughout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import translation
from django.utils.timezone import localtime
from shapely.geometry import shape

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import pictures
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.chemical.substances import table
from anlan.kernel.documents import blocks
from anlan.kernel.documents.blocks import Block, Heading, Picture, Table, Text
from anlan.kernel.geo import GeoJson
from anlan.supervision.models import HazardUnit, Park, ParkRisk
from anlan.supervision.park_risk.assemble import outline_of
from anlan.supervision.park_risk.crowds import WHY, Plane
from anlan.supervision.park_risk.findings import plain, unmet
from anlan.supervision.park_risk.majors import identified

#: Chapters that the platform cannot write, left to be filled in (AQ/T 3046-2013 asks for them).
TO_FILL = "（由评估单位补充）"
BASIS = (
    "GB 36894-2018、GB/T 37243-2019、AQ/T 3046-2013、HJ 169-2018、GB 18218-2018；"
    "失效频率、事件树与伤害参数的取值和来源见第三、六章，标“待核对”的须与标准正文核对。"
)


def made(row: ParkRisk, kind: str, by: str) -> bytes:
    """The report as docx, pdf or png (the two pictures)."""
    with translation.override("zh-hans"):  # an official document, whatever language its reader's pages have
        return png(row) if kind == "png" else paper(row, kind, by)


def paper(row: ParkRisk, kind: str, by: str) -> bytes:
    writer = blocks.as_word if kind == "docx" else blocks.as_pdf
    return writer(f"{row.park.name}定量风险评估报告", "（模型推算，报告框架）", contents(row, by))


def drawing(row: ParkRisk) -> dict[str, Any]:
    """A row's contours in metres about the park, as the pictures want them."""
    plane = Plane(row.park.lon, row.park.lat)
    lines = [{"risk": one["risk"], "polygons": rings(plane, one["geometry"])} for one in row.contours]
    units = [plane.xy(unit[6], unit[7]) for unit in row.inputs["units"]]
    targets = [
        {"name": one["name"], **dict(zip("xy", plane.xy(one["lon"], one["lat"]), strict=True))} for one in row.targets
    ]
    park = outline_of(row.park, plane)
    return {
        "contours": lines, "fn": row.fn, "fn_zone": row.zone, "units": units, "targets": targets,
        "outline": [list(park.exterior.coords)] if hasattr(park, "exterior") else [],
    }  # fmt: skip


def rings(plane: Plane, geometry: GeoJson | None) -> list[list[list[tuple[float, float]]]]:
    if geometry is None:
        return []
    parts = plane.flat(shape(geometry)).geoms
    return [[list(part.exterior.coords), *(list(hole.coords) for hole in part.interiors)] for part in parts]


def on_map(given: dict[str, Any]) -> Callable[[Any], None]:
    return lambda axes: pictures.contour_map(axes, given, given["units"], given["targets"], given["outline"])


def png(row: ParkRisk) -> bytes:
    """Contours and F-N diagram side by side."""
    given = drawing(row)
    with pictures.figure(14, 6.4) as page:
        left, right = page.subplots(1, 2)
        on_map(given)(left)
        pictures.fn_diagram(right, given)
        page.suptitle(f"{row.park.name}　{row.get_basis_display()}　{localtime(row.at):%Y-%m-%d %H:%M}　{row.grade}")
        return pictures.rendered(page, "png")


def summary(row: ParkRisk) -> list[tuple[str, str]]:
    """Label and value of the head of the report."""
    return [
        ("园区", row.park.name + ("（演示数据）" if row.park.representative else "")),
        ("口径", row.get_basis_display()),
        ("评估时间", f"{localtime(row.at):%Y-%m-%d %H:%M}（{row.reason}）"),
        ("区域安全风险等级", f"{row.grade}（{row.colour}；本平台指标，待核对）"),
        ("个人风险指数 k", f"{row.k:.3g}（最大个人风险与限值之比，≤ 1 达标）"),
        ("社会风险指数 d", "—" if row.d is None else f"{row.d:.2f}（F-N 曲线与上限之比的对数，≥ 0 不可接受）"),
        ("社会风险", row.zone),
        ("剩余风险容量", f"{row.room_pct}%（1 − k，社会风险不可接受时为 0；本平台指标，待核对）"),
        ("潜在生命损失", f"{plain(row.pll, 2)} 人/年"),
        ("最大个人风险", f"{plain(row.max_risk, 2)} /年"),
    ]


def named(key: str) -> str:
    """A substance as people call it."""
    found = table().get(key)
    return found.name if found else key


def units(row: ParkRisk) -> Table:
    rows = [[str(u[0]), named(u[1]), str(u[2]), f"{u[3]:g}", f"{u[4]:g}", f"{u[5]:g}"] for u in row.inputs["units"]]
    head = ["编码", "物质", "类型", "数量 t", "压力 MPa（绝对）", "温度 ℃"]
    return Table("危险单元", head, rows, (1, 1.4, 1, 1, 1.2, 0.9))


def majors(park: Park) -> Table:
    """重大危险源 as the register has them when the report is made."""
    rows = HazardUnit.objects.unscoped(WHY).filter(enterprise__park=park).select_related("enterprise").order_by("code")
    body = [
        [
            one.enterprise.name,
            one.name,
            f"{one.s:.2f}",
            str(one.people),
            f"{one.alpha:g}",
            f"{one.r:.2f}",
            one.grade or "不构成",
        ]
        for one in identified(list(rows), {})
    ]
    head = ["企业", "单元", "S", "500 m 内人数", "α", "R", "等级"]
    return Table("重大危险源辨识分级（GB 18218-2018，边界与人数待核对）", head, body, (2, 1.2, 0.7, 1, 0.5, 0.8, 0.8))


def frequencies(row: ParkRisk) -> Table:
    """Every release, how often, and where that is from."""
    chosen = parameters()["sets"][row.inputs.get("frequency_set", "hj169")]["title"]
    rows = [
        [str(name or key), plain(often), said[0] if said else chosen]
        for key, name, often, *said in row.inputs.get("frequencies", [])
    ]
    return Table("泄漏场景与失效频率", ["泄漏场景", "频率 次/年", "来源"], rows, (3, 0.9, 1.6))


#: What the event tree and the harm rest on: label, section and names of `parameters`, what is uncertain about it.
PARAMETERS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("延迟点火后闪火份额", "tree", ("flash_share",), ""),
    ("压力容器破裂立即点火后火球份额", "tree", ("fireball_share",), ""),
    ("白天、夜间室内份额", "people", ("indoors_day", "indoors_night"), ""),
    ("白天、夜间居民在家份额", "people", ("present_day", "present_night"), ""),
    ("白天占比", "people", ("day_share",), ""),
    ("热辐射必死值 kW/m²", "effects", ("heat_certain_kw_m2",), "AQ/T 3046-2013；CPR 18E 为 35，待核对"),
    (
        "喷射火、池火、火球辐射份额",
        "effects",
        ("jet_radiated", "pool_radiated", "fireball_radiated"),
        "CPR 18E，待核对",
    ),
    ("爆炸超压必死值、室内伤害值 kPa", "effects", ("blast_certain_kpa", "blast_indoors_kpa"), "CPR 18E"),
    ("TNT 当量系数", "effects", ("tnt_share",), "AQ/T 3046-2013"),
    ("中毒：室内与室外死亡概率之比", "effects", ("toxic_indoors",), "CPR 18E"),
    ("可爆炸云团最小质量 kg", "effects", ("least_explosive_kg",), "本平台取值，待核对"),
    ("未登记时围堰面积 m²、液池厚度 m", "effects", ("bund_m2", "pool_depth_m"), "本平台取值，待核对"),
    ("有、无隔离时泄漏时间 s", "effects", ("isolation_s", "no_isolation_s"), "HJ 169-2018"),
)


def parameter_table() -> Table:
    given = parameters()
    rows = [
        [label, "、".join(f"{given[section][name]:g}" for name in names), said or str(given[section]["source"])]
        for label, section, names, said in PARAMETERS
    ]
    for title, section in (
        ("立即点火概率（按物质类别和泄漏速率）", "immediate"),
        ("延迟点火概率（按点火源）", "delayed"),
    ):
        rows.append([title, "见来源", str(given[section]["source"])])
    return Table("事件树、暴露与伤害参数", ["参数", "取值", "来源与核对"], rows, (1.7, 1, 2))


def weather(row: ParkRisk) -> list[Block]:
    """The joint frequency by class, and the wind rose."""
    classes, towards, probability, *lit = row.inputs["rose"]
    sums = [sum(line) for line in probability]
    shares = lit[0] if lit else None
    rows = []
    for i, (stability, wind) in enumerate(classes):
        day = "—" if shares is None else f"{sum(p * s for p, s in zip(probability[i], shares[i], strict=True)):.3f}"
        rows.append([str(stability), f"{wind:g}", f"{sums[i]:.3f}", day])
    by_wind = [sum(line[j] for line in probability) for j in range(len(towards))]
    return [
        Table("气象联合频率（各风向合计）", ["大气稳定度", "风速 m/s", "频率", "其中白天"], rows),
        Picture(
            "风玫瑰（风的来向，频率）", lambda axes: pictures.wind_rose(axes, towards, by_wind), 85, 95, polar=True
        ),
    ]


def targets(row: ParkRisk) -> Table:
    head = ["防护目标", "类别", "个人风险 /年", "限值 /年", "结论", "主要贡献"]
    body = [
        [
            one["name"], one["class"], plain(one["risk"]), plain(one["limit"], 0), "满足" if one["passes"] else "不满足",
            "；".join(f"{part['name']} {part['outcome']} {part['share']:.0%}" for part in one["top"][:2]) or "—",
        ]
        for one in row.targets
    ]  # fmt: skip
    return Table("防护目标个人风险判定（GB 36894-2018）", head, body, (1.5, 0.8, 1, 0.8, 0.8, 3))


def limits() -> Table:
    new, old = criteria.limits(False), criteria.limits(True)
    return Table(
        "个人风险基准 1/年（GB 36894-2018 表 1）", ["防护目标类别", "新建、改建、扩建", "在役"],
        [[name, plain(new[name], 0), plain(old[name], 0)] for name in new],
    )  # fmt: skip


def capacity(row: ParkRisk) -> Table:
    body = [
        [one["substance"], f"{one['most_t']:g}" + (" 以上" if one["ladder_end"] else ""), one["limited_by"] or "—"]
        for one in row.capacity
    ]
    return Table("园区中心还可新增", ["物质", "可新增 t", "制约"], body, (1, 1, 2.4))


def contributors(row: ParkRisk) -> Table:
    body = [[one["name"], plain(one["pll"], 2), f"{one['share']:.0%}"] for one in row.contributors]
    return Table("潜在生命损失的主要贡献场景", ["泄漏场景", "潜在生命损失 人/年", "占比"], body, (3, 1.2, 0.8))


def distance(row: ParkRisk) -> Table:
    body = [
        [name, f"{metres:g}"]
        for name, metres in sorted(row.distances.items(), key=lambda one: "一二三".index(one[0][0]))
    ]
    return Table("外部安全防护距离（超出园区边界的最大距离）", ["防护目标类别", "距离 m"], body)


def contents(row: ParkRisk, by: str) -> list[Block]:
    given = drawing(row)
    method = next((text for text in row.assumptions if text.startswith("外部安全防护距离")), "采用定量风险评价法")
    return [
        Table("评估结果摘要", ["项目", "结果"], [list(pair) for pair in summary(row)], (1, 2.2)),
        Heading("一、评估依据"), Text(BASIS),
        Heading("二、危险单元"), Text(f"共 {len(row.inputs['units'])} 个危险单元。"), units(row), majors(row.park),
        Heading("三、泄漏场景与失效频率"), frequencies(row),
        Heading("四、气象"), *weather(row),
        Heading("五、人口"), Text(people(row)),
        Heading("六、事件树与伤害参数"), parameter_table(),
        Heading("七、个人风险"), limits(), Picture("个人风险等值线（模型推算）", on_map(given), 150), targets(row),
        Heading("八、社会风险"), Text(f"F-N 曲线位于{row.zone}，潜在生命损失 {plain(row.pll, 2)} 人/年。"),
        Picture("社会风险 F-N 曲线与 GB 36894-2018 基准线（模型推算）", lambda axes: pictures.fn_diagram(axes, given), 110),
        contributors(row),
        Heading("九、外部安全防护距离"), Text(f"{method}。"), distance(row),
        Heading("十、区域风险等级与剩余容量"),
        Text(f"{row.grade}（{row.colour}）。等级与容量为本平台指标，无国家标准公式，待核对。"),
        *([capacity(row)] if row.capacity else []),
        Heading("十一、假设与局限"), *(Text(f"{i}. {text}") for i, text in enumerate(row.assumptions, 1)),
        Heading("十二、风险降低措施"), Text(TO_FILL),
        Heading("十三、评估结论"), Text(conclusion(row)), Text(TO_FILL),
        Text(f"生成：{by}　{localtime(row.at):%Y-%m-%d %H:%M}", right=True),
    ]  # fmt: skip


def people(row: ParkRisk) -> str:
    return next((text for text in row.assumptions if "人口" in text), "评估范围内没有人口数据") + "。"


def conclusion(row: ParkRisk) -> str:
    found = unmet(row, plain)
    first = "不符合项：" + "；".join(found) if found else "各防护目标的个人风险不超过限值"
    return f"{first}；社会风险位于{row.zone}。结果为模型推算，须经具备资质的单位复核。"
