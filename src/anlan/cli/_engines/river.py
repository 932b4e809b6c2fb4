"""The river from the shell: exact dam break, breach, ice season, stage forecast, flash flood, design storm."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np

from anlan.cli._engines.contract import (
    Engine,
    Field,
    Json,
    at_least_zero,
    choice,
    is_number,
    positive,
    read_points,
    read_rows,
)
from anlan.hazards.contract import InputError
from anlan.hazards.flood import analytic, breach, flash, ice, ponding, rise, routing, stage_warning
from anlan.hazards.flood.terrain import Series


def dam_break(given: Json) -> Json:
    """The exact profile at one time."""
    x = numbers(given["x_m"], "x_m")
    middle = analytic.middle_state(given["behind_m"], given["ahead_m"])
    depth = analytic.depth(np.array(x), given["t_s"], given["behind_m"], given["ahead_m"])
    return {"depth_m": depth.tolist(), "middle_depth_m": middle.depth_m, "middle_speed_m_s": middle.speed_m_s,
            "front_speed_m_s": middle.front_m_s}  # fmt: skip


def numbers(values: list[Any], path: str) -> list[float]:
    for i, value in enumerate(values):
        if not is_number(value):
            raise InputError(f"{path}[{i}]", value, "数字")
    return [float(value) for value in values]


def series(rows: Any, path: str) -> Series | None:
    return Series.of(read_points(rows, path, 2, 2)) if rows else None


def breached(given: Json) -> Json:
    """Dam with a storage curve, or dike with the river's stage."""
    width, seconds = given["width_m"], given["formation_s"]
    volume = None
    if given["storage"]:
        curve = read_points(given["storage"], "storage", 2, 2)
        levels, volumes = [row[0] for row in curve], [row[1] for row in curve]
        volume = float(np.interp(given["level_m"], levels, volumes) - np.interp(given["bottom_m"], levels, volumes))
    if width is None or seconds is None:
        if volume is None:
            raise InputError("width_m", width, "> 0 m（堤防决口须给出 width_m 与 formation_s）")
        mean, formed = breach.froehlich(volume, given["level_m"] - given["bottom_m"], given["overtopped"])
        width, seconds = width or mean, seconds or formed
    opening = breach.Opening(width, given["bottom_m"], given["side"], seconds, given["level_m"])
    tail, inflow = series(given["tail_stage"], "tail_stage"), series(given["inflow"], "inflow")
    if volume is not None:
        found = breach.dam(opening, levels, volumes, given["level_m"], given["hours"], inflow, tail)
    else:
        river = series(given["stage"], "stage") or Series.constant(given["level_m"])
        found = breach.dike(opening, river, given["hours"], tail)
    thin = found.series()
    result: Json = {
        "peak_m3_s": found.peak_m3_s, "peak_min": found.peak_s / 60, "released_m3": found.released_m3,
        "breach_width_m": width, "formation_min": seconds / 60, "mass_error": found.mass_error,
        "hydrograph": [[t, q] for t, q in zip(thin.times_s, thin.values, strict=True)],
        "notes": ["溃口随时间线性发展，宽顶堰流（Fread 1988），尾水淹没折减"],
    }  # fmt: skip
    if volume is not None:
        result["froehlich_peak_m3_s"] = breach.froehlich_peak(volume, given["level_m"] - given["bottom_m"])
    return result


def ice_warning(given: Json) -> Json:
    """凌汛 colour from stages: [hour, stage m] rows. Flow is no input."""
    stages = [(float(row[0]), float(row[1])) for row in read_points(given["stages"], "stages", 2, 2)]
    levels = ice.Levels(given["alert_m"], given["guarantee_m"], given["record_m"], given["bank_m"])
    phase = given["phase"] or ("STABLE" if given["ice_cover"] else "OPEN")
    by_ice = ice.alarm(stages, levels, phase, given["jam_reported"])
    by_stage = stage_warning(stages[-1][1], given["alert_m"], given["guarantee_m"], given["record_m"])
    order = ("红", "橙", "黄", "蓝", "")
    by_ice_is_worse = order.index(by_ice.colour) <= order.index(by_stage.colour)
    colour, reason = (by_ice.colour, by_ice.reason) if by_ice_is_worse else (by_stage.colour, by_stage.reason)
    return {"colour": colour or None, "reason": reason, "rise_6h_m": rise(stages), "by_stage": asdict(by_stage),
            "by_ice": asdict(by_ice), "phase": phase, "clause": "SL 758-2018；凌汛颜色为本平台规则（待核对）"}  # fmt: skip


