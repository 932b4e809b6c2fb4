"""灾情统计 as sheets: out and in without loss, the year added up, the relief level named with what is not known."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.command.actions import losses as verbs
from anlan.command.duty import loss_sheets
from anlan.command.models import LossProcess
from anlan.command.rules import losses
from anlan.gateways.exchange import effects
from anlan.gateways.exchange.models import SentParcel
from anlan.gateways.exchange.parcel import Parcel, Refused
from anlan.kernel import clock
from anlan.kernel.documents import sheets
from anlan.kernel.errors import Invalid
from anlan.kernel.events.dispatcher import drain
from tests.command.conftest import START, Stage
from tests.command.test_headquarters import peer
from tests.command.test_losses import FLOOD, begun, of, submitted
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


def test_a_form_that_went_out_comes_in_with_the_same_figures(stage: Stage) -> None:
    with clock.standing_at(START):
        row = of(stage.city.west, begun(stage))
        figures = {**FLOOD, "crop_affected": "12.35", "loss_total": "1000000.5"}
        row = verbs.fill_losses(stage.officer, row.pk, figures)
        said = loss_sheets.figures_of("表.xlsx", loss_sheets.form(row))
    assert set(said) == set(losses.dictionary().indicators)
    read = {code: losses.parsed(code, text) for code, text in said.items()}
    assert {code: value for code, value in read.items() if value is not None} == row.figures


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (["指标", "本期"], [["x", 1]], "指标代码"),
        (["指标代码", "本期"], [["deaths", 1], ["death", 2]], "第 3 行"),
        (["指标代码", "本期"], [["deaths", 1], ["deaths", 2]], "第 3 行重复"),
    ],
)
def test_a_sheet_that_is_not_the_form_is_refused_with_its_row(header: list[str], rows: list[Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        loss_sheets.figures_of("表.xlsx", sheets.write_excel("表", header, rows))
    assert said in str(refused.value.details)


def test_the_relief_level_and_what_is_not_known() -> None:
    found, unknown = loss_sheets.relief_advice({"deaths": 12, "missing": 8, "relocated": 9})
    assert found is not None
    assert (found.level, found.reasons) == ("四级", ("死亡失踪人口 20 人 ≥ 20 人",))
    assert "倒塌和严重损坏房屋（间）" in unknown
    assert loss_sheets.relief_advice({"deaths": 19})[0] is None
    both = loss_sheets.relief_advice({"relocated": 60_000, "need_emergency_relief": 40_000})[0]
    assert both is not None
    assert both.level == "四级"


def again(stage: Stage, hazard: str, **more: Any) -> LossProcess:
    return verbs.begin_losses(
        stage.officer, title=f"{hazard}过程", hazard=hazard, area_id=stage.city.west.pk, occurred_at=START, **more
    )


def test_the_year_counts_the_last_word_of_every_disaster_and_no_exercise(stage: Stage) -> None:
    city = stage.city
    with clock.standing_at(START):
        for hazard, people in (("洪涝", "100"), ("风雹", "7")):
            submitted(stage, city.west, again(stage, hazard), {"affected_population": people})
        drill = again(stage, "雪灾")
        submitted(stage, city.west, drill, {"affected_population": "5000"})
        LossProcess.everything.filter(pk=drill.pk).update(exercise=True)
        silent = again(stage, "地震")
        found = loss_sheets.of_year(stage.officer, 2026)
    assert (found.disasters, found.total["affected_population"], found.total["deaths"]) == (2, 107, None)
    assert list(found.lines) == ["洪涝", "风雹"]
    assert (found.final, len(found.not_final), found.silent) == (0, 2, [str(silent)])
    assert loss_sheets.of_year(stage.officer, 2025).disasters == 0
    assert loss_sheets.of_year(actor(city.east), 2026).disasters == 0
    lines = {line["指标代码"]: line["合计"] for line in sheets.read("年报.xlsx", loss_sheets.year_sheet(found))}
    assert (lines["affected_population"], lines["deaths"]) == ("107", "")


def test_sheets_on_the_pages(stage: Stage, signed_in: Any) -> None:
    client = signed_in()
    with clock.standing_at(START):
        process = begun(stage)
        row = of(stage.city.west, process)
        content = sheets.write_excel("表", ["指标代码", "本期"], [["deaths", 21], ["affected_population", 900]])
        sent = {"file": SimpleUploadedFile("表.xlsx", content), "version": row.version}
        assert client.post(f"/command/losses/returns/{row.pk}/import", sent).status_code == 302
        row.refresh_from_db()
        assert row.figures == {"deaths": 21, "affected_population": 900}
        stale = {"file": SimpleUploadedFile("表.xlsx", content), "version": 1}
        assert client.post(f"/command/losses/returns/{row.pk}/import", stale).status_code == 409
        assert client.get(f"/command/losses/returns/{row.pk}/table.xlsx").content[:2] == b"PK"
        top = of(stage.city.city, process)
        verbs.fill_losses(stage.officer, top.pk, {"deaths": "21", "affected_population": "900"})
        page = client.get(f"/command/losses/{process.pk}/").content.decode()
        assert "死亡失踪人口 21 人 ≥ 20 人" in page
        verbs.submit_losses(stage.officer, top.pk, explanation="区县未报")
        assert "900" in client.get("/command/losses/year/").content.decode()
        assert client.get("/command/losses/year.xlsx?year=2026").content[:2] == b"PK"
        assert client.get("/command/losses/year/?year=x").status_code == 422


def test_what_the_city_reported_goes_up_with_its_figures_and_comes_back_received(stage: Stage) -> None:
    """Only the top level leaves the house; the superior's receipt stands on the return."""
    superior = peer(stage, "mca:150000", "upper", sends="report")
    with clock.standing_at(START):
        process = begun(stage)
        submitted(stage, stage.city.west, process, {"affected_population": "900"})
        drain()
        assert not SentParcel.everything.exists()
        top = submitted(
            stage, stage.city.city, process, {"affected_population": "900", "deaths": "1"}, explanation="海勃湾未报"
        )
        drain()
        sent = SentParcel.everything.get()
        assert (sent.peer, sent.kind, sent.key, sent.said["payload"]["fields"]) == (
            superior, "report", f"losses:{top.pk}", {"affected_population": 900, "deaths": 1},
        )  # fmt: skip
        said = {"about": sent.key, "number": "内蒙古收〔2026〕7", "at": START.isoformat()}
        word = Parcel(
            "mca:150000", "mca:150300", 1, "receipt", f"receipt:{sent.key}", sent.revision, "mca:150300", 2,
            START.isoformat(), said,
        )  # fmt: skip
        effects.apply(stage.officer, superior, word)
        top.refresh_from_db()
        assert (top.state, top.decided_by, top.decision) == ("accepted", "mca:150000平台", "回执 内蒙古收〔2026〕7")
        with pytest.raises(Refused, match="不是本平台"):
            effects.apply(stage.officer, superior, replace(word, payload={**said, "about": "losses:999999"}))


