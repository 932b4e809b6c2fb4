"""The guides are true: pictures exist, the API page is the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.docs import reference

from anlan.web.api import api

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ["README.md", *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").glob("*.md")))]


def test_the_reference_of_the_interface_is_the_one_of_the_code() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == reference(api.get_openapi_schema())


@pytest.mark.parametrize("name", GUIDES)
def test_what_a_guide_shows_or_links_to_is_there(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not re.match(r"https?:|mailto:", target):
            assert (page.parent / target).exists(), f"{name}: {target}"


def test_every_chapter_of_the_operators_guide_has_a_picture() -> None:
    text = (ROOT / "docs" / "operators-guide.zh.md").read_text(encoding="utf-8")
    chapters = re.split(r"^## ", text, flags=re.M)[1:]
    assert [chapter.splitlines()[0] for chapter in chapters if "](pictures/" not in chapter] == []


def test_no_picture_lies_about_unused() -> None:
    shown = "".join((ROOT / name).read_text(encoding="utf-8") for name in GUIDES)
    assert [file.name for file in (ROOT / "docs" / "pictures").iterdir() if file.name not in shown] == []
