"""Whatever the engine can say has words in the reader's language."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils.translation import override

from leaddistrib.engine import gates
from leaddistrib.engine.errors import MESSAGES
from leaddistrib.engine.facts import Counts, Guardrails, RepFacts
from leaddistrib.engine.fields import FIELDS
from leaddistrib.engine.gates import Situation, refusals
from leaddistrib.engine.onboarding import PhaseFacts
from leaddistrib.engine.operators import OPERATORS
from leaddistrib.engine.strategies import STRATEGIES
from leaddistrib.models import EscalationStep
from leaddistrib.queries import explanations, phrases, refusing, wording

NUMBERS = {"open": 50, "capacity": 50, "had": 15, "allocation": 15, "taken": 5, "of": 5}
DOCS = Path(__file__).parents[2] / "docs"


def test_every_fault_of_a_condition_has_its_words() -> None:
    words = {code: str(text) for code, text in wording.CONDITION_ERRORS.items()}
    assert words == dict(MESSAGES)


def test_every_field_and_operator_has_a_label() -> None:
    assert wording.FIELD_LABELS.keys() == FIELDS.keys()
    assert wording.OPERATOR_LABELS.keys() == OPERATORS.keys()


def test_every_refusal_is_said_to_the_rep_and_to_the_manager() -> None:
    assert refusing.REFUSALS.keys() == refusing.PASSED_OVER.keys()


CLAIMING = {
    *("not_a_member", "not_open_yet", "not_open", "shared", "let_lapse"),
    *("onboarding", "daily_limit", "hot_ratio", "assigned_ratio", "cold_first"),
    *("other_cohort", "gave_back", "premium", "collecting_over", "next_only"),
}
"""What stands only against whoever reaches for a lead."""


def test_every_reason_for_passing_over_is_said_to_the_rep_and_told_of_in_the_docs() -> None:
    assert phrases.WHY_NOT.keys() == refusing.PASSED_OVER.keys() - CLAIMING
    told = " ".join((DOCS / "reps.md").read_text(encoding="utf-8").split())
    for text in phrases.WHY_NOT.values():
        assert str(text).format(**NUMBERS) in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_reason_without_its_figures_is_a_whole_phrase(language: str) -> None:
    with override(language):
        for code in refusing.PASSED_OVER:
            short = refusing.refused_for(code)
            assert short.count("(") == short.count(")"), short


GATES = Path(gates.__file__).read_text(encoding="utf-8")
CODES = re.findall(r'Refusal\(\s*"(\w+)"', GATES)


@pytest.mark.parametrize("code", CODES)
def test_every_reason_of_a_gate_has_its_words(code: str) -> None:
    assert code in refusing.REFUSALS
    assert "  " not in refusing.refused_for(code)
    assert "{" not in refusing.refused_for(code)


def test_the_figures_of_a_limit_are_in_both_sentences() -> None:
    rep = RepFacts(
        1,
        "Amina",
        allocation=20,
        phase=PhaseFacts(1, "Weeks 5–8", competition=50),
        counts=Counts(10, 24, 11, 65, 12, 1, 2, True, 21, (True,) * 7),
        guardrails=Guardrails(9, 2, 5, 3),
    )
    lead = Situation(datetime(2026, 3, 2, tzinfo=UTC), competitive=True, temperature="hot")
    found = refusals(rep, lead)
    assert {"half", "over_allocation", "daily_limit", "hot_ratio", "assigned_ratio"} | {
        "cold_first"
    } == {one.code for one in found}
    for one in found:
        for said in (refusing.refusal, refusing.passed_over):
            sentence = said(one.code, one.params)
            assert all(str(figure) in sentence for figure in one.params.values()), sentence


def test_a_stored_code_is_shown_by_its_label() -> None:
    leaf = {"field": "size_band", "op": "in", "value": ["smb", "enterprise"]}
    words = wording.condition_in_words(leaf)
    assert words == "size is one of Small (under 50), Enterprise (500+)"


def test_every_strategy_is_explained_to_its_winner_and_to_others() -> None:
    pushes = set(STRATEGIES)
    assert phrases.YOU_GOT_IT.keys() == phrases.GOT_IT.keys()
    assert {code.partition(":")[0] for code in phrases.GOT_IT} == pushes
    assert explanations.NOBODY.keys() == pushes


def test_every_step_of_a_policy_is_explained_to_its_winner_and_to_others() -> None:
    """What the rules decide is explained by the strategy; nobody wins a pool."""
    steps = set(EscalationStep.To) - {EscalationStep.To.RULES}
    assert phrases.STEPS_IN.keys() == steps
    assert phrases.YOU_STEP_IN.keys() == steps - {EscalationStep.To.POOL}
