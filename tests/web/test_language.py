"""Chinese first, English switchable."""

from __future__ import annotations

import ast
import re
from gettext import GNUTranslations
from pathlib import Path

from django.apps import apps

from anlan.command import event_codes
from anlan.command.plans.variables import VARIABLES
from anlan.hazards.chemical.substances import table as substances
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import AnyField, field_of, label_of
from anlan.simulation.queries import HAZARDS
from anlan.simulation.rules.chains import graph
from anlan.web import nav
from anlan.web.views.layers import GROUPS
from anlan.web.views.map import FACTS
from tests.web.conftest import SignIn

SRC = Path(nav.__file__).parent.parent
CATALOGUE = SRC / "locale" / "en" / "LC_MESSAGES"
FRONTEND = SRC.parent.parent / "frontend"
#: Chinese that scripts compare with data and never show: words of levels and states.
COMPARED = {"map/data.js": "STATES", "map/symbols.js": "WORDS"}
CHINESE = re.compile("[\u4e00-\u9fff]")


def translated() -> dict[str, str]:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return {str(key): str(value) for key, value in GNUTranslations(file)._catalog.items()}  # type: ignore[attr-defined]


#: How a template says a text: a tag, a block with values, a text handed to a component.
TAGS = re.compile(r"""{%\s*translate\s+(['"])(.+?)\1|_\((['"])(.+?)\3\)""")
BLOCKS = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*(?:plural|endblocktranslate)", re.S)


def texts(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in folder.rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        # Django doubles a percent sign before it looks a text of a template up.
        found |= {(tag[2] or tag[4]).replace("%", "%%") for tag in TAGS.finditer(page)}
        found |= {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", text.replace("%", "%%")) for text in BLOCKS.findall(page)}
    return {text for text in found if CHINESE.search(text)}


def test_every_text_of_the_shell_and_the_registries_has_its_english() -> None:
    wanted = {title for _room, title in nav.ROOMS} | {entry.title for entry in nav.ENTRIES}
    wanted |= texts(SRC / "kernel" / "templates") | {register.title for register in REGISTERS.values()}
    for folder in ("account", "accounts", "parts"):
        wanted |= texts(SRC / "web" / "templates" / "web" / folder)
    assert wanted - set(translated()) == set()


def test_every_text_of_every_page_has_its_english() -> None:
    wanted = {text for folder in SRC.glob("*/templates") for text in texts(folder)}
    assert len(wanted) > 1500
    assert wanted - set(translated()) == set()


def labels(field: AnyField) -> set[str]:
    return {str(label) for _code, label in field.flatchoices or []}


def said_by(register: Register) -> set[str]:
    """Every text a register shows: itself, its sections, words, columns, hints and choices."""
    fields = {name: field_of(register, name) for name in {*register.fields, *register.columns, *register.filters}}
    found = {register.title, register.help, *register.words.values(), *(part.title for part in register.sections)}
    found |= {register.symbol.title} if register.symbol else set()
    found |= {text for name, field in fields.items() for text in (*label_of(register, name), str(field.help_text))}
    return found.union(*map(labels, fields.values()))


def foreign(texts: set[str]) -> set[str]:
    """The Chinese among these texts that has no English."""
    return {text for text in texts if CHINESE.search(text)} - set(translated())


def test_every_column_hint_and_choice_of_every_register_has_its_english() -> None:
    assert len(REGISTERS) > 40
    assert foreign(set().union(*map(said_by, REGISTERS.values()))) == set()


def test_every_choice_of_every_table_has_its_english() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("anlan.")]
    every = set().union(*(labels(field) for model in ours for field in model._meta.concrete_fields))  # type: ignore[arg-type]
    assert len(every) > 300
    assert foreign(every) == set()


def test_every_engine_says_its_inputs_and_substances_in_english() -> None:
    wanted = {substance.name for substance in substances().values()}
    for hazard in HAZARDS.values():
        wanted |= {hazard.title, hazard.model}
        for item in hazard.inputs:
            wanted |= {item.title, getattr(item, "unit", ""), *getattr(item, "allowed", ())}
            wanted |= set(getattr(item, "words", {}).values())
    assert foreign(wanted) == set()
    english = translated()
    assert all(one.english.lower().startswith(english[one.name].lower()) for one in substances().values())


def test_the_chains_and_the_figures_of_plans_have_their_english() -> None:
    chains = graph()
    wanted = {node.title for node in chains.nodes.values()} | {one.why for one in chains.combinations}
    wanted |= {text for edge in chains.edges for text in (edge.title, edge.check, edge.reason)}
    wanted |= {text for one in VARIABLES.values() for text in (one.label, one.unit)}
    wanted |= {*event_codes.names().values(), *event_codes.CLASSES.values()}
    assert foreign(wanted) == set()


#: Components that say their texts in the language of the page.
SPOKEN = re.compile(r"{%\s*(?:status|note|figure|empty|failure|loading|verb|tabs|breadcrumb|table)\s([^%]*)%}")


def test_every_text_handed_to_a_component_has_its_english() -> None:
    pages = [file.read_text(encoding="utf-8") for file in SRC.glob("*/templates/**/*.html")]
    handed = {text for page in pages for tag in SPOKEN.findall(page) for text in re.findall(r'"([^"]*)"', tag)}
    assert len(handed) > 300
    assert foreign(handed) == set()


def test_a_choice_on_a_page_is_told_in_the_language_of_the_page() -> None:
    bare = re.compile(r"{{[^}]*get_\w+_display(?!\|tr)[^}]*}}")
    found = {file.name: tags for file in SRC.glob("*/templates/**/*.html") if (tags := bare.findall(file.read_text()))}
    assert found == {}


def test_the_compiled_catalogue_is_the_one_people_edit() -> None:
    text = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid (".+")\nmsgstr (".*")$', text, re.M)
    assert {ast.literal_eval(k): ast.literal_eval(v) for k, v in pairs if k != '""'} == {
        k: v for k, v in translated().items() if k
    }


def test_a_register_reads_in_english_when_english_is_chosen(signed_in: SignIn) -> None:
    client = signed_in()
    assert "<h1>机构</h1>" in client.get("/registers/organisations/").content.decode()
    client.post("/settings/look", {"language": "en"})
    page = client.get("/registers/organisations/").content.decode()
    assert "<h1>Organisations</h1>" in page
    assert "No records yet" in page
    assert "所属区划" not in page


def scripts() -> list[Path]:
    """Our own scripts, without libraries and the catalogue itself."""
    return [*FRONTEND.glob("*.js"), *(FRONTEND / "islands").rglob("*.js"), *(FRONTEND / "field").glob("*.js")]


def script_lines() -> list[tuple[Path, str]]:
    """Lines of code with Chinese in them: no comments, and no tables of words that only compare."""
    found = []
    for file in scripts():
        table = next((name for end, name in COMPARED.items() if file.as_posix().endswith(end)), None)
        for line in re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.S).splitlines():
            code = line.split("// ")[0]
            if CHINESE.search(code) and not (table and code.startswith(f"const {table} =")):
                found.append((file, code))
    return found


