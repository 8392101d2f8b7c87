"""The case files in cases/gates: a rep, a lead, and each reason why not, with its numbers (GU7).

Every limit stands one below itself, at itself and above; every time a millisecond before, at it
and after. Half of them ask about several limits at once.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leaddistrib.engine.facts import Counts, Guardrails, RepFacts
from leaddistrib.engine.gates import Refusal, Situation, refusals
from leaddistrib.engine.onboarding import PhaseFacts

MOMENT = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY_ENDS = datetime(2026, 3, 4, 23, tzinfo=UTC)
WEEK_ENDS = datetime(2026, 3, 8, 23, tzinfo=UTC)


def cases() -> list[Any]:
    """A file holds `given`, what all its cases have in common, and `cases`: `rep`, `counts`,
    `guardrails` and `phase` are of the rep, `lead` of the situation; `row` spells the leads of last
    ("r" raced for, "a" assigned). `against` is each reason in its order."""
    return [
        pytest.param(file.get("given", {}), case, id=f"{path.stem}: {case['title']}")
        for path in sorted((Path(__file__).parent / "cases" / "gates").glob("*.toml"))
        for file in [tomllib.loads(path.read_text(encoding="utf-8"))]
        for case in file["cases"]
    ]


def rep(told: dict[str, Any]) -> RepFacts:
    counts = dict(told.get("counts", {}))
    if "row" in told:
        counts["last_nine"] = tuple(one == "r" for one in told["row"])
    phase = told.get("phase")
    facts = told.get("rep", {})
    if "time_off" in facts:
        facts = facts | {"time_off": tuple(tuple(span) for span in facts["time_off"])}
    return RepFacts(
        1,
        "Amina",
        counts=Counts(**counts),
        guardrails=Guardrails(**told.get("guardrails", {})),
        phase=PhaseFacts(**{"position": 1, "name": "Weeks 5–8"} | phase) if phase else None,
        day_ends_at=DAY_ENDS,
        week_ends_at=WEEK_ENDS,
        **facts,
    )


@pytest.mark.parametrize(("given", "case"), cases())
def test_the_gates_say_why_not(given: dict[str, Any], case: dict[str, Any]) -> None:
    told = {
        part: given.get(part, {}) | case.get(part, {})
        for part in ("rep", "counts", "guardrails", "phase", "lead")
    }
    if "row" in given or "row" in case:
        told["row"] = case.get("row", given.get("row"))
    situation = Situation(**{"moment": MOMENT, "claiming": True} | told["lead"])

    found = refusals(rep(told), situation)

    assert found == [
        Refusal(one["code"], one.get("params", {}), one.get("lifts_at"))
        for one in case.get("against", [])
    ]
