"""CAP 1.2 both ways: our schema against the published one, and real alerts that come out as they went in."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from anlan.monitoring.rules.cap import national, reader, schema, writer
from anlan.monitoring.rules.cap.model import Alert
from anlan.monitoring.rules.cap.table import CAP
from tests.monitoring import world_alerts

FULL = f"""<alert xmlns="{CAP}"><identifier>WH-1</identifier><sender>anlan.wuhai</sender>
<sent>2026-11-23T08:00:00+08:00</sent><status>Actual</status><msgType>Update</msgType><source>值班室</source>
<scope>Public</scope><code>profile:1</code><note>n</note>
<references>anlan.wuhai,WH-0,2026-11-23T07:00:00+08:00</references>
<incidents>i</incidents><info><language>zh-CN</language><category>Met</category><category>Geo</category>
<event>大风</event><responseType>Shelter</responseType><urgency>Future</urgency><severity>Severe</severity>
<certainty>Likely</certainty><audience>a</audience><eventCode><valueName>12379</valueName><value>11B06</value></eventCode>
<effective>2026-11-23T08:00:00+08:00</effective><onset>2026-11-23T09:00:00+08:00</onset>
<expires>2026-11-23T20:00:00-00:00</expires><senderName>s</senderName><headline>h</headline>
<description>d</description><instruction>i</instruction><web>https://example.cn/</web><contact>c</contact>
<parameter><valueName>colour</valueName><value>Orange</value></parameter><resource><resourceDesc>图</resourceDesc>
<mimeType>image/png</mimeType><size>12</size><uri>https://example.cn/a.png</uri><derefUri>AA==</derefUri>
<digest>00</digest></resource><area><areaDesc>乌达区</areaDesc>
<polygon>39.4,106.6 39.4,106.8 39.6,106.8 39.4,106.6</polygon>
<circle>39.5,106.7 2.5</circle><geocode><valueName>mca</valueName><value>150304</value></geocode>
<altitude>3000</altitude><ceiling>4000</ceiling></area></info></alert>"""
WRONG = [
    "",
    "x",
    "2026-11-23T08:00:00Z",
    "2026-11-23 08:00:00+08:00",
    "Severe",
    "Actual",
    "12",
    "not a language",
    "-1.5",
]


def mutated(root: ElementTree.Element, dice: random.Random) -> ElementTree.Element:
    """One or two things wrong with it: an element lost, doubled, moved, renamed or with another text."""
    root = copy.deepcopy(root)
    for _ in range(dice.choice([1, 1, 2])):
        parent = dice.choice([element for element in root.iter() if len(element)])
        at = dice.randrange(len(parent))
        child = parent[at]
        way = dice.randrange(5)
        if way == 0:
            parent.remove(child)
        elif way == 1:
            parent.insert(at, copy.deepcopy(child))
        elif way == 2:
            parent.remove(child)
            parent.insert(dice.randrange(len(parent) + 1), child)
        elif way == 3:
            child.tag = f"{{{CAP}}}{dice.choice(['event', 'info', 'value', 'polygon', 'unknown'])}"
        else:
            child.text = dice.choice(WRONG)
    return root


def test_our_schema_says_of_every_document_what_the_published_one_says(shared: Path) -> None:
    published: Any = xmlschema.XMLSchema(shared / "feeds" / "cap" / "CAP-v1.2.xsd")
    whole, dice = ElementTree.fromstring(FULL), random.Random(7)  # noqa: S314 - our own text
    assert published.is_valid(whole)
    assert list(schema.departures(whole)) == []
    said = {True: 0, False: 0}
    for _ in range(400):
        document = mutated(whole, dice)
        theirs, ours = published.is_valid(document), not list(schema.departures(document))
        assert ours == theirs, ElementTree.tostring(document, encoding="unicode")
        said[ours] += 1
    assert min(said.values()) > 20, "both kinds were tried"


def files(shared: Path) -> list[Path]:
    found = [*(shared / "feeds/cap").glob("*.cap"), *(shared / "feeds/cap").glob("*.xml")]
    return [*found, *(shared / "feeds/cap_cn12379").glob("*.XML")]


def test_real_alerts_come_out_as_they_went_in(shared: Path) -> None:
    passed = 0
    for file in files(shared):
        for alert in reader.alerts_in(reader.root_of(file.read_bytes())):
            if not alert.version:
                continue
            out = national.to_xml(alert) if alert.version == "12379" else writer.alert_xml(alert)
            (again,) = reader.alerts_in(reader.root_of(out))
            for one in (alert, again):
                one.findings, one.version, one.signed = [], "", False
            assert again == alert, file.name
            passed += 1
    assert passed >= 15


def same_again(document: bytes) -> list[Alert]:
    """The alerts of a document, each of which comes out as it went in."""
    found = reader.alerts_in(reader.root_of(document))
    for alert in found:
        out = writer.alert_xml(alert)
        (again,) = reader.alerts_in(reader.root_of(out))
        assert replace(again, findings=[], signed=False) == replace(alert, findings=[], signed=False)
    return found


@pytest.mark.parametrize("name", world_alerts.KEEPING)
def test_alerts_of_the_worlds_services_are_read_without_a_finding_and_written_as_they_were(name: str) -> None:
    document = world_alerts.KEEPING[name]
    (alert,) = same_again(document)
    assert alert.findings == []
    assert told(writer.alert_xml(alert)) == told(document), (
        "en-US, which is meant where no language is given, is written"
    )


def told(document: bytes) -> list[tuple[str, str]]:
    """Every element and its text (0.0 is 0)."""
    root = ElementTree.fromstring(document)  # noqa: S314 - typed in here, or our own output
    found = [(e.tag, " ".join((e.text or "").split()).removesuffix(".0")) for e in root.iter()]
    return [(name, text) for name, text in found if (name, text) != (f"{{{CAP}}}language", "en-US")]


@pytest.mark.parametrize("name", world_alerts.DEPARTING)
def test_alerts_that_depart_from_the_standard_are_read_all_the_same_and_what_departs_is_named(name: str) -> None:
    document, departure = world_alerts.DEPARTING[name]
    (alert,) = same_again(document)
    assert any(departure in f"{finding.field} {finding.message}" for finding in alert.findings), alert.findings


def test_seventeen_warnings_in_one_document_of_a_weather_service_are_seventeen_alerts() -> None:
    found = same_again(world_alerts.smhi())
    assert [(alert.identifier, alert.infos[0].headline, alert.infos[0].areas[0].description) for alert in found] == [
        (f"smhi-bpm-{number}", headline, place) for number, _, _, _, headline, _, place in world_alerts.SMHI
    ]
    assert {len(alert.findings) for alert in found} == {0}


def test_every_element_of_the_standard_is_kept() -> None:
    (alert,) = reader.alerts_in(reader.root_of(FULL.encode()))
    assert alert.findings == []
    again = ElementTree.fromstring(writer.alert_xml(alert))  # noqa: S314 - our own output
    assert [e.tag for e in again.iter()] == [e.tag for e in ElementTree.fromstring(FULL).iter()]  # noqa: S314


@pytest.mark.parametrize(
    ("attack", "word"),
    [
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>', "文档类型声明"),
        ('<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><alert>&b;</alert>', "文档类型声明"),
        ("<alert" + "<x>" * 3, "不是有效的 XML"),
    ],
)
def test_dangerous_or_broken_documents_are_refused_before_anything_is_expanded(attack: str, word: str) -> None:
    with pytest.raises(reader.CapError, match=word):
        reader.root_of(attack.encode())


def test_a_polygon_that_crosses_itself_is_left_out_with_its_place() -> None:
    crossed = FULL.replace("39.4,106.6 39.4,106.8 39.6,106.8 39.4,106.6", "39,106 40,107 39,107 40,106 39,106")
    (alert,) = reader.alerts_in(reader.root_of(crossed.encode()))
    (finding,) = alert.findings
    assert (finding.field, alert.infos[0].areas[0].polygons) == ("info[0].area[0].polygon[0]", [])
    assert "Self-intersection[106.5 39.5]" in finding.message
