"""What other platforms told us, where it is."""

from __future__ import annotations

from anlan.gateways.exchange import queries
from anlan.kernel.geo.layers import Layer, layer

layer(
    Layer(
        key="foreign",
        title="外平台事件与资源",
        kind="point",
        features=queries.on_map,
        permission="gateways.view",
        icon="link",
        colour="#8a63d2",
        refresh=("gateways.ForeignInformationReceived",),
        group="gateways",
        shown=False,
        empty="没有外平台通报的事件或资源",
    )
)
