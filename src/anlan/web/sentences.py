"""Sentences with figures in the language of the page.

Engines and verbs say what they found in Chinese, and it is kept as it was said. A text of the catalogue that holds {0}, {1} … is a
pattern for such sentences: what stands in its places is put into the language too, so that a release is a release of chlorine.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

PLACE = re.compile(r"\{(\d)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
#: Chinese marks between parts that are said one by one, and those of English; within a sentence only where all is known.
BETWEEN = (("；", "; "), ("，", ", "), ("、", ", "))
Pattern = tuple[re.Pattern[str], str]


def in_language(text: str) -> str:
    """A text as the page's language has it; unchanged where nobody has put it into that language."""
    said = gettext(text)
    language = get_language() or "zh-hans"
    if said != text or language.startswith("zh") or not CHINESE.search(text):
        return said
    return said_in(language, text)


@lru_cache(maxsize=4096)
def said_in(language: str, text: str) -> str:
    for pattern, template in patterns(language):
        if found := pattern.fullmatch(text):
            return PLACE.sub(lambda place: in_language(found.group(f"p{place[1]}")), template)
    for mark, instead in BETWEEN:
        if mark not in text:
            continue
        said = [in_language(part) for part in text.split(mark)]
        if mark == "；" or not any(map(CHINESE.search, said)):
            return instead.join(said)
    return text


@cache
def patterns(language: str) -> list[Pattern]:
    """The patterns of a language, those that say most themselves first."""
    known = translation(language)._catalog.items()  # type: ignore[attr-defined]
    texts = [(key, value) for key, value in known if isinstance(key, str) and PLACE.search(key)]
    return [(compiled(key), value) for key, value in sorted(texts, key=lambda row: -len(PLACE.sub("", row[0])))]


def compiled(text: str) -> re.Pattern[str]:
    """A pattern that finds what stands in the places of a text."""
    pieces = PLACE.split(text)
    return re.compile(
        "".join(f"(?P<p{piece}>.+?)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)), re.S
    )
