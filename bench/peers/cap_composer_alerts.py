# ruff: noqa: E402 - Django is set up first
"""Takes CAP documents in and publishes them with CAP Composer's own functions; says how long each took, and its GeoJSON of
what is in force. Run by bench/alerts.py in the peer's environment; a folder with documents is the argument."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cap_composer_site")
import django

django.setup()

from capcomposer.cap.models import CapAlertListPage, CapAlertPage
from capcomposer.cap.utils import create_draft_alert_from_alert_data, serialize_and_sign_cap_alert
from capcomposer.cap.views import cap_geojson
from capcomposer.capeditor.caputils import cap_xml_to_alert_data
from capcomposer.home.models import HomePage
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from wagtail.models import Page, Site


def site() -> Any:
    """A home page with a list of alerts, as its installation makes by hand."""
    home = HomePage(title="home", slug="peer")
    Page.objects.get(depth=1).add_child(instance=home)
    home.add_child(instance=CapAlertListPage(title="alerts", slug="alerts"))
    Site.objects.all().delete()
    return Site.objects.create(hostname="localhost", root_page=home, is_default_site=True)


def main() -> None:
    call_command("migrate", verbosity=0)
    place, request = site(), RequestFactory().get("/")
    took, served, signed = [], [], 0
    for path in sorted(Path(sys.argv[1]).glob("*.xml")):
        document = path.read_bytes()
        began = time.perf_counter()
        page = create_draft_alert_from_alert_data(cap_xml_to_alert_data(document), site=place)
        page.get_latest_revision().publish()
        took.append(time.perf_counter() - began)
        found = CapAlertPage.objects.get(pk=page.pk)
        signed += serialize_and_sign_cap_alert(found, request)[1]
        served.append(time.perf_counter() - began)
    # Its editor fills this column when a form is kept; its import leaves it empty, and its map would show nothing.
    CapAlertPage.objects.update(expires=timezone.now() + timedelta(hours=6))
    asked, features = [], 0
    for _ in range(5):
        began = time.perf_counter()
        features = len(json.loads(cap_geojson(request).content)["features"])
        asked.append(time.perf_counter() - began)
    live = CapAlertPage.objects.live().count()
    print(json.dumps({"publish_s": median(took), "served_s": median(served), "geojson_s": median(asked), "live": live,
                      "signed": signed, "features": features}))  # fmt: skip


main()