def ice_phase(given: Json) -> Json:
    """Phases of consecutive days, by temperature and stage; flow only tells how high open water would stand."""
    rows = read_rows(given["days"], DAY, "days")
    days = [
        ice.Day(day_of(r["date"], i), ice.whole_level(r["stage_m"]), r["temp_c"], r["flow_m3_s"])
        for i, r in enumerate(rows)
    ]
    curve = None
    if given["open_water"]:
        pairs = read_points(given["open_water"], "open_water", 2, 2)
        curve = ice.rating([p[0] for p in pairs], [ice.whole_level(p[1]) for p in pairs])
    states = ice.track(days, ice.Limits(), curve)
    return {
        "phases": [
            {"date": d.on.isoformat(), "phase": s.phase, "name": ice.PHASE_TITLES[s.phase],
             "since": s.since and s.since.isoformat(),
             "freezing_degree_days": s.fdd, "thawing_degree_days": s.pdd, "violent": s.violent, "why": s.why,
             "backwater_m": ice.backwater_seen(d.stage_m, d.flow_m3_s, curve) if curve and d.flow_m3_s is not None else None}
            for d, s in zip(days, states, strict=True)
        ],
        "rating": asdict(curve) if curve else None,
        "notes": ["相位阈值为本平台参数（待核对）；流量只用于畅流水位，不参与报警"],
    }  # fmt: skip


def day_of(text: str, index: int) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InputError(f"days[{index}].date", text, "ISO 8601 日期") from None


def ice_backwater(given: Json) -> Json:
    found = ice.backwater(**given)
    return {**asdict(found), "notes": ["宽浅矩形断面均匀流；冰塞取 Beltaos 平衡厚度，为上限；摩阻系数待核对"]}


def river_forecast(given: Json) -> Json:
    """Muskingum with error updating; parameters fitted where none are given; scored on its own past."""
    up, down = numbers(given["upstream_m3_s"], "upstream_m3_s"), numbers(given["downstream_m3_s"], "downstream_m3_s")
    dt, steps = given["step_h"], int(given["lead_steps"])
    if given["k_h"] is None:
        model, gain = routing.calibrate(up, down, dt)
    else:
        model, gain = routing.Muskingum(given["k_h"], given["x"], int(given["reaches"])), given["gain_m3_s"]
    said = routing.forecast(model, up, down, steps, dt, gain, given["coming_m3_s"])
    curve = None
    if given["rating"]:
        pairs = sorted(read_points(given["rating"], "rating", 2, 2))
        curve = [p[0] for p in pairs], [p[1] for p in pairs]
    result: Json = {
        "muskingum": {"k_h": model.k_h, "x": model.x, "reaches": model.reaches, "gain_m3_s": gain},
        "forecast_m3_s": said.corrected.tolist(), "routed_m3_s": said.routed.tolist(), "step_h": dt, "error_memory": said.memory,
        "stage_m": np.interp(said.corrected, *curve).tolist() if curve else None,
        "notes": ["上游来水未给出时按现值不变；实时校正为一阶自回归"],
    }  # fmt: skip
    if len(up) >= 31 + steps + 5:
        alone, corrected = routing.hindcast(model, np.array(up), np.array(down), steps, dt, gain)
        result["skill"] = {"routed": asdict(routing.skill(down, alone.tolist(), steps)),
                           "corrected": asdict(routing.skill(down, corrected.tolist(), steps))}  # fmt: skip
    return result


def flash_flood(given: Json) -> Json:
    """Critical rain per window, computed or surveyed, and the verdict on the rain seen."""
    if given["critical_mm"]:
        critical = windows(given["critical_mm"], "critical_mm")
        source = "山洪灾害调查评价（给定）"
    else:
        missing = next((f.name for f in BASIN if given[f.name] is None), None)
        if missing:
            raise InputError(missing, None, "给出流域参数，或临界雨量表 critical_mm")
        basin = flash.Catchment(*(given[f.name] for f in BASIN))
        critical, source = flash.guidance(basin, given["soil"]), "FFG（SCS 单位线与 CN，估算）"
    ready = windows(given["ready_mm"], "ready_mm") if given["ready_mm"] else None
    verdict = flash.judge(windows(given["rain_mm"], "rain_mm"), critical, ready)
    return {"critical_mm": {f"{hours:g}": value for hours, value in critical.items()}, "source": source, **asdict(verdict),
            "clause": "RULES 2.3：任一时段雨量 / 临界雨量 ≥ 1 立即转移；准备转移比例 0.8 待核对"}  # fmt: skip


