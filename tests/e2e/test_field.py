"""The page of the field: opens and works without a line, sends when there is one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from anlan.command import actions
from anlan.command.models import FieldEntry
from anlan.kernel.accounts.actor import system
from anlan.resources.models import Team
from tests.conftest import City
from tests.e2e.conftest import picture, wait_until

pytestmark = pytest.mark.e2e


def test_a_task_is_worked_on_without_a_line_and_told_when_it_is_back(page: Page, drawn_city: City) -> None:
    by = system("指挥")
    team = Team.everything.create(code="T1", name="乌达消防站", kind="消防", lon=106.7, lat=39.5, area=drawn_city.west)
    row = actions.open_incident(
        by, event_code="12D02", title="液氯泄漏", lon=106.72, lat=39.52, area_id=drawn_city.west.pk, occurred_at=None,
        reported_by="", source="电话",
    )  # fmt: skip
    task = actions.dispatch_team(by, row.pk, team.pk, "侦检堵漏")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/command/field/")
    expect(page.get_by_role("heading", name="侦检堵漏")).to_be_visible()
    wait_until(page, "navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    wait_until(page, "document.documentElement.dataset.field === 'ready'")
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="侦检堵漏")).to_be_visible()
    page.get_by_role("button", name="确认收到").click()
    page.get_by_role("button", name="出发").click()
    expect(page.get_by_text("待发送 2 件")).to_be_visible()
    assert not FieldEntry.everything.exists()
    picture(page, "field-offline")
    page.context.set_offline(False)
    expect(page.get_by_role("button", name="到场")).to_be_visible()
    wait_until(page, "document.getElementById('waiting').textContent === ''")
    task.refresh_from_db()
    assert task.state == "en_route"
    assert FieldEntry.everything.count() == 2
