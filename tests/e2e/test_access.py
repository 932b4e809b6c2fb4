"""Whether people who cannot see well, or have no mouse, can work here: axe-core on the main pages, both themes.

The rules are those of WCAG 2.1 A and AA (GB/T 37668-2019 asks for the same at its second level).
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from anlan.command import actions as command
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.models import Organisation
from conftest import Required, missing
from tests.conftest import City
from tests.e2e.conftest import ROOT, station, wait_for_map, wait_until
from tests.e2e.test_console import alarm_at
from tests.web.serving import Web

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
AXE = ROOT / "frontend" / "vendor" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MAPS = ("/", "/wall")
PAGES = (
    "/", "/wall", "/command/", "/command/incidents/", "/command/incidents/{incident}/", "/command/tasks/", "/command/plans/",
    "/monitoring/alarms/", "/monitoring/alarms/{alarm}/", "/monitoring/warnings/", "/monitoring/warnings/draft",
    "/monitoring/stations/", "/monitoring/stations/{station}/", "/monitoring/rules/", "/administration/duty/", "/simulation/",
    "/gateways/outbox/", "/gateways/quarantine/", "/gateways/import/", "/registers/", "/registers/organisations/",
    "/registers/organisations/new", "/registers/organisations/{organisation}/", "/registers/organisations/import",
    "/accounts/", "/audit/", "/account/password",
)  # fmt: skip


def violations(page: Page) -> list[str]:
    """What axe finds: rule, how grave, and the first places, each with its reason."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(r => r.violations)", RULES
    )
    return [
        f"{page.url} {one['id']} ({one['impact']}): {' '.join(map(str, node['target']))} -- {node['failureSummary']}"
        for one in found
        for node in one["nodes"][:4]
    ]


@pytest.fixture
def addresses(drawn_city: City) -> list[str]:
    """The main pages, with something on each."""
    if not AXE.is_file():
        missing("axe-core is missing: run `anlan frontend install`", Required.BROWSER)
    detector = station(drawn_city.west, "G1", 106.72, 39.5)
    alarm = alarm_at(detector)
    incident = command.open_incident(
        system("值班员"), event_code="12D02", title="氯气泄漏", lon=106.72, lat=39.5, area_id=drawn_city.west.pk,
        occurred_at=clock.now(), reported_by="企业", source="电话",
    )  # fmt: skip
    bureau = Organisation.everything.create(code="E9", name="应急局", kind="应急", area=drawn_city.west)
    known = {"incident": incident.pk, "alarm": alarm.pk, "station": detector.pk, "organisation": bureau.pk}
    return [address.format(**known) for address in PAGES]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_main_pages_keep_the_rules_of_accessible_pages(
    page: Page, web: Web, addresses: list[str], theme: str
) -> None:
    page.context.add_cookies([{"name": "anlan_theme", "value": theme, "url": web.url}])
    found: list[str] = []
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        if answer.status >= 400:
            found.append(f"{address}: {answer.status}")
            continue
        if address in MAPS:
            wait_until(page, "document.querySelector('#map')?.dataset.state === 'ready'")
        found += violations(page)
    assert found == [], "\n".join(found)


def test_the_way_in_keeps_the_rules_of_accessible_pages(browser: Browser, web: Web) -> None:
    page = browser.new_context(base_url=web.url).new_page()
    page.goto("/login")
    assert violations(page) == []
    page.context.close()


def test_the_open_layer_tree_and_the_chosen_thing_keep_the_rules_as_well(page: Page, addresses: list[str]) -> None:
    page.goto("/")
    wait_for_map(page)
    page.get_by_title("图层 (L)").click()
    page.locator("#worklist [data-panel-url]").first.click()
    wait_until(page, "!document.querySelector('.panel-body').hasAttribute('aria-busy')")
    assert violations(page) == []
