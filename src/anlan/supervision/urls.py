"""Pages of the supervision room."""

from __future__ import annotations

from django.urls import path

from anlan.supervision import views

urlpatterns = [
    path("parks/", views.listing, name="parks"),
    path("parks/<int:pk>/", views.page, name="park"),
    path("parks/<int:pk>/assess", views.assess, name="park-assess"),
    path("parks/<int:pk>/point", views.point, name="park-point"),
    path("parks/<int:pk>/plan", views.plan, name="park-plan"),
    path("major-hazards/", views.majors, name="major-hazards"),
    path("risks/<int:pk>/report.<str:kind>", views.report, name="park-report"),
]
