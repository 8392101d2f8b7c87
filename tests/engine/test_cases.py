"""The case files in cases/: a list of rules, and what becomes of some leads (RU1, RU2, RU5)."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.matcher import compile_rules


def leads() -> list[Any]:
    """Each lead of each file, with the file's rules. A file holds `rules` and `leads`:

    `lead` its values by field name, `rule` the name of the rule that takes it (missing: none),
    `misses` the explanation, with rules by name (`actual` missing: the lead has no such value).
    """
    return [
        pytest.param(case["rules"], lead, id=f"{path.stem}: {lead['title']}")
        for path in sorted((Path(__file__).parent / "cases").glob("*.toml"))
        for case in [tomllib.loads(path.read_text(encoding="utf-8"))]
        for lead in case["leads"]
    ]


@pytest.mark.parametrize(("rules", "lead"), leads())
def test_a_lead_goes_to_its_rule_for_the_right_reasons(rules: list[Any], lead: Any) -> None:
    names = [rule["name"] for rule in rules]
    match = compile_rules([parse(rule["when"]) for rule in rules]).explain(lead["lead"])

    assert (None if match.index is None else names[match.index]) == lead.get("rule")
    assert [
        {
            "field": miss.field,
            "actual": miss.actual,
            "rules": [names[rule] for rule in miss.rules],
            "note": miss.note,
        }
        for miss in match.misses
    ] == [{"actual": None, "note": ""} | miss for miss in lead["misses"]]
