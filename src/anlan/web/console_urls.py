"""Addresses of the console: map, wall, layers, and the optional online base map."""

from __future__ import annotations

from django.urls import path

from anlan.web.views import layers, map, tianditu, wall

urlpatterns = [
    path("", map.page, name="map"),
    path("map/worklist", map.worklist, name="map-worklist"),
    path("map/alarms/<int:pk>/acknowledge", map.acknowledge, name="map-acknowledge"),
    path("map/alarms/<int:pk>/incident", map.open_incident, name="map-open-incident"),
    path("map/here", map.here, name="map-here"),
    path("map/thing", map.thing, name="map-thing"),
    path("api/map/timeline", map.story, name="map-timeline"),
    path("api/map/trends", wall.trends, name="map-trends"),
    path("wall", wall.page, name="wall"),
    path("wall/board", wall.figures, name="wall-board"),
    path("api/map/layers", layers.index, name="map-layers"),
    path("api/map/layers/<str:key>", layers.features, name="map-layer"),
    path("tiles/tianditu/<str:kind>/<int:z>/<int:x>/<int:y>", tianditu.tile, name="tianditu"),
]
