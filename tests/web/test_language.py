"""Chinese first, English switchable."""

from __future__ import annotations

import ast
import re
from gettext import GNUTranslations
from pathlib import Path

from anlan.kernel.register.declare import REGISTERS
from anlan.web import nav
from tests.web.conftest import SignIn

SRC = Path(nav.__file__).parent.parent
CATALOGUE = SRC / "locale" / "en" / "LC_MESSAGES"
CHINESE = re.compile("[\u4e00-\u9fff]")


def translated() -> dict[str, str]:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return {str(key): str(value) for key, value in GNUTranslations(file)._catalog.items()}  # type: ignore[attr-defined]


def texts(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in folder.rglob("*.html"):
        found |= set(re.findall(r"{% translate '([^']+)'", file.read_text(encoding="utf-8")))
    return {text for text in found if CHINESE.search(text)}


def test_every_text_of_the_shell_and_the_registries_has_its_english() -> None:
    wanted = {title for _room, title in nav.ROOMS} | {entry.title for entry in nav.ENTRIES}
    wanted |= texts(SRC / "kernel" / "templates") | {register.title for register in REGISTERS.values()}
    for folder in ("account", "accounts", "parts"):
        wanted |= texts(SRC / "web" / "templates" / "web" / folder)
    assert wanted - set(translated()) == set()


def test_the_pages_of_all_rooms_are_at_least_nine_tenths_english() -> None:
    wanted = {text for folder in SRC.glob("*/templates") for text in texts(folder)}
    missing = wanted - set(translated())
    assert len(missing) <= 0.1 * len(wanted), sorted(missing)


def test_the_compiled_catalogue_is_the_one_people_edit() -> None:
    text = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid (".+")\nmsgstr (".*")$', text, re.M)
    assert {ast.literal_eval(k): ast.literal_eval(v) for k, v in pairs if k != '""'} == {
        k: v for k, v in translated().items() if k
    }


def test_a_register_reads_in_english_when_english_is_chosen(signed_in: SignIn) -> None:
    client = signed_in()
    assert "<h1>机构</h1>" in client.get("/registers/organisations/").content.decode()
    client.post("/settings/look", {"language": "en"})
    page = client.get("/registers/organisations/").content.decode()
    assert "<h1>Organisations</h1>" in page
    assert "No records yet" in page
    assert "所属区划" not in page
