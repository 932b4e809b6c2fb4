"""A city with a plan, posts with people, teams, and a shift on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anlan.administration.models import DutyRole, Shift
from anlan.command import actions
from anlan.command.models import Incident, PlanVersion
from anlan.command.plans import load
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.models import Organisation, Person, Post
from anlan.resources.models import Team
from tests.conftest import City, actor

DATA = Path(__file__).parent / "data"
#: 2026-11-23 20:00 in Beijing.
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Stage:
    """Who and what the story needs."""

    city: City
    plan: PlanVersion
    commander: Post
    deputy: Post
    police: Post
    team: Team
    far_team: Team
    officer: Actor


@pytest.fixture
def stage(city: City) -> Stage:
    bureau = Organisation.everything.create(code="E0", name="市应急局", kind="应急", area=city.city, phone="0473-1")
    security = Organisation.everything.create(
        code="G0", name="市公安局", kind="公安", area=city.city, parent=bureau, phone="0473-2"
    )

    def post(code: str, title: str, organisation: Organisation, deputy: Post | None, name: str) -> Post:
        row = Post.everything.create(code=code, title=title, organisation=organisation, area=city.city, deputy=deputy)
        person = Person.everything.create(
            code=f"R-{code}", name=name, phone="13900000000", organisation=organisation, post=row, area=city.city
        )
        Shift.everything.create(
            code=f"S-{code}",
            organisation=organisation,
            person=person,
            role=DutyRole.LEADER if code == "P-CMD" else DutyRole.OFFICER,
            start=START - timedelta(days=1),
            end=START + timedelta(days=2),
            area=city.city,
        )
        return row

    def team(code: str, name: str, lon: float) -> Team:
        return Team.everything.create(
            code=code,
            name=name,
            lon=lon,
            lat=39.5,
            kind="消防",
            capabilities=["hazmat"],
            members=12,
            area=city.city,
            organisation=bureau,
            phone="119",
        )

    commander = post("P-CMD", "应急局长", bureau, None, "张局长")
    deputy = post("P-DEP", "治安副大队长", security, None, "李副队")
    police = post("P-POL", "治安大队长", security, deputy, "赵大队")
    with clock.standing_at(START - timedelta(days=30)):
        plan = actions.publish_plan(system("加载"), load(DATA / "leak.toml"))
    near, far = team("T1", "乌达特勤站", 106.72), team("T2", "海南大队", 106.9)
    return Stage(city, plan, commander, deputy, police, near, far, actor(city.city, name="值班长"))


def opened(stage: Stage, minutes: float = 0, **details: object) -> Incident:
    """An incident as the desk opens it, `minutes` after START."""
    at = START + timedelta(minutes=minutes)
    values: dict[str, object] = {
        "event_code": "12D02",
        "title": "某化工厂液氯泄漏",
        "lon": 106.7,
        "lat": 39.5,
        "area_id": stage.city.west.pk,
        "occurred_at": at - timedelta(minutes=5),
        "reported_by": "厂值班室",
        "from_party": "enterprise",
        "source": "电话报告",
    }
    with clock.standing_at(at):
        return actions.open_incident(stage.officer, **{**values, **details})
