"""绿色通道: the request of a convoy for passage before others, as a Word document.

Law: 突发事件应对法 (2024) lets governments arrange for transport of what is needed in an emergency first; which office grants the
pass, and its form, a city decides: the wording is this platform's own, 待核对.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from anlan.kernel.clock import BEIJING
from anlan.kernel.documents.building import TABLE_FONT, blank, font_of, line, title
from anlan.resources.models import Convoy


def green_pass(row: Convoy) -> bytes:
    """Who drives what from where to where, when and by which way, with every plate and driver."""
    paper = blank()
    title(paper, "应急救援车辆绿色通道通行申请")
    line(paper, f"编号：{row.number}", right=True)
    began = (row.departed_at or row.depart_at).astimezone(BEIJING)
    until = began + timedelta(minutes=row.minutes)
    line(paper, f"因“{row.title}”，需紧急运送{row.cargo}，由{row.from_name}至{row.to_name}，请予优先、免费通行。")
    line(
        paper,
        f"计划 {began:%Y年%m月%d日%H时%M分} 出发，约 {row.minutes:.0f} 分钟、{row.road_m / 1000:.1f} km，"
        f"预计 {until:%d日%H时%M分} 到达（{row.route_how}，模型推算）。",
    )
    line(paper, f"带队人：{row.leader}　电话：{row.phone or '—'}")
    table = paper.add_table(rows=0, cols=5, style="Table Grid")
    known = {car.pk: car for car in row.vehicles.all()}
    cars = [known[key] for key in row.vehicle_ids if key in known]
    words = [(str(n), car.plate or car.code, car.kind, car.driver, car.driver_phone) for n, car in enumerate(cars, 1)]
    for cells in [("次序", "车牌", "车型", "驾驶员", "电话"), *words]:
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            font_of(cell.paragraphs[0].add_run(text), TABLE_FONT, 10.5)
    line(paper, "批准机关（盖章）：　　　　　　　年　　月　　日", right=True)
    line(paper, "格式与批准机关待核对。" + ("演示数据。" if any(car.representative for car in cars) else ""))
    out = BytesIO()
    paper.save(out)
    return out.getvalue()
