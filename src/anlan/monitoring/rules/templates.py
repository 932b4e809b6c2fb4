"""Words to begin with, by hazard and colour: what threatens and what to do (突发事件应对法 arts 66, 67). Drafts, not law:
whoever drafts changes them. English beside them, for the second language of the alert."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.monitoring.rules.warnings import EVENT_NAMES

HIGH = ("红", "橙")
COLOUR_EN = {"红": "red", "橙": "orange", "黄": "yellow", "蓝": "blue"}


@dataclass(frozen=True)
class Hazard:
    """what: the threat. do: for 黄, 蓝; now: for 红, 橙. name_en, do_en, now_en: the same in English. hours: how long a
    warning of it usually holds."""

    what: str
    do: str
    now: str
    name_en: str
    do_en: str
    now_en: str
    hours: int = 6


def of_gas(what: str, name_en: str) -> Hazard:
    return Hazard(
        what, "下风向人员留在室内，关闭门窗和通风，留意后续通知；不要围观。",
        "立即离开下风向，向上风向或侧风向撤离；来不及撤离的关闭门窗，用湿毛巾捂住口鼻；不要进入低洼处，不要使用明火和电器开关。",
        name_en, "Stay indoors downwind, close doors, windows and ventilation, and wait for news. Keep away.",
        "Leave at once against or across the wind. If you cannot, close doors and windows and cover mouth and nose with a wet cloth. "
        "Keep out of low places. No flames, no switches.",
    )  # fmt: skip


def of_water(what: str, name_en: str, hours: int = 24) -> Hazard:
    return Hazard(
        what, "远离河道、桥涵和低洼处，不要下河、上冰、捕捞；船只靠岸；留意水情通报。",
        "滩区和低洼处人员立即按通知路线转移到安置点；切断低层电源；不要涉水、驾车过水面；需要帮助拨打 119。",
        name_en, "Keep away from the river, culverts and low ground. Stay off the ice. Follow the news.",
        "Move to the shelter now by the announced way. Switch off power on low floors. Do not walk or drive through water. Call 119 for help.",
        hours,
    )  # fmt: skip


def of_slope(what: str, name_en: str) -> Hazard:
    return Hazard(
        what, "远离陡坡、沟口和采场边坡，留意落石和裂缝；不要在坡下停留。",
        "坡下和沟口人员立即向两侧高处撤离，不要沿沟跑；矿山和工地停工撤人；不要返回取物。",
        name_en, "Keep away from steep slopes, gullies and quarry walls.",
        "Leave at once sideways and uphill, not along the gully. Mines and sites stop work and withdraw people. Do not go back.", 24,
    )  # fmt: skip


def of_fire(what: str, name_en: str) -> Hazard:
    return Hazard(
        what, "禁止野外用火；进入林区草原的车辆和人员接受检查；发现火情拨打 12119。",
        "严禁一切野外用火；火场下风向人员立即撤到已过火或无植被的开阔处，不要顺风逃、不要上山；发现火情拨打 12119。",
        name_en, "No open fire outdoors. Report any fire: 12119.",
        "No fire outdoors at all. Downwind: leave now for burnt or bare ground; never flee with the wind or uphill. Report: 12119.", 24,
    )  # fmt: skip


def of_air(what: str, name_en: str) -> Hazard:
    return Hazard(
        what, "减少户外活动，老人、儿童和呼吸道病人留在室内，外出戴口罩。",
        "停止户外活动和户外作业，关闭门窗；学校按通知停课；受影响的取水、用气以通知为准。",
        name_en, "Spend less time outdoors; the old, children and the ill stay in. Wear a mask.",
        "Stop outdoor activity and work, close windows. Schools follow the notice.", 24,
    )  # fmt: skip


TEMPLATES: dict[str, Hazard] = {
    "11A01": of_water("河道水位超过警戒并继续上涨，滩区和沿岸低洼处可能被淹。", "flood"),
    "11A02": of_water("短时强降雨，下穿通道、地下空间和低洼路段可能积水。", "waterlogging", 6),
    "11A05": of_water("黄河流凌封河（开河），水位可能突涨，有冰塞、冰坝和漫滩的危险。", "ice flood"),
    "11A51": of_water("山洪沟上游降雨达到临界雨量，可能突发山洪。", "flash flood", 6),
    "11B25": of_fire("连续无降水、大风，森林火险等级高。", "forest fire danger"),
    "11B26": of_fire("连续无降水、大风，草原火险等级高。", "grassland fire danger"),
    "11B29": of_air("空气重污染，预计持续。", "heavy air pollution"),
    "11B37": of_slope("降雨可能引发崩塌、滑坡、泥石流。", "geological hazard risk"),
    "11B41": of_fire("连续无降水、大风，森林草原火险等级高。", "forest and grassland fire danger"),
    "11C02": of_slope("地震后可能有余震和次生灾害。", "earthquake"),
    "11D01": of_slope("坡体变形加快，可能滑坡。", "landslide"),
    "11D02": of_slope("沟道可能发生泥石流。", "debris flow"),
    "11D03": of_slope("陡崖、采场边坡可能崩塌落石。", "rockfall"),
    "11D04": of_slope("采空区可能地面塌陷。", "ground collapse"),
    "11G01": of_fire("林火正在蔓延，可能威胁居民点和设施。", "forest fire"),
    "11G05": of_fire("草原火正在蔓延，可能威胁居民点和设施。", "grassland fire"),
    "12D01": of_gas("危险化学品爆炸，可能再次爆炸，周边有冲击波和飞散物。", "chemical explosion"),
    "12D02": of_gas("危险化学品泄漏，向下风向扩散，可能危害健康。", "chemical leak"),
    "12D03": of_gas("危险化学品火灾，烟气有毒，储罐可能爆炸。", "chemical fire"),
    "12D04": of_gas("有毒气体扩散，已有人员中毒。", "toxic gas"),
    "12Q01": of_air("水体受污染，取水口可能受影响，停止从河道取水。", "water pollution"),
    "12Q02": of_air("有害气体影响空气质量。", "air pollution"),
}


@dataclass(frozen=True)
class Words:
    """What a draft begins with."""

    headline: str
    description: str
    instruction: str
    hours: int
    english: dict[str, str]


def words(event_code: str, level: str, place: str = "") -> Words | None:
    """The beginning of a draft for a hazard and colour; None for a hazard without template."""
    hazard = TEMPLATES.get(event_code)
    if hazard is None:
        return None
    name = EVENT_NAMES[event_code]
    now = level in HIGH
    english = {
        "event": hazard.name_en,
        "headline": f"{hazard.name_en.capitalize()}: {COLOUR_EN[level]} warning",
        "instruction": hazard.now_en if now else hazard.do_en,
    }
    return Words(
        f"{place}{name}{level}色预警", hazard.what, hazard.now if now else hazard.do, hazard.hours, english
    )  # fmt: skip
