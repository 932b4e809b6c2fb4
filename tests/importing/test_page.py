"""The import page: preview, confirm, refuse."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.kernel.models import Area
from anlan.resources.models import Hospital
from anlan.supervision.models import Park
from conftest import library
from tests.conftest import City
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
CHOICES = {"crs": "WGS84", "mapping": "", "where": "", "encoding": ""}


def geojson(**properties: object) -> SimpleUploadedFile:
    feature = {
        "type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [106.7, 39.5]},
    }  # fmt: skip
    return SimpleUploadedFile("a.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())


def test_a_file_is_previewed_and_written_only_when_confirmed(city: City, signed_in: SignIn) -> None:
    browser = signed_in()
    sent = {**CHOICES, "goal": "hospitals", "file": geojson(code="H", name="医院", area="mca:150304")}
    preview = browser.post("/gateways/import/", sent).content.decode()
    assert "还没有写入" in preview
    assert Hospital.everything.count() == 0
    token = re.search(r'name="token" value="([^"]+)"', preview)
    assert token is not None
    answer = browser.post("/gateways/import/", {**CHOICES, "goal": "hospitals", "token": token[1], "sure": "1"})
    assert "已导入" in answer.content.decode()
    assert Hospital.everything.get().area == city.west


def test_what_is_refused_is_shown_with_field_and_value(city: City, signed_in: SignIn) -> None:
    sent = {**CHOICES, "goal": "hospitals", "file": geojson(code="H", name="医院", area="mca:150304", beds=-7)}
    page = signed_in().post("/gateways/import/", sent).content.decode()
    assert "beds" in page
    assert "-7" in page


def test_only_what_one_may_change_is_offered_and_taken(city: City, signed_in: SignIn) -> None:
    browser = signed_in(city.city, "resources.edit", "gateways.edit")
    page = browser.get("/gateways/import/").content.decode()
    assert 'value="hospitals"' in page
    assert 'value="parks"' not in page
    sent = {**CHOICES, "goal": "parks", "file": geojson(code="P", name="园区")}
    assert browser.post("/gateways/import/", sent).status_code == 422
    assert signed_in(city.city, "resources.view", username="li").get("/gateways/import/").status_code == 403


def test_a_zipped_shapefile_goes_in(city: City, signed_in: SignIn, tmp_path: Path) -> None:
    pyogrio = library("pyogrio", "import")
    Area.objects.filter(pk=city.west.pk).update(
        geometry={"type": "Polygon", "coordinates": [[[106, 39], [107, 39], [107, 40], [106, 40], [106, 39]]]}
    )
    pyogrio.raw.write(
        tmp_path / "p.shp", geometry=np.array([shapely.box(106.6, 39.4, 106.7, 39.5).wkb], dtype=object),
        field_data=[np.array(["园区"], object), np.array(["P1"], object)], fields=["name", "code"],
        geometry_type="Polygon", crs="EPSG:4490", encoding="UTF-8",
    )  # fmt: skip
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        for part in tmp_path.glob("p.*"):
            archive.write(part, f"folder/{part.name}")
    sent = {**CHOICES, "goal": "parks", "sure": "1", "file": SimpleUploadedFile("p.zip", packed.getvalue())}
    page = signed_in().post("/gateways/import/", sent)
    assert page.status_code == 200
    assert Park.everything.get().area == city.west


@pytest.mark.parametrize("name", ["a.kml", "a.gpkg", "a.shp"])
def test_a_file_that_only_pretends_cannot_make_the_server_read_another(
    city: City, signed_in: SignIn, name: str
) -> None:
    vrt = b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    sent = {**CHOICES, "goal": "hospitals", "file": SimpleUploadedFile(name, vrt)}
    answer = signed_in().post("/gateways/import/", sent)
    assert answer.status_code == 422
    assert "文件内容" in answer.content.decode()
