"""Addresses of the console: map, wall, layers, and the optional online base map."""

from __future__ import annotations

from django.urls import path

from anlan.web.views import layers, map, tianditu

urlpatterns = [
    path("", map.page, name="map"),
    path("map/worklist", map.worklist, name="map-worklist"),
    path("map/alarms/<int:pk>/acknowledge", map.acknowledge, name="map-acknowledge"),
    path("map/here", map.here, name="map-here"),
    path("map/thing", map.thing, name="map-thing"),
    path("api/map/timeline", map.story, name="map-timeline"),
    path("api/map/layers", layers.index, name="map-layers"),
    path("api/map/layers/<str:key>", layers.features, name="map-layer"),
    path("tiles/tianditu/<str:kind>/<int:z>/<int:x>/<int:y>", tianditu.tile, name="tianditu"),
]
