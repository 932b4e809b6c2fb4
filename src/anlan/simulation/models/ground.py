"""地形与燃料: rasters of the country that engines run over."""

from __future__ import annotations

import zlib

import numpy as np
from django.db import models
from numpy.typing import NDArray

from anlan.hazards.raster import Raster
from anlan.kernel.accounts.scope import ScopedModel


class GroundRaster(ScopedModel):
    """One raster, regular in degrees (WGS84), rows from south to north; single precision, NaN = unknown, compressed."""

    class Kind(models.TextChoices):
        FUEL = "fuel", "燃料模型编号"
        ELEVATION = "elevation_m", "高程 m"
        COVER = "canopy_cover", "郁闭度 0–1"
        HEIGHT = "canopy_height_m", "树高 m"
        BASE = "canopy_base_m", "枝下高 m"
        DENSITY = "bulk_density_kg_m3", "林冠容积密度 kg/m³"
        VS30 = "vs30_m_s", "场地 Vs30 m/s"

    kind = models.CharField("种类", max_length=20, choices=Kind.choices)
    title = models.CharField("名称", max_length=80)
    source = models.CharField("来源", max_length=160)
    representative = models.BooleanField("演示数据", default=False)
    west = models.FloatField("首列经度")
    south = models.FloatField("首行纬度")
    step_lon = models.FloatField("经向格距 °")
    step_lat = models.FloatField("纬向格距 °")
    rows = models.PositiveIntegerField("行数")
    columns = models.PositiveIntegerField("列数")
    low = models.FloatField("最小值")
    high = models.FloatField("最大值")
    known = models.FloatField("有值占比")
    data = models.BinaryField("数据")
    at = models.DateTimeField("导入时间")
    by = models.CharField("导入人", max_length=80)

    class Meta(ScopedModel.Meta):
        verbose_name = "地形与燃料栅格"
        ordering = ["kind", "-at", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def east(self) -> float:
        return float(self.west + (self.columns - 1) * self.step_lon)

    @property
    def north(self) -> float:
        return float(self.south + (self.rows - 1) * self.step_lat)

    @property
    def cell_m(self) -> float:
        return float(self.step_lat * 111_195)

    def values(self) -> NDArray[np.float32]:
        whole = np.frombuffer(zlib.decompress(bytes(self.data)), np.float32)
        return whole.reshape(self.rows, self.columns)

    def raster(self) -> Raster:
        """As engines read it."""
        said = f"{self.title}（{self.source}，{self.at:%Y-%m-%d} 导入{'，演示数据' if self.representative else ''}）"
        return Raster(self.west, self.south, self.step_lon, self.step_lat, self.values(), said)
