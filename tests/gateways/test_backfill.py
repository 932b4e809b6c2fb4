"""历史补录: files of readings through the running gateway into the log; what is refused is named."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from anlan.gateways.backfill import actions
from anlan.gateways.backfill.files import refused_file
from anlan.gateways.backfill.frames import read_frames
from anlan.gateways.backfill.tables import Bad, FileError, Value, columns_of, moment, read_csv, read_parquet
from anlan.gateways.devices import discover
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.models import Backfill
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Invalid
from anlan.kernel.models import User
from anlan.monitoring import log as layout
from anlan.monitoring.models import Datastream
from conftest import library
from tests.conftest import City
from tests.gateways.conftest import Gateway
from tests.web.conftest import account

BEIJING = ZoneInfo("Asia/Shanghai")
LONG = """时间,数据流,值,质量
2026-03-02 08:00:00,G1-cl2,0.5,N
2026-03-02T00:01:00+00:00,G1-cl2,,N
昨天,G1-cl2,1,N
1772409720,没有,1,N
"""


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def quiet(part: float) -> None:
    assert 0 <= part <= 1


def test_a_long_table_is_read_row_by_row_and_bad_rows_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(LONG, encoding="utf-8")
    one, two, bad, four = read_csv(file, BEIJING, "", quiet)
    assert isinstance(one, Value)
    assert (one.key, one.at, one.value) == (("", "G1-cl2"), datetime(2026, 3, 2, tzinfo=UTC), 0.5)
    assert isinstance(two, Value)
    assert (two.at, two.value) == (datetime(2026, 3, 2, 0, 1, tzinfo=UTC), None)
    assert isinstance(bad, Bad)
    assert bad.where == "第 4 行"
    assert "昨天" in bad.reason
    assert isinstance(four, Value)
    assert four.at == datetime(2026, 3, 2, 0, 2, tzinfo=UTC)


def test_a_wide_table_has_a_column_a_datastream_and_may_be_zipped_or_parquet(tmp_path: Path) -> None:
    text = "站码,tm,39,38\n0012345678,2026/03/02 08:00,1063.21,\n"
    packed, column_file = tmp_path / "b.csv.gz", tmp_path / "b.parquet"
    packed.write_bytes(gzip.compress(text.encode("gbk")))
    (value,) = read_csv(packed, BEIJING, "GBK", quiet)
    assert value == Value("第 2 行", ("0012345678", "39"), datetime(2026, 3, 2, 8, tzinfo=BEIJING), 1063.21)
    pa = library("pyarrow", "parquet")
    from pyarrow import parquet  # noqa: PLC0415 - the extra may be missing

    parquet.write_table(pa.table({"at": [datetime(2026, 3, 2, 8)], "G1-cl2": [0.25]}), column_file)  # noqa: DTZ001
    (value,) = read_parquet(column_file, BEIJING, quiet)
    assert value == Value("第 1 行", ("", "G1-cl2"), datetime(2026, 3, 2, 8, tzinfo=BEIJING), 0.25)
    column_file.write_bytes(b"PAR1 not really")
    with pytest.raises(FileError, match="不是 Parquet"):
        list(read_parquet(column_file, BEIJING, quiet))


@pytest.mark.parametrize(
    ("header", "said"), [(["a", "b"], "时间列"), (["时间", "值"], "数据流"), (["时间"], "没有值列")]
)
def test_a_header_that_says_too_little_is_refused_with_what_it_lacks(header: list[str], said: str) -> None:
    with pytest.raises(FileError, match=said):
        columns_of(header)


def test_times_with_offsets_epochs_and_none_of_them() -> None:
    expected = datetime(2026, 3, 2, tzinfo=UTC)
    for text in ("2026-03-02 08:00:00", "202603020800", "1772409600000", "2026-03-02T00:00:00Z"):
        assert moment(text, BEIJING) == expected, text


def test_a_dump_of_frames_is_read_from_a_log_and_from_raw_bytes(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 8, tzinfo=BEIJING)
    frames = [encode.report("0012345678", [("39", 1063.0 + n)], at, serial=n + 1) for n in range(3)]
    text, raw = tmp_path / "a.log", tmp_path / "a.bin"
    broken = frames[1].hex()[:-2] + "00"
    text.write_text(
        f"08:00:01 10.0.0.1 RX {frames[0].hex(' ').upper()}\n{broken}\n-- nothing --\n{frames[2].hex()}\n",
        encoding="utf-8",
    )
    raw.write_bytes(b"\x00\x01" + b"".join(frames))
    protocol = discover()["sl651"]
    found = list(read_frames(text, protocol, at, quiet))
    assert [item.value for item in found if isinstance(item, Value)] == [1063.0, 1065.0]
    assert [item.where for item in found if isinstance(item, Bad)] == ["第 2 行", "第 3 行"]
    found = list(read_frames(raw, protocol, at, quiet))
    assert [item.value for item in found if isinstance(item, Value)] == [1063.0, 1064.0, 1065.0]


def test_the_gateway_works_an_order_off_as_history_and_keeps_what_it_refused(
    gateway: Gateway, stations: dict[str, Datastream], tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(LONG, encoding="utf-8")
    job = actions.order(system("试验"), file, "a.csv")
    for _ in range(200):
        job.refresh_from_db()
        if job.state not in actions.OPEN:
            break
        time.sleep(0.05)
    assert (job.kept, job.refused, job.part) == (2, 2, 1.0)
    assert job.first_at == datetime(2026, 3, 2, tzinfo=UTC)
    (data,) = gateway.batches()
    batch = layout.decode(data)
    assert batch.backfill
    assert batch.stream.tolist() == [stations["cl2"].pk] * 2
    assert batch.quality.tolist() == [layout.GOOD, layout.NO_DATA]
    refused = refused_file(job).read_text(encoding="utf-8-sig")
    assert "昨天" in refused
    assert "未登记的数据流" in refused


@pytest.mark.parametrize(("name", "content"), [("a.csv", "时间,数据流,值\n\n"), ("a.txt", "# 只有注释\n")])
def test_a_file_without_a_single_reading_is_no_success(
    gateway: Gateway, tmp_path: Path, name: str, content: str
) -> None:
    file = tmp_path / name
    file.write_bytes(b"")
    with pytest.raises(Invalid, match="0 字节"):
        actions.order(system("试验"), file, name, protocol="sl651")
    file.write_text(content, encoding="utf-8")
    job = actions.order(system("试验"), file, name, protocol="sl651")
    for _ in range(200):
        job.refresh_from_db()
        if job.state not in actions.OPEN:
            break
        time.sleep(0.05)
    assert (job.state, job.kept) == ("failed", 0)
    assert "没有一条读数" in job.note


def test_the_page_takes_a_file_and_refuses_one_that_nobody_could_read(
    city: City, tmp_path: Path, settings: object
) -> None:
    settings.VAR = tmp_path  # type: ignore[attr-defined]
    client = client_of(account(city.city, "operator", ("gateways.view", "gateways.edit")))
    sent = SimpleUploadedFile("水位.csv", LONG.encode())
    assert client.post("/gateways/backfill/", {"file": sent}).status_code == 302
    job = Backfill.objects.get()
    assert Path(job.path).read_text(encoding="utf-8") == LONG
    assert "水位.csv" in client.get("/gateways/backfill/").content.decode()
    refused = client.post("/gateways/backfill/", {"file": SimpleUploadedFile("x.bin", b"\x00")})
    assert refused.status_code == 422
    assert "报文文件的协议" in refused.content.decode()
    assert len(list((tmp_path / "backfill").iterdir())) == 1
    assert client.post(f"/gateways/backfill/{job.pk}/cancel").status_code == 302
    assert Backfill.objects.get().state == "cancelled"
    neighbour = client_of(account(city.east, "other", ("gateways.view", "gateways.edit")))
    assert neighbour.get("/gateways/backfill/").status_code == 403
