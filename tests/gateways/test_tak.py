"""TAK clients draw: on whose incident, with whose rights, never over somebody else's change; over a line nobody else can read."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from anlan.command import actions as command
from anlan.command.actions import drawings
from anlan.command.models import Drawing, Task
from anlan.gateways.devices import discover, tls
from anlan.gateways.devices.contract import FrameError, Line
from anlan.gateways.devices.cot.codec import Happening, encode, read, sketch_of
from anlan.gateways.devices.cot.picture import picture
from anlan.gateways.devices.cot.sketches import take
from anlan.gateways.devices.cot.tests.test_cot import ATAK
from anlan.gateways.devices.listener import Listener
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from anlan.kernel.accounts.models import Role, User
from anlan.resources.models import Closure
from tests.command.conftest import START, Stage, opened, stage
from tests.conftest import free_port

__all__ = ["stage"]
HOUR = timedelta(hours=1)
CORNERS = ((106.70, 39.50), (106.71, 39.50), (106.71, 39.51))


def event(uid: str, kind: str, detail: str, lat: float = 39.5, lon: float = 106.7, at: datetime = START) -> bytes:
    when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="h-e" time="{when}" start="{when}" stale="{when}">'
        f'<point lat="{lat}" lon="{lon}" hae="0" ce="1" le="1"/><detail>{detail}</detail></event>'
    ).encode()


def links(*corners: tuple[float, float]) -> str:
    return "".join(f'<link point="{lat},{lon},0.0"/>' for lon, lat in corners)


def named(words: str, remarks: str = "") -> str:
    return f'<contact callsign="{words}"/><remarks>{remarks}</remarks>'


RING = links(*CORNERS, CORNERS[0])
ELLIPSE = '<shape><ellipse major="500" minor="250" angle="90"/></shape>'


@pytest.mark.parametrize(
    ("frame", "form", "corners"),
    [
        (event("a", "u-d-f", RING), "Polygon", 4),
        (event("b", "u-d-f", links(*CORNERS)), "LineString", 3),
        (event("c", "u-d-r", links(*CORNERS, (106.70, 39.51))), "Polygon", 5),
        (event("d", "b-m-r", links(*CORNERS, CORNERS[0])), "LineString", 4),
        (event("e", "u-d-c-c", ELLIPSE), "Polygon", 49),
        (event("f", "b-m-p-s-m", ""), "Point", 1),
    ],
)
def test_every_form_clients_draw_is_read(frame: bytes, form: str, corners: int) -> None:
    found = sketch_of(read(frame))
    assert found is not None
    assert found.geometry is not None
    outline = shape(found.geometry)
    assert (outline.geom_type, outline.is_valid) == (form, True)
    ring = outline.exterior.coords if form == "Polygon" else outline.coords
    assert len(ring) == corners


def test_an_ellipse_has_its_axes_and_its_direction() -> None:
    """500 m half axis turned to the east, 250 m to the north: area pi a b."""
    found = sketch_of(read(event("e", "u-d-c-c", ELLIPSE)))
    assert found is not None
    west, south, east, north = shape(found.geometry).bounds
    metre = 1 / 111_195
    assert (east - west) / 2 == pytest.approx(500 * metre / 0.7716, rel=0.01)
    assert (north - south) / 2 == pytest.approx(250 * metre, rel=0.01)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (event("a", "u-d-f", '<link point="39.5"/>' + RING), "纬度,经度"),
        (event("a", "u-d-f", '<link point="99,106.7"/>' + RING), "±90"),
        (event("a", "u-d-f", ""), "0 个角点"),
        (event("a", "u-d-r", links(*CORNERS[:2])), "至少 3 个"),
        (event("a", "u-d-f", links(*[(106.7 + n / 1e4, 39.5) for n in range(401)])), "401 个角点"),
        (event("a", "u-d-c-c", ""), "ellipse"),
        (event("a", "u-d-c-c", ELLIPSE.replace("500", "nan")), "major"),
        (event("a", "u-d-c-c", ELLIPSE.replace('"90"', '"inf"')), "angle"),
        (event("a", "u-d-c-c", ELLIPSE, lat=90), "超出地图"),
        (event("a", "t-x-d-d", ""), "uid"),
    ],
)
def test_a_drawing_that_cannot_be_drawn_is_refused_with_what_is_wrong(frame: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        read(frame)


@given(
    st.lists(st.tuples(st.floats(-179, 179), st.floats(-89, 89)), min_size=2, max_size=20, unique=True), st.booleans()
)
@settings(max_examples=40, deadline=None)
def test_what_we_tell_clients_of_a_line_or_surface_is_read_back(
    places: list[tuple[float, float]], closed: bool
) -> None:
    if closed and len(places) < 3:
        return
    told = Happening("x", "u-d-f", 106.7, 39.5, START, START + HOUR, places=places, closed=closed)
    back = read(encode(told, START).strip()).geometry
    assert back is not None
    ring = back["coordinates"][0] if closed else back["coordinates"]
    given_back = [(pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6)) for lon, lat in places]
    assert [tuple(place) for place in ring[: len(places)]] == given_back


def enrol(stage: Stage) -> None:
    """An account a certificate may name."""
    user = User.objects.create_user("wang", "Correct-Horse-9!", display_name="王值班")
    role = Role.objects.create(code="draws", name="标绘", permissions=["command.*"], data_class=4)
    user.grants.create(area=stage.city.city, role=role)


def told(frame: bytes, who: Line) -> str:
    found = sketch_of(read(frame))
    assert found is not None
    return take(found, who, START)[0]


@pytest.mark.django_db
def test_a_team_draws_on_the_incident_it_was_sent_to_and_shuts_no_road(stage: Stage) -> None:
    row = opened(stage)
    type(stage.team).everything.filter(pk=stage.team.pk).update(terminal="ANDROID-35")
    line = Line("127.0.0.1:1", terminal="ANDROID-35", callsign="WUDA 1")
    with clock.standing_at(START):
        assert "没有您可标绘的未结案事件" in told(event("d1", "u-d-f", RING), line), "not sent anywhere yet"
        command.dispatch_team(stage.officer, row.pk, stage.team.pk, "警戒")
        assert told(event("d1", "u-d-f", named("警戒区东", "风向变了") + RING), line) == ""
        drawn = Drawing.everything.get()
        assert (drawn.incident, drawn.kind, drawn.label) == (row, "area", "警戒区东")
        assert drawn.drawn_by == f"{stage.team.name}（TAK）"
        assert not Closure.everything.exists()
        assert told(event("d2", "b-m-p-s-m", named("集结点2")), line) == ""
        assert Drawing.everything.last().kind == "staging"
        assert "不是已登记队伍" in told(event("d3", "u-d-f", RING), Line("127.0.0.1:1", terminal="ANDROID-9"))
        assert "请在平台上改" in told(event(f"anlan.drawing.{drawn.pk}", "u-d-f", RING), line)
        assert "d1" in picture(START), "others see it under its own name"
    Task.everything.filter(team=stage.team).update(state="done")
    assert "未向本队派出任务" in told(event("d1", "u-d-f", named("改") + RING, at=START + HOUR), line)


@pytest.mark.django_db
def test_what_was_changed_here_meanwhile_is_not_overwritten_and_saying_it_again_changes_nothing(stage: Stage) -> None:
    row = opened(stage)
    enrol(stage)
    line = Line("10.0.0.7:1", certified="wang")
    with clock.standing_at(START):
        assert told(event("d1", "u-d-f", named("警戒区") + RING), line) == ""
        assert told(event("d1", "u-d-f", named("警戒区") + RING), line) == ""
        drawn = Drawing.everything.get()
        assert (drawn.incident, drawn.version, drawn.drawn_by, drawn.kind) == (row, 1, "王值班", "cordon")
        assert Closure.everything.filter(code=drawn.closure_code).exists(), "an officer's cordon shuts the roads"
        assert told(event("d1", "u-d-f", named("警戒区扩大") + RING, at=START + HOUR), line) == ""
        assert told(event("d1", "u-d-f", named("旧的") + RING, at=START - HOUR), line) == ""
        drawn.refresh_from_db()
        assert (drawn.label, drawn.version) == ("警戒区扩大", 2)
        drawings.redraw(stage.officer, drawn.pk, label="警戒区（指挥部）", version=2)
        assert "已被他人更改" in told(event("d1", "u-d-f", named("又改") + RING, at=START + 2 * HOUR), line)
        assert "已被他人更改" in told(event("x", "t-x-d-d", '<link uid="d1"/>'), line)
        assert "不是本平台启用的账号" in told(event("d9", "u-d-f", RING), Line("10.0.0.7:1", certified="nobody"))
        assert told(event("d2", "b-m-p-s-m", ""), line) == ""
        assert told(event("x", "t-x-d-d", '<link uid="d2"/>'), line) == ""
    assert Drawing.everything.get(device__uid="d2").erased_by == "王值班"


class Papers:
    """An authority of the test, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.authority = self.write("ca", self.signed(self.name, self.key, authority=True))

    def signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, authority: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            self.name, name, key.public_key(), x509.random_serial_number(), now - HOUR, now + HOUR
        ).add_extension(x509.BasicConstraints(authority, None), critical=True)
        where = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        return made.add_extension(where, critical=False).sign(self.key, hashes.SHA256())

    def write(self, name: str, certificate: x509.Certificate) -> str:
        file = self.folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return str(file)

    def of(self, who: str) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        file = self.folder / f"{who}.key"
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        return self.write(who, self.signed(name, key)), str(file)

    def client(self, who: str = "") -> ssl.SSLContext:
        found = ssl.create_default_context(cafile=self.authority)
        if who:
            found.load_cert_chain(*self.of(who))
        return found


