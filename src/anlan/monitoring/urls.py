"""Addresses of monitoring, below /monitoring/."""

from __future__ import annotations

from django.urls import path

from anlan.monitoring.views import alarms, assessment, natural, rivers, rules, stations, warnings

urlpatterns = [
    path("alarms/", alarms.listing, name="alarms"),
    path("alarms/groups/", assessment.groups, name="alarm-groups"),
    path("alarms/assessment/", assessment.figures, name="alarm-assessment"),
    path("alarms/<int:pk>/", alarms.page, name="alarm"),
    path("alarms/<int:pk>/panel", alarms.panel, name="alarm-panel"),
    path("alarms/<int:pk>/<slug:verb>", alarms.do, name="alarm-do"),
    path("stations/", stations.listing, name="stations"),
    path("stations/<int:pk>/", stations.page, name="station"),
    path("datastreams/<int:pk>/series.json", stations.series, name="series"),
    path("stations/<int:pk>/clock", stations.correct_clock, name="station-clock"),
    path("network/", stations.health_board, name="network"),
    path("warnings/", warnings.listing, name="warnings"),
    path("warnings/together", warnings.together, name="warnings-together"),
    path("warnings/judge", warnings.judge, name="warning-judge"),
    path("warnings/outline", warnings.outline, name="warning-outline"),
    path("warnings/draft", warnings.draft, name="warning-draft"),
    path("warnings/<int:pk>/", warnings.page, name="warning"),
    path("warnings/<int:pk>/cap.xml", warnings.cap, name="warning-cap"),
    path("warnings/<int:pk>/12379.xml", warnings.cap_12379, name="warning-12379"),
    path("warnings/<int:pk>/edit", warnings.edit, name="warning-edit"),
    path("warnings/<int:pk>/<slug:verb>", warnings.do, name="warning-do"),
    path("rivers/", rivers.page, name="rivers"),
    path("judgements/", natural.judgements, name="judgements"),
    path("judgements/<int:pk>/", natural.judgement, name="judgement"),
    path("rules/", rules.listing, name="alarm-rules"),
    path("rules/<int:pk>/backtest/", assessment.trial, name="rule-backtest"),
]
