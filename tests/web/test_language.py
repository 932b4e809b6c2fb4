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


def test_every_text_of_the_pages_has_its_english() -> None:
    wanted: set[str] = {title for _room, title in nav.ROOMS} | {entry.title for entry in nav.ENTRIES}
    for file in SRC.glob("*/templates/**/*.html"):
        wanted |= set(re.findall(r"{% translate '([^']+)'", file.read_text(encoding="utf-8")))
    wanted |= {register.title for register in REGISTERS.values()}
    missing = {text for text in wanted if CHINESE.search(text)} - set(translated())
    assert missing == set()


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