class Kept(ReadingLog):
    """A log that only remembers what was put into quarantine."""

    def __init__(self) -> None:
        super().__init__("")
        self.refused: list[str] = []

    async def quarantine(self, protocol: str, raw: bytes, peer: str, reason: str) -> None:
        self.refused.append(reason)


async def spoken(port: int, papers: ssl.SSLContext | None, said: bytes) -> bytes:
    """What the server answers to this; nothing when it hangs up."""
    try:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=papers)
    except OSError:
        return b""
    try:
        writer.write(said)
        return await asyncio.wait_for(reader.readuntil(b"</event>"), 30)
    except (OSError, asyncio.IncompleteReadError):
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


PING = ATAK.replace(b"a-f-G-U-C", b"t-x-c-t")


@pytest.mark.parametrize("asks", [True, False], ids=["client certificates", "server certificate only"])
def test_the_encrypted_door_takes_only_those_it_knows(
    asks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers, port = Papers(tmp_path), free_port()
    certificate, key = papers.of("server")
    given = {"T_CERT": certificate, "T_KEY": key, **({"T_CA": papers.authority} if asks else {})}
    monkeypatch.setenv("ANLAN_COT_ALLOW", "10.1.0.0/16" if asks else "127.0.0.0/8,::1")

    async def body() -> tuple[bytes, bytes, bytes, list[str]]:
        store = Kept()
        listener = Listener(discover()["cot"], store)
        await listener.start("localhost", port, tls.context("T", given))
        known = await spoken(port, papers.client("wang"), PING)
        stranger = await spoken(port, papers.client(), PING)
        plain = await spoken(port, None, PING)
        await spoken(port, papers.client("wang"), event("a", "u-d-c-c", "") + PING)
        await listener.close()
        return known, stranger, plain, store.refused

    known, stranger, plain, refused = asyncio.run(body())
    assert b"t-x-c-t-r" in known
    assert (b"t-x-c-t-r" in stranger, plain) == (not asks, b"")
    assert len(refused) == 1
    assert "ellipse" in refused[0]


def test_a_door_whose_papers_cannot_be_read_says_which(tmp_path: Path) -> None:
    assert tls.context("T", {}) is None
    with pytest.raises(OSError, match="T_CERT"):
        tls.context("T", {"T_CERT": str(tmp_path / "none.pem"), "T_KEY": ""})


@pytest.mark.django_db(transaction=True)
def test_over_the_encrypted_line_the_certificate_says_who_drew(stage: Stage, tmp_path: Path) -> None:
    row = opened(stage)
    enrol(stage)
    papers, port = Papers(tmp_path), free_port()
    certificate, key = papers.of("server")
    given: dict[str, Any] = {"T_CERT": certificate, "T_KEY": key, "T_CA": papers.authority}

    async def body() -> tuple[bytes, list[str]]:
        store = Kept()
        listener = Listener(discover()["cot"], store)
        await listener.start("localhost", port, tls.context("T", given))
        await spoken(port, papers.client("wang"), event("d1", "u-d-f", named("疏散范围") + RING) + PING)
        refusal = await spoken(port, papers.client("intruder"), ATAK + event("d2", "u-d-f", named("假的") + RING))
        await listener.close()
        await sync_to_async(connections.close_all)()
        return refusal, store.refused

    refusal, refused = asyncio.run(body())
    drawn = Drawing.everything.get()
    assert (drawn.incident_id, drawn.drawn_by, drawn.kind) == (row.pk, "王值班", "evacuation")
    assert "不是本平台启用的账号" in refusal.decode()
    assert b"b-t-f" in refusal
    assert len(refused) == 1
