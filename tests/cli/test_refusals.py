"""Every command given what it cannot use: one sentence that names field, value and what is allowed, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError

from anlan import predecessor
from anlan.__main__ import main
from anlan.cli import _edge

#: Words -> the field that is named. {dir} is a folder, {empty} an empty file, {junk} bytes that are no text, {none} is not there.
WRONG = (
    ("nope", "COMMAND"),
    ("audit bogus", "what"),
    ("backfill", "file"),
    ("backfill x.csv --encoding bogus", "--encoding"),
    ("calc nope", "ENGINE"),
    ("calc quake {none}", "FILE"),
    ("calc quake {dir}", "FILE"),
    ("calc quake {empty}", "input"),
    ("calc quake {junk}", "input"),
    ("calc accident-grade {object} -o {none}/x.json", "FILE"),
    ("calc accident-grade {object} --plot x.bogus", "--plot"),
    ("cap check {none}", "FILE"),
    ("cap check {dir}", "FILE"),
    ("cap check {empty}", "FILE"),
    ("city load nope", ""),
    ("city load {dir}", ""),
    ("decode nope 00", "protocol"),
    ("decode sl651 ZZ", "frame"),
    ("demo --city nope", ""),
    ("demo --scenario nope", "scenario"),
    ("demo --speed nan", "--speed"),
    ("demo --speed -1", "--speed"),
    ("demo --port 99999", "--port"),
    ("drill play --scenario nope", "scenario"),
    ("drill play --minutes 0", "--minutes"),
    ("drill play --name A_B", "--name"),
    ("drill keep --name nobody", "FILE"),
    ("drill stop", "what"),
    ("exchange", "what"),
    ("exchange bogus", "what"),
    ("frontend bogus", "what"),
    ("import x.csv", "--register、--layer、--raster"),
    ("import x.csv --register a --layer areas", "--layer"),
    ("import x.csv --register a --crs Mars", "--crs"),
    ("import x.csv --register a --encoding bogus", "--encoding"),
    ("import x.tif --raster fuel --epsg -1", "--epsg"),
    ("plan lint", "code"),
    ("plan stress X --incidents many", "--incidents"),
    ("plan stress X --seed -1", "--seed"),
    ("serve --port 99999", "--port"),
    ("serve --workers 0", "--workers"),
    ("serve --tls-cert {none}", "--tls-cert"),
    ("simulate nope --address 1 --values 1", "protocol"),
    ("simulate sl651 --address 1 --values 39=nan", "values"),
    ("simulate sl651 --address 1 --values 39", "values"),
    ("simulate sl651 --address 1 --values 39=1 --port 99999", "--port"),
    ("simulate sl651 --address 1 --values 39=1 --every -1", "--every"),
    ("simulate sl651 --values 39=1", "--address"),
    ("up --port x", "--port"),
    ("up --bogus", "--bogus"),
    ("verify {none}", "FILE"),
    ("verify {dir}", "FILE"),
    ("verify {empty}", "FILE"),
    ("work now", "now"),
)
#: The same for commands that look things up.
UNKNOWN = (
    ("backfill {none}", "file"),
    ("backfill {dir}", "file"),
    ("backfill {object} --protocol sl651 --zone Mars/Base", "zone"),
    ("backfill {object} --protocol nope", "protocol"),
    ("exchange export", "output"),
    ("exchange import", "file"),
    ("exchange import {none}", "FILE"),
    ("exchange import {dir}", "FILE"),
    ("exchange import {empty}", "file"),
    ("exchange import {object}", "file"),
    ("exchange key --algorithm nope", "algorithm"),
    ("import {none} --register hospitals", "file"),
    ("import {dir} --register hospitals", "file"),
    ("import {object} --register hospitals", "file"),
    ("import {object} --register nope", ""),
    ("plan lint NOPE", ""),
    ("drill keep --number NOPE", "--number"),
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {name: tmp_path / f"{name}.json" for name in ("empty", "junk", "object")}
    made["empty"].touch()
    made["junk"].write_bytes(b"\xff\xfe\x00bad")
    made["object"].write_text('{"deaths": 1}', encoding="ascii")
    (tmp_path / "dir").mkdir()
    return {name: str(path) for name, path in made.items()} | {
        "dir": str(tmp_path / "dir"),
        "none": str(tmp_path / "no"),
    }


def refused(words: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(words.format(**files).split()) == 2
    said: dict[str, object] = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert any("一" <= letter <= "鿿" for letter in str(said["error"])), said
    return said


@pytest.mark.parametrize(("words", "field"), WRONG)
def test_what_a_command_cannot_use_is_named(
    words: str, field: str, files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_VAR", files["none"])
    said = refused(words, files, capsys)
    assert said.get("field", "") == field
    assert not field or said["allowed"]


@pytest.mark.django_db
@pytest.mark.parametrize(("words", "field"), UNKNOWN)
def test_what_is_not_there_is_named(
    words: str, field: str, files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(files["none"]) / "sandbox" / "chlorine-wuda"
    home.mkdir(parents=True)
    (home / "result.json").write_text('{"measures": []}', encoding="ascii")
    monkeypatch.setenv("ANLAN_VAR", files["none"])
    monkeypatch.delenv("ANLAN_DATABASE_URL", raising=False)
    files["none"] += "-such"
    assert refused(words, files, capsys).get("field", "") == field


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_folder_in_use_and_one_without_rights_are_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.cli.up.handle_signals", lambda stop: None)
    monkeypatch.setattr("anlan.cli.demo.handle_signals", lambda stop: None)
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))
    with predecessor.hold(tmp_path):
        assert main([command]) == 1
    told = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert str(tmp_path) in told["error"]
    assert told["field"] == "ANLAN_VAR"
    (tmp_path / "file").touch()
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path / "file"))
    assert main([command]) == 2
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["value"].startswith(str(tmp_path / "file"))


def test_a_database_that_is_off_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://anlan:geheim@/anlan?host=/nonexistent"
    env = {
        **os.environ,
        "ANLAN_DATABASE_URL": url,
        "ANLAN_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "anlan.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "anlan", "audit", "verify"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stderr.splitlines()[-1])["field"] == "ANLAN_DATABASE_URL"
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_what_nobody_expected_keeps_its_traceback_and_what_is_known_does_not() -> None:
    assert _edge.refusal(KeyError("x")) is None
    assert _edge.refusal(ProgrammingError("syntax error")) is None
    for known in (
        OperationalError("x"),
        psycopg.OperationalError("x"),
        ProgrammingError('relation "a" does not exist'),
    ):
        found = _edge.refusal(ExceptionGroup("both", [known]))
        assert found is not None
        assert found[0] == 1