@pytest.mark.django_db
def test_a_program_fills_sheets_keeps_the_ledger_and_reads_the_year(stage: Stage, signed_in: Any) -> None:
    with clock.standing_at(START):
        process = begun(stage)
        row = of(stage.city.west, process)
        client, api = signed_in(), "/api/command/losses"

        def post(path: str, **data: Any) -> Any:
            return client.post(f"{api}{path}", data, content_type="application/json")

        filled = sheets.write_excel("表", ["指标代码", "本期"], [["affected_population", 12], ["deaths", 1]])
        sheet = {"name": "表.xlsx", "content": b64encode(filled).decode()}
        told = post(f"/returns/{row.pk}/table", **sheet, version=row.version)
        assert (told.status_code, told.json()["figures"]["affected_population"]) == (200, 12)
        assert post(f"/returns/{row.pk}/table", **sheet, version=row.version).status_code == 409
        assert post(f"/returns/{row.pk}/table", name="表.xlsx", content="不是").status_code == 422
        out = client.get(f"{api}/returns/{row.pk}/table.xlsx").content
        assert loss_sheets.figures_of("表.xlsx", out)["affected_population"] == "12"
        person = {"kind": "dead", "area_id": stage.city.west.pk, "name": "某人", "detail": "男 60 岁"}
        kept = post(f"/{process.pk}/ledger", **person)
        assert kept.status_code == 201
        struck = post(f"/ledger/{kept.json()['id']}/strike", reason="查无此人")
        assert struck.json()["struck_why"] == "查无此人"
        assert [one["name"] for one in client.get(f"{api}/{process.pk}/ledger").json()] == ["某人"]
        elsewhere = signed_in(stage.city.east, "command.view", username="zhao")
        assert elsewhere.get(f"{api}/{process.pk}/ledger").json() == [], "the dead of another district"
        assert elsewhere.get(f"{api}/returns/{row.pk}/table.xlsx").status_code == 404
        submitted(stage, stage.city.city, process, {"affected_population": "12"}, explanation="区县未报")
        year = client.get(f"{api}/years/{START.year}").json()
        assert (year["disasters"], year["total"]["affected_population"]) == (1, 12)
        assert client.get(f"{api}/years/1999").status_code == 422
        assert client.get(f"{api}/years/{START.year - 1}").json()["disasters"] == 0
