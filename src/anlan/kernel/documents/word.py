"""Word documents out of templates that people can edit in Word.

A template is a `.docx` with `{{ words }}` and `{%tr for … %}` rows (docxtpl). A city may put its own template of the
same name into `cities/<city>/documents/`; it is used instead of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from anlan.kernel.errors import NotFound

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OURS = Path(__file__).parent / "templates"


def find(name: str, *folders: Path) -> Path:
    """The template of this name: the city's, else the caller's, else the kernel's."""
    city = settings.PACKAGE / "cities" / settings.CITY / "documents"
    for folder in (city, *folders, OURS):
        if (folder / name).is_file():
            return folder / name
    raise NotFound(f"没有名为“{name}”的文书模板")


def render(
    template: str | Path, words: Mapping[str, Any], pictures: Mapping[str, tuple[bytes, float]] | None = None
) -> bytes:
    """The filled document. `pictures`: word -> (PNG or JPEG, width in millimetres). Text is escaped."""
    document = DocxTemplate(template if isinstance(template, Path) else find(template))
    images = {
        name: InlineImage(document, BytesIO(content), width=Mm(width))
        for name, (content, width) in (pictures or {}).items()
    }
    document.render({**words, **images}, autoescape=True)
    out = BytesIO()
    document.save(out)
    return out.getvalue()
