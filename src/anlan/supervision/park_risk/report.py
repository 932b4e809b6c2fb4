"""定量风险评估报告: Word after the manner of official documents, PDF and PNG with the same pictures. 模型推算 throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from django.utils.timezone import localtime
from docx.shared import Mm
from shapely.geometry import shape

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import pictures
from anlan.kernel.documents import building
from anlan.kernel.geo import GeoJson
from anlan.supervision.models import ParkRisk
from anlan.supervision.park_risk.assemble import outline_of
from anlan.supervision.park_risk.crowds import Plane

#: Chapters that the platform cannot write, left to be filled in (AQ/T 3046-2013 asks for them).
TO_FILL = "（由评估单位补充）"
BASIS = (
    "GB 36894-2018、GB/T 37243-2019、AQ/T 3046-2013、HJ 169-2018、GB 18218-2018；失效频率与点火概率取值见“假设与局限”。"
)
LINES_A_PAGE = 38


def made(row: ParkRisk, kind: str, by: str) -> bytes:
    """The report as docx, pdf or png."""
    if kind == "docx":
        return word(row, by)
    return pdf(row, by) if kind == "pdf" else png(row)


def drawing(row: ParkRisk) -> dict[str, Any]:
    """A row's contours in metres about the park, as the pictures want them."""
    plane = Plane(row.park.lon, row.park.lat)
    lines = [{"risk": one["risk"], "polygons": rings(plane, one["geometry"])} for one in row.contours]
    units = [plane.xy(unit[6], unit[7]) for unit in row.inputs["units"]]
    targets = [dict(zip("xy", plane.xy(one["lon"], one["lat"]), strict=True)) for one in row.targets]
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
        ("评估时间", f"{localtime(row.at):%Y-%m-%d %H:%M}"),
        ("区域安全风险等级（本平台指标）", f"{row.grade}（{row.colour}）"),
        ("个人风险指数 k（最大个人风险与限值之比）", f"{row.k:.3g}"),
        ("社会风险指数 d（F-N 曲线高出上限的数量级）", "—" if row.d is None else f"{row.d:.2f}"),
        ("社会风险", row.zone),
        ("剩余风险容量（1 − k，本平台指标）", f"{max(0.0, 1 - row.k):.0%}"),
        ("潜在生命损失", f"{row.pll:.3g} 人/年"),
        ("最大个人风险", f"{row.max_risk:.3g} /年"),
    ]


def target_table(row: ParkRisk) -> tuple[list[str], list[list[str]]]:
    head = ["防护目标", "类别", "个人风险 /年", "限值 /年", "结论", "主要贡献"]
    body = [
        [
            one["name"], one["class"], f"{one['risk']:.1e}", f"{one['limit']:.0e}", "满足" if one["passes"] else "不满足",
            "；".join(f"{part['name']} {part['outcome']} {part['share']:.0%}" for part in one["top"][:2]) or "—",
        ]
        for one in row.targets
    ]  # fmt: skip
    return head, body


def capacity_table(row: ParkRisk) -> tuple[list[str], list[list[str]]]:
    head = ["物质", "园区中心可新增 t", "制约"]
    body = [
        [one["substance"], f"{one['most_t']:g}" + (" 以上" if one["ladder_end"] else ""), one["limited_by"] or "—"]
        for one in row.capacity
    ]
    return head, body


def contributor_table(row: ParkRisk) -> tuple[list[str], list[list[str]]]:
    body = [[one["name"], f"{one['pll']:.2e}", f"{one['share']:.0%}"] for one in row.contributors]
    return ["泄漏场景", "潜在生命损失 人/年", "占比"], body


