"""Pages of the exchange."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.exchange import views

urlpatterns = [
    path("", views.links, name="exchange"),
    path("records", views.records, name="exchange-records"),
    path("records/<int:pk>/answer", views.answer, name="exchange-answer"),
    path("bring", views.bring, name="exchange-bring"),
    path("peers/<int:pk>/", views.peer_log, name="exchange-peer"),
    path("peers/<int:pk>/export", views.export, name="exchange-export"),
    path("peers/<int:pk>/foreign", views.bring_foreign, name="exchange-foreign"),
    path("peers/<int:pk>/foreign/<str:form>", views.export_foreign, name="exchange-foreign-export"),
    path("peers/<int:pk>/ask", views.ask, name="exchange-ask"),
]