def test_every_chinese_text_of_a_script_goes_through_the_catalogue() -> None:
    bare = [
        f"{file.name}: {line.strip()}"
        for file, line in script_lines()
        if CHINESE.search(re.sub(r"\btr\((?:[^()\"]*\?)?\s*\"[^\"]*\"(?: : \"[^\"]*\")?", "", line))
    ]
    assert bare == []


def test_the_catalogue_of_the_scripts_has_every_text_and_none_too_many() -> None:
    catalogue = (FRONTEND / "locale" / "en.js").read_text(encoding="utf-8")
    known = dict(re.findall(r'^  "([^"]+)": "([^"]+)",$', catalogue, re.M))
    used = {
        text for _file, line in script_lines() for text in re.findall(r'"([^"]*)"', line) if CHINESE.search(text)
    }  # fmt: skip
    assert used == set(known)
    holes = re.compile(r"\{(\w+)\}")
    assert {text for text, english in known.items() if set(holes.findall(text)) != set(holes.findall(english))} == set()
    assert [english for english in known.values() if CHINESE.search(english)] == []


def test_layers_legends_and_facts_of_the_map_have_their_english() -> None:
    wanted = {layer.title for layer in LAYERS.values()} | {layer.empty for layer in LAYERS.values() if layer.empty}
    wanted |= {text for layer in LAYERS.values() for _colour, text in layer.legend}
    wanted |= set(GROUPS.values()) | set(FACTS.values())
    assert {text for text in wanted if CHINESE.search(text)} - set(translated()) == set()
