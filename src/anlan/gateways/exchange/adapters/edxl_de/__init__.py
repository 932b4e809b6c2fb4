"""EDXL-DE 1.0."""

from __future__ import annotations

from anlan.gateways.exchange.adapters.contract import Adapter
from anlan.gateways.exchange.adapters.edxl_de.mapping import read, write

ADAPTER = Adapter(
    "edxl_de", "EDXL-DE 1.0", ".xml", "预警以 CAP 1.2 写在信封内，事件以 GB/T 35965.2（元素名称待核对）写在信封内",
    ("incident", "warning"), read, write,
)  # fmt: skip
