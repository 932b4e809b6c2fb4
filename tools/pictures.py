"""The pictures of the guides: the demonstration is played, then a real browser goes through the pages (`make pictures`).

Drawn from a running installation and never by hand, so that they show what a user sees.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--force-color-profile=srgb"]
#: Enough for these pages; keeps the pictures small in the repository.
COLOURS = 128
#: Pictures that a browser test makes on its way.
TESTED = {"console": "tests/acceptance/test_picture.py"}
#: picture -> page of the demonstration after the chlorine leak; `first` opens the newest incident, plan, store and so on.
PAGES = {
    "wall": "/wall",
    "alarms": "/monitoring/alarms/?show=all",
    "intake": "/command/intake/",
    "desk": "/command/",
    "incident": "/command/incidents/ first",
    "simulation": "/simulation/ first",
    "release": "/situation/releases/ first",
    "warning": "/monitoring/warnings/ first",
    "review": "/command/incidents/ first review",
    "coverage": "/mobilisation/coverage/",
    "stores": "/resources/stores/",
    "protocols": "/gateways/console/",
    "quakes": "/command/quakes/past/",
    "plan": "/command/plans/ first",
    "fires": "/command/fires/",
    "forces": "/command/incidents/1/?tab=resources",
    "park": "/supervision/parks/ first",
    "network": "/monitoring/network/",
    "report": "/command/reports/1/",
    "exchange": "/gateways/exchange/",
    "backfill": "/gateways/backfill/",
    "command": "/monitoring/stations/ first",
    "judgements": "/monitoring/judgements/",
    "brief": "/command/incidents/ first brief",
    "field": "/command/field/",
    "losses": "/command/losses/ first",
}


@contextmanager
def demonstration() -> Iterator[tuple[str, str, str]]:
    """A played demonstration: its address, and an account of the city's."""
    with tempfile.TemporaryDirectory(prefix="anlan-pictures-") as var:
        env = dict(os.environ, ANLAN_VAR=var, PYTHONUNBUFFERED="1", COLUMNS="160")
        command = [sys.executable, "-m", "anlan", "demo", "--port", "18500"]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        accounts: list[str] = []
        url = ""
        for line in process.stdout:
            print(line, end="")
            cells = [cell.strip() for cell in re.split(r"[│┃|]", line) if cell.strip()]
            if len(cells) == 3 and "市" in cells[2]:
                accounts += [f"{cells[0]} {cells[1]}"]
            if found := re.search(r"打开 (http://\S+)", line):
                url = found[1]
                break
        try:
            assert url, "the demonstration did not start"
            assert accounts, "the demonstration named no account of the city"
            name, password = accounts[0].split()
            yield url, name, password
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.close()
            process.wait(30)


def keep(page: Page, name: str) -> None:
    shot = Image.open(BytesIO(page.screenshot()))
    shot.convert("RGB").quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)
    print(f"  {name}.png {(FOLDER / f'{name}.png').stat().st_size // 1024} KiB")


def go(page: Page, way: str) -> None:
    """`/list/`, `/list/ first` (the first row's own page) or `/list/ first part` (a page below that)."""
    address, *more = way.split()
    page.goto(address)
    if more:
        links = page.eval_on_selector_all("main a[href]", "all => all.map(a => new URL(a.href).pathname)")
        own = next((link for link in links if re.fullmatch(re.escape(address) + r"[\w-]*\d[\w-]*/", link)), None)
        if own is None:
            print(f"  {address}: no row of its own, {links[:12]}")
            return
        page.goto(own + "/".join(more[1:]))
    page.wait_for_timeout(12_000 if address in {"/", "/wall"} else 4000)


def start_release(page: Page) -> None:
    """A release to look at: the first unit of the list, wind from the station beside it."""
    page.goto("/situation/releases/")
    chlorine = page.locator("#unit option", has_text="液氯").first.get_attribute("value")
    page.locator("#unit").select_option(chlorine)
    page.get_by_role("button", name="开始研判").click()
    page.wait_for_timeout(3000)


def start_losses(page: Page) -> None:
    """A disaster whose losses are gathered: its areas have their first returns to make."""
    page.goto("/command/losses/")
    page.get_by_label("名称").fill("黄河凌汛")
    page.get_by_label("发生时间").fill(
        page.evaluate("new Date(Date.now() - 1800000 + 28800000).toISOString().slice(0, 16)")
    )
    page.get_by_role("button", name="建立并要求初报").click()
    page.wait_for_timeout(2000)


def by_test(file: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
    subprocess.run(command, cwd=ROOT, env=dict(os.environ, ANLAN_PICTURES="1"), check=True)


def main(wanted: list[str]) -> int:
    for name, file in TESTED.items():
        if not wanted or name in wanted:
            by_test(file)
    if wanted and not set(wanted) - set(TESTED):
        return 0
    return from_pages(wanted)


def from_pages(wanted: list[str]) -> int:
    with demonstration() as (url, name, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("ANLAN_CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1440, "height": 860}, base_url=url, locale="zh-CN")
        page.goto("/")
        if not wanted or "login" in wanted:
            keep(page, "login")
        page.get_by_label("账号").fill(name)
        page.get_by_label("口令").fill(password)
        page.get_by_role("button", name="登录").click()
        page.wait_for_timeout(2000)
        start_release(page)
        start_losses(page)
        for picture, way in PAGES.items():
            if not wanted or picture in wanted:
                go(page, way)
                keep(page, picture)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