def windows(given: Json, path: str) -> dict[float, float]:
    """{"1": mm, "3": mm, ...}: hours as keys."""
    found = {}
    for name, value in given.items():
        try:
            hours = float(name)
        except ValueError:
            raise InputError(f"{path}.{name}", value, "键为小时数，如 0.5、1、3、6、12、24") from None
        if value is not None and not is_number(value):
            raise InputError(f"{path}.{name}", value, ">= 0 mm")
        if value is not None:
            found[hours] = float(value)
    return found


def design_storm(given: Json) -> Json:
    formula = ponding.Formula(given["A"], given["C"], given["b"], given["n"])
    step = int(given["step_min"])
    storm = ponding.design_storm(formula, int(given["minutes"]), given["years"], given["peak_share"], step)
    rates = list(storm.values[:-1:2])
    return {"rain_mm_h": [[t, v] for t, v in zip(storm.times_s, storm.values, strict=True)], "intensity_mm_h": rates,
            "total_mm": formula.depth_mm(given["minutes"], given["years"]), "peak_mm_h": max(rates), "step_min": step,
            "notes": ["rain_mm_h 可直接作 flood 的输入；公式参数由各地给出"]}  # fmt: skip


def draw_hydrograph(axes: Any, given: Json, result: Json) -> None:
    rows = np.array(result["hydrograph"])
    axes.plot(rows[:, 0] / 3600, rows[:, 1])
    axes.set_xlabel("时间 h")
    axes.set_ylabel("溃口流量 m³/s")
    axes.set_title(f"洪峰 {result['peak_m3_s']:.0f} m³/s，{result['peak_min']:.0f} min")


def draw_profile(axes: Any, given: Json, result: Json) -> None:
    axes.plot(given["x_m"], result["depth_m"])
    axes.set_xlabel("距坝 m")
    axes.set_ylabel("水深 m")


def draw_stages(axes: Any, given: Json, result: Json) -> None:
    rows = np.array(given["stages"], float)
    axes.plot(rows[:, 0], rows[:, 1], marker="o")
    for name, words in (("alert_m", "警戒"), ("bank_m", "漫滩"), ("guarantee_m", "保证"), ("record_m", "历史最高")):
        if given.get(name) is not None:
            axes.axhline(given[name], linestyle="--", label=words)
    axes.set_xlabel("小时")
    axes.set_ylabel("水位 m")
    axes.set_title(f"{result['colour'] or '未达标准'}：{result['reason']}")


def draw_phases(axes: Any, given: Json, result: Json) -> None:
    days, colours = result["phases"], dict(zip(ice.PHASES, ("#4c9", "#9cf", "#69f", "#339", "#e63"), strict=True))
    for i, (day, row) in enumerate(zip(days, given["days"], strict=True)):
        axes.plot(i, ice.whole_level(row["stage_m"]), "o", color=colours[day["phase"]], markersize=3)
    for phase, colour in colours.items():
        axes.plot([], [], "o", color=colour, label=ice.PHASE_TITLES[phase])
    axes.set_xlabel(f"自 {days[0]['date']} 起天数")
    axes.set_ylabel("水位 m")
    axes.legend()


def draw_forecast(axes: Any, given: Json, result: Json) -> None:
    seen, step = given["downstream_m3_s"], result["step_h"]
    past = np.arange(-len(seen) + 1, 1) * step
    ahead = np.arange(1, len(result["forecast_m3_s"]) + 1) * step
    axes.plot(past, given["upstream_m3_s"], alpha=0.5, label="上游")
    axes.plot(past, seen, label="下游实测")
    axes.plot(ahead, result["forecast_m3_s"], "--o", label="预报")
    axes.set_xlabel("小时")
    axes.set_ylabel("流量 m³/s")
    axes.legend()


