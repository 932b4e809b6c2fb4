"""Addresses of the resources room."""

from __future__ import annotations

from django.urls import path

from anlan.resources.views import convoys, dispatch, presence, routes, stores, teams

urlpatterns = [
    path("teams/<int:pk>/readiness", teams.readiness, name="team-readiness"),
    path("stores/", stores.overview, name="stores"),
    path("stores/<int:pk>/", stores.store, name="store"),
    path("stores/<int:pk>/labels", stores.labels, name="store-labels"),
    path("stores/<int:pk>/<slug:what>.xlsx", stores.book, name="store-book"),
    path("stores/<int:pk>/receive", stores.receive_page, name="store-receive"),
    path("stores/<int:pk>/receive/do", stores.receive_do, name="store-receive-do"),
    path("stores/<int:pk>/receipts", stores.bring_receipts, name="store-receipts"),
    path("stores/<int:pk>/count", stores.bring_count, name="store-count"),
    path("stores/<int:pk>/send", dispatch.send, name="store-send"),
    path("stock/<int:pk>/", stores.stock, name="stock"),
    path("stock/<int:pk>/do/<slug:verb>", stores.stock_do, name="stock-do"),
    path("s/<str:code>", stores.by_code, name="stock-code"),
    path("isochrones/", routes.isochrones, name="isochrones"),
    path("isochrones.json", routes.isochrones_json, name="isochrones-json"),
    path("convoys/", convoys.listing, name="convoys"),
    path("convoys/<int:pk>/", convoys.convoy, name="convoy"),
    path("convoys/<int:pk>/pass.docx", convoys.pass_docx, name="convoy-pass"),
    path("convoys/<int:pk>/do/<slug:state>", convoys.do, name="convoy-do"),
    path("inside/", presence.board, name="inside"),
    path("inside/enter", presence.enter, name="inside-enter"),
    path("inside/<int:pk>/<slug:verb>", presence.do, name="inside-do"),
    path("scan/", stores.scan, name="scan"),
    path("ledger/", stores.ledger, name="ledger"),
    path("ledger/<int:pk>/reverse", stores.reverse_do, name="movement-reverse"),
    path("rotation/", stores.rotation, name="rotation"),
    path("allocations/", dispatch.allocations, name="allocations"),
    path("allocations/new", dispatch.new_allocation, name="allocation-new"),
    path("allocations/make", dispatch.make_allocation, name="allocation-make"),
    path("allocations/<int:pk>/", dispatch.allocation, name="allocation"),
    path("allocations/<int:pk>/do/<slug:verb>", dispatch.allocation_do, name="allocation-do"),
    path("consignments/<int:pk>/", dispatch.consignment, name="consignment"),
    path("consignments/<int:pk>/do/<slug:verb>", dispatch.consignment_do, name="consignment-do"),
    path("requisitions/", dispatch.requisitions, name="requisitions"),
    path("requisitions/do", dispatch.requisition_do, name="requisition-do"),
    path("requisitions/<int:pk>/settle", dispatch.settle_do, name="requisition-settle"),
]
