"""The outbox page."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.alerts import views

urlpatterns = [
    path("sms/status", views.sms_status, name="sms-status"),
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<int:pk>/again", views.again, name="outbox-again"),
    path("outbox/<int:pk>/drop", views.drop, name="outbox-drop"),
]