def draw_storm(axes: Any, given: Json, result: Json) -> None:
    width = result["step_min"]
    axes.bar(np.arange(len(result["intensity_mm_h"])) * width, result["intensity_mm_h"], width=width, align="edge")
    axes.set_xlabel("分钟")
    axes.set_ylabel("雨强 mm/h")


def draw_windows(axes: Any, given: Json, result: Json) -> None:
    hours = sorted(float(h) for h in result["critical_mm"])
    axes.plot(hours, [result["critical_mm"][f"{h:g}"] for h in hours], marker="o", label="临界雨量")
    rain = windows(given.get("rain_mm") or {}, "rain_mm")
    axes.plot(sorted(rain), [rain[h] for h in sorted(rain)], marker="s", label="已降雨量")
    axes.set_xlabel("时段 h")
    axes.set_ylabel("mm")
    axes.legend()


def draw_depths(axes: Any, given: Json, result: Json) -> None:
    names = {"open_depth_m": "畅流", "covered_depth_m": "冰盖", "jam_depth_m": "冰塞（上限）"}
    axes.bar(list(names.values()), [result[name] for name in names])
    axes.set_ylabel("水深 m")


DAY = (
    Field("date", "日期", "string"), Field("stage_m", "水位", unit="m", low=0, high=9000),
    Field("temp_c", "日平均气温", unit="℃", low=-60, high=60, default=None),
    at_least_zero("flow_m3_s", "流量", "m³/s", None),
)  # fmt: skip
BASIN = (
    positive("area_km2", "流域面积", "km²", None), positive("length_km", "最长汇流路径", "km", None),
    positive("slope", "主沟比降", "", None), positive("curve_number", "CN（中）", "", None, 99),
    positive("flood_flow_m3_s", "成灾流量", "m³/s", None),
)  # fmt: skip
STAGES = (
    Field("alert_m", "警戒水位", unit="m", default=None), Field("guarantee_m", "保证水位", unit="m", default=None),
    Field("record_m", "历史最高水位", unit="m", default=None), Field("bank_m", "漫滩水位", unit="m", default=None),
)  # fmt: skip
ENGINES: tuple[Engine, ...] = (
    Engine(
        "dam-break", "瞬时溃坝解析解", "Ritter 1892; Stoker 1957",
        (positive("behind_m", "坝上水深", "m", high=1000), at_least_zero("ahead_m", "坝下水深", "m", 0.0),
         positive("t_s", "时间", "s"), Field("x_m", "距坝（下游为正）", "array")),
        dam_break, {"behind_m": 10, "ahead_m": 1, "t_s": 20, "x_m": [-200, -100, 0, 100, 150, 190, 210, 300]}, plot=draw_profile,
    ),
    Engine(
        "breach", "溃坝与堤防决口流量过程", "Froehlich 1995, 2008; Fread 1988 (DAMBRK)",
        (Field("level_m", "水位（溃口起始）", unit="m"), Field("bottom_m", "溃口底高程", unit="m"),
         Field("storage", "库容曲线 [[水位 m, 库容 m³], ...]；无则为堤防", "array", default=None),
         Field("stage", "河道水位过程 [[t_s, m], ...]（堤防）", "array", default=None),
         positive("width_m", "溃口底宽", "m", None), positive("formation_s", "发展历时", "s", None),
         at_least_zero("side", "边坡（横:竖）", "", 1.0, 5), Field("overtopped", "漫顶", "boolean", default=True),
         Field("inflow", "入库 [[t_s, m³/s], ...]", "array", default=None),
         Field("tail_stage", "下游水位 [[t_s, m], ...]", "array", default=None), positive("hours", "时长", "h", 6.0, 720)),
        breached, {"level_m": 20, "bottom_m": 0, "storage": [[0, 0], [10, 2e6], [20, 1e7]], "hours": 4}, plot=draw_hydrograph,
    ),
    Engine(
        "ice-warning", "凌汛研判", "水情预警发布管理办法; SL 758-2018; 本平台规则（待核对）",
        (Field("stages", "水位过程 [小时, m]", "array"), *STAGES, choice("phase", "凌情阶段", ice.PHASES, None),
         Field("ice_cover", "封冻", "boolean", default=False), Field("jam_reported", "报告冰塞冰坝", "boolean", default=False)),
        ice_warning, {"stages": [[0, 1051.2], [3, 1051.5], [6, 1051.9]], "alert_m": 1052.5, "ice_cover": True},
        plot=draw_stages,
    ),
    Engine(
        "ice-phase", "封开河阶段", "RULES 2.4；阈值为本平台参数（待核对）",
        (Field("days", "逐日 {date, stage_m, temp_c?, flow_m3_s?}", "array"),
         Field("open_water", "畅流期 [[流量, 水位], ...]（不少于 60 对）", "array", default=None)),
        ice_phase,
        {"days": [{"date": f"2023-{11 + d // 30}-{1 + d % 30:02d}", "stage_m": 1071.0 + (1.1 if d > 44 else 0),
                   "temp_c": 4.0 - 0.4 * d} for d in range(60)]},
        plot=draw_phases,
    ),
    Engine(
        "ice-backwater", "冰盖与冰塞壅水", "Sabaneev 综合糙率; Beltaos 1983（系数待核对）",
        (positive("flow_m3_s", "流量", "m³/s"), positive("width_m", "水面宽", "m"), positive("slope", "比降", ""),
         positive("bed_n", "河床糙率", "", 0.025), positive("ice_n", "冰底糙率", "", 0.03),
         at_least_zero("ice_m", "冰厚", "m", 0.5),
         positive("friction", "综合摩阻系数", "", 0.4), positive("mu", "内摩擦系数", "", 1.2)),
        ice_backwater, {"flow_m3_s": 700, "width_m": 500, "slope": 0.00025}, plot=draw_depths,
    ),
    Engine(
        "river-forecast", "马斯京根流量与水位预报", "McCarthy 1938; GB/T 22482-2008",
        (Field("upstream_m3_s", "上游流量", "array"), Field("downstream_m3_s", "下游流量", "array"),
         positive("step_h", "时段", "h", 24.0),
         Field("lead_steps", "预见期时段数", "integer", low=1, high=500, default=1), positive("k_h", "K", "h", None),
         Field("x", "x", low=0, high=0.5, default=0.2), Field("reaches", "分段数", "integer", low=1, high=100, default=1),
         Field("gain_m3_s", "区间来水", unit="m³/s", default=0.0), Field("coming_m3_s", "上游预报", "array", default=None),
         Field("rating", "水位流量关系 [[流量, 水位], ...]", "array", default=None)),
        river_forecast,
        {"upstream_m3_s": [600, 650, 800, 1100, 1500, 1400, 1200, 1000, 900, 850, 800, 780],
         "downstream_m3_s": [590, 600, 620, 700, 920, 1250, 1380, 1260, 1080, 950, 880, 830], "lead_steps": 2,
         "rating": [[300, 1050.2], [800, 1050.95], [1500, 1051.5]]},
        plot=draw_forecast,
    ),
    Engine(
        "flash-flood", "山洪临界雨量与转移研判", "Carpenter 等 1999 (FFG); SCS NEH-4; 山洪灾害调查评价",
        (*BASIN, choice("soil", "土壤湿度", flash.SOILS, "中"), Field("rain_mm", '已降雨量 {"1": mm, ...}', "object", default={}),
         Field("critical_mm", "临界雨量表（立即转移）", "object", default=None),
         Field("ready_mm", "准备转移雨量表", "object", default=None)),
        flash_flood,
        {"area_km2": 12, "length_km": 6, "slope": 0.03, "curve_number": 75, "flood_flow_m3_s": 40, "soil": "湿",
         "rain_mm": {"1": 22, "3": 41}},
        plot=draw_windows,
    ),
    Engine(
        "design-storm", "设计暴雨（芝加哥雨型）", "Keifer & Chu 1957；q = 167A(1+C lg P)/(t+b)^n",
        (positive("A", "A", "mm/min"), at_least_zero("C", "C", ""), at_least_zero("b", "b", "min"), positive("n", "n", ""),
         positive("years", "重现期", "年"), Field("minutes", "历时", "integer", unit="min", low=15, high=1440, default=120),
         Field("peak_share", "雨峰系数", low=0.05, high=0.95, default=0.4),
         Field("step_min", "时段", "integer", unit="min", low=1, high=60, default=5)),
        design_storm, {"A": 10, "C": 0.8, "b": 10, "n": 0.75, "years": 20}, plot=draw_storm,
    ),
)  # fmt: skip
