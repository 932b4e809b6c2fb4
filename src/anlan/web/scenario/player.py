"""Plays a scenario on a running installation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import httpx
from asgiref.sync import sync_to_async
from django.conf import settings

from anlan import sandbox
from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, User
from anlan.web.city import loader
from anlan.web.scenario import again, checks
from anlan.web.scenario.directing import Directing
from anlan.web.scenario.field import PRELUDE, Field
from anlan.web.scenario.people import People, Refused
from anlan.web.scenario.spec import Scenario
from anlan.web.scenario.story import Step, Story

CAST = ("zhiban", "zhihui", "qicao", "shenhe", "qianfa", "jiuyuan")
#: Reactions may still run when the last person has finished, real seconds.
SETTLE_S = 150.0


def start_of(scenario: Scenario, speed: float) -> datetime:
    """When the scenario's clock begins: at a given moment, or so that it meets real time at the end."""
    if scenario.start == "now":
        lead = scenario.minutes * 60 * (1 - 1 / speed)
        return clock.real_now() - timedelta(seconds=lead)
    return datetime.fromisoformat(scenario.start)


def after_what_is_known(start: datetime) -> datetime:
    """A story told again must not begin before the end of the last one: its readings would be history."""
    newest = checks.newest_observation()
    return start if newest is None else max(start, newest + PRELUDE + timedelta(minutes=1))


def feed_token() -> str:
    """A fresh token of the demonstration's interface account."""
    user = User.objects.get(username="jiekou")
    ApiToken.objects.filter(user=user, name="场景").delete()
    return ApiToken.issue(user, "场景", clock.real_now(), clock.real_now() + timedelta(hours=12))


class Player:
    """One run of one scenario."""

    def __init__(
        self,
        scenario: Scenario,
        url: str,
        ports: dict[str, int],
        device_password: str,
        accounts: list[tuple[str, str, str]],
        directing: Directing | None = None,
    ) -> None:
        self.scenario, self.url, self.ports, self.password = scenario, url, ports, device_password
        self.directing = directing or Directing()
        self.people = People(url, accounts)
        #: How many weeks after the original this telling of a piece of history is set.
        self.weeks = 0

    async def play(
        self, tell: Callable[[Step], None], speed: float | None = None, live_minutes: float | None = None
    ) -> dict[str, Any]:
        """Play to the end; returns the summary. The clock is real again afterwards, whatever happens.

        With `live_minutes` people of flesh and blood respond: only the field and the injects are played, for so long.
        """
        pace = speed or self.scenario.speed
        await self.people.arrive(*CAST)
        token = await sync_to_async(feed_token)()
        start = start_of(self.scenario, pace)
        if self.scenario.start == "now":
            start = await sync_to_async(after_what_is_known)(start)
        else:
            self.weeks = await sync_to_async(again.weeks_later)(self.scenario)
            start += self.weeks * again.WEEK
        await sync_to_async(loader.keep_roster)(settings.CITY, start)
        clock.run_scenario(self.scenario.name, start, pace)
        self.directing.tell(started=start.isoformat())
        field = Field(self.scenario, start, self.ports, self.password)
        story = Story(self.scenario, self.people, start, tell)
        sending = asyncio.create_task(field.run(lambda feed, body: self.post_feed(token, feed, body)))
        error = ""
        began = time.monotonic()
        try:
            await asyncio.wait_for(field.quiet.wait(), 20)
            directing = asyncio.create_task(self.direct(field))
            await self.directing.unless_stopped(story.play() if live_minutes is None else field.until(live_minutes))
            directing.cancel()
            await asyncio.gather(directing, return_exceptions=True)
        except (Refused, httpx.HTTPError, TimeoutError) as refused:
            error = str(refused)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            links = await self.settled(story, start)
            clock.run_real()
            await self.people.leave()
        return self.summary(story, links, field.sent, time.monotonic() - began, error)

    async def direct(self, field: Field) -> None:
        """导调: the script's injects and the console's. A sandbox takes them, nothing else does."""
        if sandbox.name():
            post = self.people["zhihui"].post
            await asyncio.gather(
                self.directing.script(self.scenario.injects, field.until, post), self.directing.console(post)
            )

    async def post_feed(self, token: str, feed: str, body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            return await client.post(
                f"/api/feeds/{feed}",
                content=again.feed(feed, body, self.weeks),
                headers={"Authorization": f"Bearer {token}"},
            )

    async def settled(self, story: Story, start: datetime) -> dict[str, bool]:
        """The links as the database knows them, after what is still owed has been worked off."""
        correlation = story.incident.get("correlation_id")
        if correlation is None:
            return {}
        deadline = time.monotonic() + (0 if self.directing.stop.is_set() else SETTLE_S)
        while True:
            links = await sync_to_async(checks.links)(correlation, start, bool(story.alarm))
            if all(links.values()) or time.monotonic() > deadline:
                return links
            await asyncio.sleep(0.3)

    def summary(self, story: Story, links: dict[str, bool], sent: int, took_s: float, error: str) -> dict[str, Any]:
        missing = [link for link, there in links.items() if not there]
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "incident": story.incident.get("number"),
            "steps": [asdict(step) for step in story.steps],
            "closed": links.get("closed", False),
            "reviewed": links.get("reviewed", False),
            "links": links,
            "missing": missing,
            "readings_sent": sent,
            "weeks_later": self.weeks,
            "took_s": round(took_s, 1),
            "ok": bool(links) and not missing and not error,
            "error": error,
        }