def chapters(row: ParkRisk) -> list[tuple[str, list[str], tuple[list[str], list[list[str]]] | None]]:
    """(title, paragraphs, table)."""
    limits = criteria.limits(True)
    far = "；".join(f"{name} {metres:g} m" for name, metres in row.distances.items())
    units = [[str(unit[0]), str(unit[1]), str(unit[2]), f"{unit[3]:g}"] for unit in row.inputs["units"]]
    return [
        ("一、评估依据", [BASIS], None),
        ("二、危险单元", [f"共 {len(units)} 个危险单元。"], (["编码", "物质", "类型", "数量 t"], units)),
        ("三、个人风险", [
            "在役装置限值：" + "、".join(f"{name} {value:g}/年" for name, value in limits.items()),
            f"外部安全防护距离（风险等值线超出园区边界的最大距离，GB/T 37243-2019 定量风险评价法）：{far or '—'}。",
        ], target_table(row)),
        ("四、社会风险", [f"F-N 曲线位于{row.zone}，潜在生命损失 {row.pll:.3g} 人/年。"], contributor_table(row)),
        ("五、区域风险等级与剩余容量", [
            f"{row.grade}（{row.colour}）。等级与容量为本平台指标，无国家标准公式，待核对。",
        ], capacity_table(row) if row.capacity else None),
        ("六、假设与局限", list(row.assumptions), None),
        ("七、风险降低措施", [TO_FILL], None),
        ("八、评估结论", [conclusion(row), TO_FILL], None),
    ]  # fmt: skip


def conclusion(row: ParkRisk) -> str:
    bad = [one["name"] for one in row.targets if not one["passes"]]
    first = f"{'、'.join(bad)}的个人风险超过限值" if bad else "各防护目标的个人风险不超过限值"
    return f"{first}；社会风险位于{row.zone}。结果为模型推算，须经具备资质的单位复核。"


def word(row: ParkRisk, by: str) -> bytes:
    document = building.blank()
    building.title(document, f"{row.park.name}定量风险评估报告")
    building.line(document, "（模型推算，报告框架）")
    add_table(document, ["项目", "结果"], [list(pair) for pair in summary(row)])
    given = drawing(row)
    for title, paragraphs, rows in chapters(row):
        document.add_heading(title, 2)
        for text in paragraphs:
            building.line(document, text)
        if rows and rows[1]:
            add_table(document, *rows)
        if title.startswith("三"):
            document.add_picture(BytesIO(pictures.picture(on_map(given))), width=Mm(150))
        elif title.startswith("四"):
            document.add_picture(
                BytesIO(pictures.picture(lambda axes: pictures.fn_diagram(axes, given))), width=Mm(150)
            )
    building.line(document, f"生成：{by}　{localtime(row.at):%Y-%m-%d %H:%M}", right=True)
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def add_table(document: Any, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    made_table = document.add_table(rows=0, cols=len(head), style="Table Grid")
    for cells in (head, *rows):
        for cell, text in zip(made_table.add_row().cells, cells, strict=True):
            building.font_of(cell.paragraphs[0].add_run(text), building.TABLE_FONT, 10)


def pdf(row: ParkRisk, by: str) -> bytes:
    """A4 pages: text, then the two pictures."""
    from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415 - only a report needs it

    kept = BytesIO()
    given = drawing(row)
    with PdfPages(kept) as book:
        for start in range(0, len(lines := text_lines(row, by)), LINES_A_PAGE):
            with pictures.figure(8.27, 11.69) as page:
                page.set_layout_engine("none")
                for i, (text, size) in enumerate(lines[start : start + LINES_A_PAGE]):
                    page.text(0.09, 0.94 - i * 0.0235, text, fontsize=size)
                book.savefig(page)
        for draw in (on_map(given), lambda axes: pictures.fn_diagram(axes, given)):
            with pictures.figure(8.27, 7.5) as page:
                draw(page.subplots())
                book.savefig(page)
    return kept.getvalue()


def text_lines(row: ParkRisk, by: str) -> list[tuple[str, float]]:
    """(line, size) of the report's text, wrapped."""
    found: list[tuple[str, float]] = [(f"{row.park.name}定量风险评估报告（模型推算）", 15.0), ("", 9.0)]
    found += [(f"{name}：{value}", 9.5) for name, value in summary(row)]
    for title, paragraphs, rows in chapters(row):
        found += [("", 9.0), (title, 12.0)]
        for text in paragraphs:
            found += [(text[i : i + 52], 9.5) for i in range(0, len(text), 52)]
        for cells in [rows[0], *rows[1]] if rows else []:
            text = "｜".join(cells)
            found += [(text[i : i + 62], 8.0) for i in range(0, len(text), 62)]
    return [*found, ("", 9.0), (f"生成：{by}　{localtime(row.at):%Y-%m-%d %H:%M}", 9.0)]
