"""GB/T 35965.2-2018 事件信息."""

from __future__ import annotations

from anlan.gateways.exchange.adapters.contract import Adapter
from anlan.gateways.exchange.adapters.gbt35965.mapping import read, write

ADAPTER = Adapter(
    "gbt35965",
    "GB/T 35965.2 事件信息",
    ".xml",
    "元素名称待核对（可用 ANLAN_GBT35965_NAMES 更改）",
    ("incident",),
    read,
    write,
)
