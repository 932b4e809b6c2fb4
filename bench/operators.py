"""200 operators at work on one incident at once: every verb's p95, and that no change is lost.

Each operator does something, thinks for 5 to 15 s, and does the next thing: about twenty verbs a second on one incident, all
of which take its lock. Peer: the aim of 300 ms; the same requests by one operator alone are told beside it.
"""

from __future__ import annotations

from bench import _lab

# isort: split
# The lab has set Django up: tables may be imported from here on.

import asyncio
import random
import time
from collections import defaultdict
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from django.test import Client

from anlan.command import actions
from anlan.command.models import Drawing, Incident, Need, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit import journal
from anlan.kernel.models import Area, Grant, Role, User
from bench.console import BACKEND, people, row

OPERATORS, SECONDS, THINK_S, AIM_MS, RIVALS = 200, 45, (5.0, 15.0), 300.0, 20
TOKEN = "b" * 32


def sessions(city: Area) -> list[str]:
    """Two hundred accounts, signed in."""
    role = Role.objects.get(code="bench")
    found = []
    for number in range(OPERATORS):
        user = User(username=f"op{number}", display_name=f"席位{number}", password_changed_at=clock.real_now())
        user.set_unusable_password()
        user.save()
        Grant.objects.create(user=user, role=role, area=city)
        client = Client()
        client.force_login(user, BACKEND)
        found.append(client.cookies["sessionid"].value)
    return found


class Operator:
    """One browser: what it asks and how long it takes."""

    def __init__(self, http: httpx.AsyncClient, session: str, incident: int, waits: dict[str, list[float]]) -> None:
        self.http, self.incident, self.waits = http, incident, waits
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN, "Accept": "application/json",
        }  # fmt: skip
        self.drawn: tuple[int, int] | None = None
        self.failed: list[str] = []

    async def ask(self, verb: str, method: str, url: str, **body: Any) -> Any:
        began = time.perf_counter()
        answer = await self.http.request(method, url, headers=self.headers, **body)
        self.waits[verb].append(time.perf_counter() - began)
        if answer.status_code >= 400:
            self.failed.append(f"{verb} {answer.status_code} {answer.text[:120]}")
        return answer.json() if "json" in answer.headers.get("content-type", "") else None

    async def note(self) -> None:
        await self.ask("note", "POST", f"/api/command/incidents/{self.incident}/note", json={"text": f"情况 {uuid4()}"})

    async def need(self) -> None:
        data = {"kind": "material", "item": f"物资{random.random():.4f}", "quantity": "3", "unit": "件"}
        await self.ask("need", "POST", f"/command/incidents/{self.incident}/needs", data=data)

    async def draw(self) -> None:
        point = {"type": "Point", "coordinates": [round(106.6 + random.random() * 0.2, 5), 39.5]}
        if self.drawn is None:
            body = {"key": str(uuid4()), "kind": "staging", "geometry": point, "label": "集结点"}
            said = await self.ask("draw", "POST", f"/command/incidents/{self.incident}/drawings", json=body)
        else:
            number, version = self.drawn
            body = {"geometry": point, "version": version}
            said = await self.ask("redraw", "POST", f"/command/drawings/{number}/do/redraw", json=body)
        self.drawn = (said["id"], said["version"]) if said and "version" in said else self.drawn

    async def panel(self) -> None:
        await self.ask("panel", "GET", f"/command/incidents/{self.incident}/panel")

    async def work(self, until: float) -> None:
        await asyncio.sleep(random.random() * THINK_S[1])
        while time.perf_counter() < until:
            await random.choice((self.note, self.need, self.draw, self.panel))()
            await asyncio.sleep(random.uniform(*THINK_S))


async def crowd(
    url: str, signed: list[str], incident: int, seconds: float
) -> tuple[dict[str, list[float]], list[Operator]]:
    waits: dict[str, list[float]] = defaultdict(list)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, follow_redirects=False) as http:
        operators = [Operator(http, session, incident, waits) for session in signed]
        until = time.perf_counter() + seconds
        await asyncio.gather(*(one.work(until) for one in operators))
    return waits, operators


async def rivals(url: str, signed: list[str], drawing: int, version: int) -> list[int]:
    """Many change one drawing at once, each on the version all of them saw: who got through."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        people = [Operator(http, session, 0, defaultdict(list)) for session in signed[:RIVALS]]

        async def change(one: Operator, number: int) -> int:
            body = {"label": f"第{number}人", "version": version}
            answer = await http.post(f"/command/drawings/{drawing}/do/redraw", json=body, headers=one.headers)
            return answer.status_code

        return list(await asyncio.gather(*(change(one, number) for number, one in enumerate(people))))


def opened(city: Area) -> Incident:
    by = system("压测")
    return actions.open_incident(
        by, event_code="12D02", title="压测泄漏", lon=106.7, lat=39.5, area_id=city.pk, occurred_at=None,
        reported_by="压测", source="压测",
    )  # fmt: skip


def p95(waits: list[float]) -> float:
    return float(np.percentile(1000 * np.array(waits), 95))


def run() -> list[dict[str, Any]]:
    rows = []
    with _lab.fresh_database() as database:
        city, _session = people()
        signed, incident = sessions(city), opened(city)
        with _lab.web(database) as url:
            asyncio.run(crowd(url, signed[:1], incident.pk, 20))
            alone, _ = asyncio.run(crowd(url, signed[:5], incident.pk, 30))
            noted = TimelineEntry.everything.filter(incident=incident).count()
            waits, operators = asyncio.run(crowd(url, signed, incident.pk, SECONDS))
            failed = [text for one in operators for text in one.failed]
            assert not failed, failed[:3]
            made = sum(len(times) for verb, times in waits.items() if verb != "panel")
            kept = TimelineEntry.everything.filter(incident=incident).count() - noted
            assert kept == made, f"{made} verbs, {kept} lines"
            drawn = Drawing.everything.filter(erased_at=None).first()
            assert drawn is not None
            answers = asyncio.run(rivals(url, signed, drawn.pk, drawn.version))
        assert (answers.count(200), answers.count(409)) == (1, RIVALS - 1), answers
        assert Need.everything.exists()
        assert not list(journal.flaws()), "the chain of the journal holds"
        for verb, times in sorted(waits.items()):
            single = f"{np.median(1000 * np.array(alone.get(verb) or [0])):.0f} ms alone"
            agreement = f"{len(times)} done, none lost, p50 {np.median(1000 * np.array(times)):.0f} ms, {single}"
            work = f"{OPERATORS} operators on one incident"
            value = p95(times)
            rows.append(
                row(
                    f"operators: {verb}",
                    work,
                    agreement,
                    value,
                    (AIM_MS, "aim"),
                    "ms p95",
                    "p95 < 300 ms",
                    value < AIM_MS,
                )
            )
    work, agreement = f"{RIVALS} change one drawing at once", f"1 got through, {RIVALS - 1} were told (409)"
    rows.append(row("lost updates", work, agreement, 0.0, (1.0, "aim"), "lost", "none", True))
    return rows
