"""Whoever looks for a setting, a command or a start-up refusal finds it in the documentation."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from leaddistrib import checks, conf
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.testing import PoolFactory, TeamFactory

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


def test_each_set_of_rules_in_the_documentation_makes_a_draft(db: None) -> None:
    text = (DOCS / "rules.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(rules:.+?)```", text, re.DOTALL)
    sets = [yaml.safe_load(block)["rules"] for block in blocks]
    assert len(sets) == 3
    steps = [rule["then"] for rules in sets for rule in rules]
    steps += [step for first in steps for step in first.get("fallback", ())]
    for name in sorted({step["team"] for step in steps if "team" in step}):
        TeamFactory(name=name)
    for name in sorted({step["pool"] for step in steps if "pool" in step}):
        PoolFactory(name=name, push_minutes=30)
    for rules in sets:
        assert draft(rules).rules.count() == len(rules)


def admin_pages() -> dict[str, Any]:
    """The pages of the app in the admin site, by the name of what they list."""
    own = (one for one in site._registry.values() if one.opts.app_label == "leaddistrib")
    return {str(one.opts.verbose_name_plural): one for one in own}


def test_each_page_of_the_admin_site_is_in_the_admins_guide() -> None:
    guide = (DOCS / "admins.md").read_text("utf-8").casefold()
    assert [name for name in admin_pages() if name.casefold() not in guide] == []


@pytest.mark.parametrize(
    "listed",
    ["teams", "reps", "territories", "metropolitan areas", "pools", "organisation"],
)
def test_each_field_of_what_is_set_up_is_in_the_admins_guide(listed: str, rf: Any) -> None:
    guide = " ".join((DOCS / "admins.md").read_text("utf-8").casefold().split())
    request = rf.get("/")
    request.user = get_user_model()(is_superuser=True)
    form = admin_pages()[listed].get_form(request, change=True)
    labels = [str(field.label).casefold() for field in form.base_fields.values()]
    assert labels
    # "Stale after (minutes)": the unit is said elsewhere.
    assert [one for one in labels if one.partition(" (minutes)")[0] not in guide] == []
