"""The journal on its page and from the shell."""

from __future__ import annotations

import argparse
import json

import pytest
from django.db import connection

from anlan.cli import audit
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit.models import JournalEntry
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


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("update kernel_journalentry set after='{}' where seq=1", "内容与哈希不符，已被改动"),
        ("delete from kernel_journalentry where seq=1", "缺少第 1 至 1 条"),
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
    assert json.loads(capsys.readouterr().out)["flaws"][0] == {"seq": 1, "what": what}
