"""Whoever looks for a setting, a command or a start-up refusal finds it in the documentation."""

import re
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from leaddistrib import checks, conf

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def headings(page: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", (DOCS / page).read_text("utf-8"), re.MULTILINE))


def test_each_setting_has_its_heading() -> None:
    assert set(conf.Settings.DEFAULTS) <= headings("settings.md")


@pytest.mark.parametrize("name", sorted(conf.Settings.DEFAULTS))
def test_each_setting_says_its_default(name: str) -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    section = text.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]
    default = conf.Settings.DEFAULTS[name]
    shown = f'"{default}"' if isinstance(default, str) else str(default).replace("'", '"')
    assert f"Default `{shown}`" in section


def test_each_command_has_its_heading() -> None:
    commands = {path.stem for path in (ROOT / "leaddistrib/management/commands").glob("l*.py")}
    assert commands
    assert commands <= headings("operators.md")


def test_each_refusal_at_start_is_explained() -> None:
    ids = set(re.findall(r"leaddistrib\.[EW]\d{3}", Path(checks.__file__).read_text("utf-8")))
    assert ids == set(re.findall(r"`(leaddistrib\.[EW]\d{3})`", (DOCS / "settings.md").read_text()))


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_each_name_of_the_app_that_readers_are_told_to_use_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    names = set(re.findall(r"[`\"](leaddistrib(?:\.[a-z_]+)+\.[A-Z]\w+)[`\"]", text))
    for module, imported in re.findall(r"(?m)^from (leaddistrib[\w.]*) import (.+)$", text):
        names |= {f"{module}.{name.strip()}" for name in imported.split(",")}
    for name in names:
        import_string(name)


def test_each_link_between_the_pages_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
