"""类型码建议: which event type an alarm or hazard event probably is. A suggestion; the duty officer corrects it."""

from __future__ import annotations

BY_KIND = {"earthquake": "11C02", "hotspot": "11G05"}
#: First match wins.
BY_WORD = (
    (("冰坝", "冰塞", "凌", "封河", "开河"), "11A05"),
    (("水位", "流量", "洪"), "11A01"),
    (("地震", "烈度"), "11C02"),
    (("热点", "草原火"), "11G05"),
    (("林火", "森林火"), "11G01"),
    (("瓦斯",), "12A01"),
    (("火灾", "烟感", "火警"), "12G01"),
    (("氯", "氨", "泄漏", "可燃", "有毒", "硫化氢", "浓度", "ppm"), "12D02"),
    (("暴雨", "雨量"), "11B03"),
    (("大风", "风速"), "11B06"),
)


def event_code(text: str, kind: str = "") -> str:
    """A 5-character code, or empty when nothing fits."""
    if kind in BY_KIND:
        return BY_KIND[kind]
    return next((code for words, code in BY_WORD if any(word in text for word in words)), "")
