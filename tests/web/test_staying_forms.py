"""Forms that stay: a refusal comes to where it was typed, acceptance says where to go on; without script pages do both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from anlan.command.models import Instruction
from anlan.kernel import clock
from anlan.resources.models import Presence
from tests.command.conftest import START, Stage, stage
from tests.web.conftest import signed_in

__all__ = ["signed_in", "stage"]
ROOT = Path(__file__).resolve().parents[2]
STAYS = {"HTTP_ANLAN_FORM": "1"}


@pytest.mark.django_db
def test_a_refusal_is_told_in_place_with_its_field_and_acceptance_where_to_go(stage: Stage, signed_in: Any) -> None:
    client = signed_in()
    given = {
        "leader": "王市长",
        "text": "全力搜救",
        "means": "phone",
        "what": "核清人数",
        "owner": "应急局",
        "hours": "-3",
        "phone": "",
    }
    given["area"] = str(stage.city.city.pk)
    with clock.standing_at(START):
        refused = client.post("/command/instructions/", given, **STAYS)
        assert (refused.status_code, refused["Anlan-Refused"]) == (422, "hours")
        text = refused.content.decode()
        assert "0.5~2160" in text
        assert "<html" not in text, "a part of a page, to be shown in the form"
        assert Instruction.everything.count() == 0
        accepted = client.post("/command/instructions/", {**given, "hours": "2"}, **STAYS)
        assert (accepted.status_code, accepted["Anlan-Location"]) == (204, "/command/instructions/")
        page = client.get(accepted["Anlan-Location"]).content.decode()
        assert "核清人数" in page
        assert 'class="note success"' in page, "the word of what was done waits for the page"
        plain = client.post("/command/instructions/", given)
        assert (plain.status_code, "<html" in plain.content.decode()) == (422, True)
        # pages that carry refusals along as messages tell them in place, too
        entry = {"person": "张三", "zone": "hot", "limit_min": "0", "area": stage.city.city.pk}
        told = client.post("/resources/inside/enter", entry, **STAYS)
        assert (told.status_code, Presence.everything.count()) == (422, 0)
        assert client.post("/resources/inside/enter", entry).status_code == 302


def test_what_stays_never_answers_with_a_page_of_its_own() -> None:
    """A form that shows itself again with its errors must not stay: the script would not know what to do with the page."""
    own_pages = {"intake.html", "new_incident.html", "fire.html", "plan_edit.html", "plan_draft.html"}
    staying = {
        path.name
        for path in ROOT.glob("src/anlan/*/templates/**/*.html")
        if re.search(r"<form[^>]* data-stay", path.read_text(encoding="utf-8"))
    }
    assert {"verb.html", "instructions.html", "convoys.html", "stock.html"} <= staying
    assert staying.isdisjoint(own_pages)
