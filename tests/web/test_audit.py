"""The journal on its page and from the shell."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from anlan.cli import audit
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit import journal, seals
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.models import Area
from anlan.kernel.register.importing import import_rows
from anlan.kernel.register.query import find
from tests.conftest import City
from tests.web.conftest import SignIn


@pytest.fixture
def entries(city: City) -> None:
    rows = [
        {"code": code, "name": name, "kind": "应急", "area": area}
        for code, name, area in (("A", "海勃湾应急", "mca:150302"), ("B", "乌达应急", "mca:150304"))
    ]
    import_rows(system("装载"), find("organisations"), rows)


@pytest.fixture(autouse=True)
def seals_of_this_test(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def tamper(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql)


def test_an_auditor_filters_and_follows_one_thing(entries: None, city: City, signed_in: SignIn) -> None:
    auditor = signed_in(city.city, "kernel.audit")
    assert "乌达应急" in auditor.get("/audit/").content.decode()
    filtered = auditor.get("/audit/", {"subject": "海勃湾"}).content.decode()
    assert "海勃湾应急" in filtered
    assert "乌达应急" not in filtered
    entry = JournalEntry.objects.get(subject="乌达应急")
    one = auditor.get("/audit/", {"subject_type": entry.subject_type, "subject_id": entry.subject_id}).content.decode()
    assert "海勃湾应急" not in one
    assert auditor.get("/audit/", {"since": "昨天"}).status_code == 422


def test_a_district_auditor_sees_the_district(entries: None, city: City, signed_in: SignIn) -> None:
    page = signed_in(city.east, "kernel.audit").get("/audit/").content.decode()
    assert "海勃湾应急" in page
    assert "乌达应急" not in page


#: Two entries change places; one is put in between, those behind it moved up, the head with them.
SWAPPED = "update kernel_journalentry set seq = 103 - seq; update kernel_journalentry set seq = seq - 100"
COLUMNS = ", ".join(field.column for field in JournalEntry._meta.concrete_fields if field.column != "seq")
SQUEEZED_IN = (
    "update kernel_journalentry set seq = seq + 100 where seq > 1; update kernel_journalentry set seq = seq - 99 where seq > 100;"
    f"insert into kernel_journalentry (seq, {COLUMNS}) select 2, {COLUMNS} from kernel_journalentry where seq = 1;"
    "update kernel_journalhead set seq = seq + 1"
)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("update kernel_journalentry set after='{}' where seq=1", "内容与哈希不符，已被改动"),
        ("update kernel_journalentry set at = at + interval '1 hour' where seq=1", "内容与哈希不符，已被改动"),
        ("delete from kernel_journalentry where seq=1", "缺少第 1 至 1 条"),
        (SWAPPED, "与上一条的哈希不衔接"),
        (SQUEEZED_IN, "与上一条的哈希不衔接"),
    ],
)
def test_the_page_and_the_shell_find_a_tampered_row(
    entries: None, city: City, signed_in: SignIn, capsys: pytest.CaptureFixture[str], sql: str, what: str
) -> None:
    auditor = signed_in(city.city, "kernel.audit")
    arguments = argparse.Namespace(what="verify", json=True)
    assert "哈希链完整" in auditor.post("/audit/verify").content.decode()
    assert audit.run(arguments) == 0
    tamper(sql)
    assert what in auditor.post("/audit/verify").content.decode()
    capsys.readouterr()
    assert audit.run(arguments) == 1
    assert {"seq": 2 if sql == SQUEEZED_IN else 1, "what": what} in json.loads(capsys.readouterr().out)["flaws"]


NEWEST = "(select max(seq) from kernel_journalentry)"
CUT = f"delete from kernel_journalentry where seq = {NEWEST}"
PUT_BACK = (
    f"update kernel_journalhead set seq = {NEWEST}, hash = (select hash from kernel_journalentry where seq = {NEWEST})"
)


def test_an_entry_cut_off_at_the_end_is_missed_by_the_head(entries: None) -> None:
    assert list(journal.flaws()) == []
    tamper(CUT)
    assert [(flaw.seq, flaw.what) for flaw in journal.flaws()] == [
        (2, "缺少第 2 至 2 条：日志末尾被删除（依据链头记录）")
    ]
    journal.write(system("装载"), "改名", Area.objects.earliest("pk"))
    assert "缺少第 2 至 2 条" in [flaw.what for flaw in journal.flaws()], "the gap stays when work goes on"


def test_a_head_that_was_put_back_is_found_by_the_seal_outside_the_database(entries: None) -> None:
    now = clock.real_now()
    assert seals.seal(now) is not None
    assert seals.seal(now + timedelta(hours=23)) is None, "one a day"
    tamper(f"{CUT}; {PUT_BACK}")
    found = [(flaw.seq, flaw.what) for flaw in journal.flaws()]
    assert found == [(2, f"缺少第 2 至 2 条：日志末尾被删除（依据{now:%Y-%m-%d} 封存）")]
    journal.write(system("装载"), "改名", Area.objects.earliest("pk"))
    assert ["不符" in flaw.what for flaw in journal.flaws()] == [True], "another entry in its place is another hash"


def test_a_seal_that_was_touched_and_a_head_that_is_gone_are_told(entries: None) -> None:
    seals.seal(clock.real_now())
    kept = seals.file().read_text(encoding="utf-8")
    seals.file().write_text(kept.replace('"seq": 2', '"seq": 1'), encoding="utf-8")
    tamper("delete from kernel_journalhead")
    assert [flaw.what for flaw in journal.flaws()] == [
        "链头记录缺失",
        "封存文件 journal-seals.jsonl 第 1 行不是本机签封，已被改动",
    ]


@pytest.mark.parametrize("sql", ["update kernel_journalhead set seq = 1", "delete from kernel_journalhead"])
def test_the_database_lets_the_head_only_go_forward(entries: None, sql: str) -> None:
    with pytest.raises(DatabaseError, match="只能前移"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
