"""Explanations are whole in French: each method, each strategy, each reason (RU5)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from leaddistrib.models import Decision, Pool, Rep, Rule
from leaddistrib.queries import explanations, phrases, refusing
from leaddistrib.testing import PoolFactory, RepFactory, publish_rules

ENGLISH = re.compile(
    r"\b(the|you|your|this|these|was|were|is|are|has|had|have|of|to|by|in|it|its|who|whom|whose|"
    r"turns?|before|nobody|asked|only|gave|got|given|and|or|rules?|with|for|not|did|does|than|next|"
    r"later|reps?|open|more|fewest|stands|until|leave|hours|team|holiday|lead's|blank|number)\b",
    re.IGNORECASE,
)
LIMITS = "had allocation taken of claims limit hot warm assigned cold wanted"
PARAMS = {"open": 41, "capacity": 42, **dict.fromkeys(LIMITS.split(), 7)}
SAID = "Dame"
"""Whatever somebody wrote or called something, in no language."""


def french(text: str) -> str:
    """``text``, once it was looked whether it is French and has all that belongs into it."""
    assert text
    assert not ENGLISH.search(text), text
    assert not re.search(r"%\(|[{}]", text), text
    return text


@pytest.fixture(autouse=True)
def reader_of_french() -> Iterator[None]:
    with translation.override("fr"):
        yield


def rep(number: int, name: str) -> Rep:
    return Rep(pk=number, user=User(username=name))


AMINA, BRUNO, OSCAR = rep(1, "Amina"), rep(2, "Bruno"), rep(3, "Oscar")


def candidate(who: Rep, **fields: Any) -> dict[str, Any]:
    return {"rep": who.pk, "name": who.name, **fields}


def step(push: str, *candidates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    winner = next((one["rep"] for one in candidates if "refused" not in one), None)
    team = {"push": push, "team": "Nantes", "territory": "Alsace"}
    return {**team, "candidates": [*candidates], "winner": winner, **fields}


def decided(method: str = "push", *steps: dict[str, Any], **fields: Any) -> Decision:
    told = {"rule": 0, "misses": [], "steps": [*steps], **fields.pop("told", {})}
    given = {"rule": Rule(name="Charte"), "owner": AMINA, **fields}
    return Decision(method=method, explanation=told, **given)


@pytest.mark.parametrize("code", phrases.GOT_IT)
def test_each_strategy_is_said_to_the_winner_and_to_others(code: str) -> None:
    push, _, how = code.partition(":")
    by_virtue_of: dict[str, Any] = {"backup": {"backup_of": "Chloé"}, "owed": {"owed": 1}}
    by_virtue_of |= {why: {"first": why} for why in phrases.FIRST_FOR_UNCLAIMED}
    winner = candidate(AMINA, **by_virtue_of.get(how, {}))
    others = [] if how in ("", "backup") else [candidate(BRUNO)]
    decision = decided("push", step(push, winner, *others))
    told = [french(explanations.sentence(decision, who)) for who in (AMINA, BRUNO, OSCAR, None)]
    assert all("Charte" in one for one in told)
    assert "Amina" not in told[0]
    assert all("Amina" in one for one in told[1:])
    assert all(("Chloé" in one) == (how == "backup") for one in told)


@pytest.mark.parametrize("code", phrases.WHY_NOT)
def test_each_reason_is_said_to_who_was_passed_over(code: str) -> None:
    out = candidate(BRUNO, refused=code, params=PARAMS)
    told = french(
        explanations.sentence(decided("push", step("weighted", candidate(AMINA), out)), BRUNO)
    )
    french(str(phrases.WHY_NOT[code]).format(**PARAMS))
    assert ("41" in told and "42" in told) == (code == "at_capacity")


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("standing", [{"time": 5}, {"load": [1, 50]}])
def test_who_came_later_reads_how_many_were_before(place: int, standing: dict[str, Any]) -> None:
    first = [candidate(AMINA, **standing), candidate(OSCAR, **standing)][:place]
    decision = decided("push", step("weighted", *first, candidate(BRUNO, **standing)))
    assert f"{place} commercia" in french(explanations.sentence(decision, BRUNO))


def test_who_was_asked_is_said() -> None:
    only = step("weighted", candidate(AMINA), seniority="senior", event="Vivatech")
    told = french(explanations.sentence(decided("push", only)))
    assert "Senior" in told
    assert "Vivatech" in told


@pytest.mark.parametrize("method", ["queue", "race", "shared"])
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("net", [False, True])
@pytest.mark.parametrize("waited", [60, 7200])
def test_each_pool_is_said(method: str, asked: bool, net: bool, waited: int) -> None:
    steps = [step("weighted", candidate(BRUNO, refused="paused"))] if asked else []
    before = {"pool": "Attente", "mode": method, "waited": waited}
    pool = Pool(name="Bassin", is_safety_net=net)
    after = [before, *steps, {"pool": "Bassin", "mode": method}]
    for rule in (Rule(name="Charte"), None) if net else (Rule(name="Charte"),):
        told = french(
            explanations.sentence(decided(method, *after, owner=None, pool=pool, rule=rule), BRUNO)
        )
        assert "Bassin" in told
        assert "Attente" in told


@pytest.mark.parametrize("by", phrases.RECOGNISED_BY)
def test_a_duplicate_is_said(by: str) -> None:
    for owner in (AMINA, None):
        decision = decided("duplicate", owner=owner, rule=None, told={"by": by})
        for who in (AMINA, BRUNO, None):
            french(explanations.sentence(decision, who))


@pytest.mark.parametrize("whole", [True, False])
def test_a_lead_given_by_hand_is_said(whole: bool) -> None:
    decision = decided("manual", rule=None, told={"by": "Mireille", "reason": SAID})
    for who in (AMINA, BRUNO, None):
        told = french(explanations.sentence(decision, who, whole=whole))
        assert "Mireille" in told
        assert (SAID in told) == whole


@pytest.mark.parametrize("code", refusing.PASSED_OVER)
def test_each_candidate_of_a_trace_is_told(code: str) -> None:
    ends = datetime(2026, 3, 2, 12, tzinfo=UTC).isoformat()
    out = candidate(BRUNO, refused=code, params=PARAMS, lifts_at=ends)
    standing_in = candidate(OSCAR, refused=code, params=PARAMS, backup_of="Chloé")
    tried = step("territory_owner", candidate(AMINA, time=5), out, standing_in, seniority="senior")
    [told] = explanations.trace(decided("push", tried)).steps
    french(told.target)
    first, second, third = (french(one.result) for one in told.candidates)
    assert "Chloé" in third
    assert second in third
    assert first not in (second, third)


@pytest.mark.parametrize("push", explanations.NOBODY)
def test_each_step_that_looked_at_nobody_is_told(push: str) -> None:
    nobody = step(push)
    got = step("least_loaded", candidate(AMINA, load=[1, 50]), candidate(BRUNO, load=[2, 50]))
    backup = step("account_owner", candidate(AMINA, backup_of="Chloé"))
    told = explanations.trace(decided("push", nobody, got, backup, {"pool": "Bassin"})).steps
    french(told[0].note)
    for one in told:
        french(one.target)
        for candidate_of in one.candidates:
            french(candidate_of.result)
    assert str(told[1].candidates[0].load) == "1 sur 50"


def test_each_rule_of_a_trace_is_told(db: None) -> None:
    PoolFactory(name="Bassin", reps=[RepFactory()])
    fields = [("city", "eq", "Nantes"), ("employees", "gte", 9), ("score", "between", [1, 2])]
    when = [{"field": field, "op": op, "value": value} for field, op, value in fields]
    ruleset = publish_rules(
        [
            {"name": "Charte", "when": {"all": when}, "then": {"pool": "Bassin"}},
            {"name": "Reste", "when": {}, "then": {"pool": "Bassin"}},
        ]
    )
    misses = [
        {"field": "city", "actual": "", "rules": [0]},
        {"field": "employees", "actual": "dix", "note": "not_a_number", "rules": [0]},
        {"field": "size_band", "actual": "smb", "rules": [0]},
        {"field": None, "actual": None, "rules": [0]},
    ]
    told = explanations.trace(
        decided(
            "queue",
            {"pool": "Bassin", "mode": "queue"},
            owner=None,
            ruleset=ruleset,
            pool=Pool(name="Bassin"),
            told={"rule": 1, "misses": misses},
        )
    )
    for rule in told.rules:
        french(rule.conditions)
        for reason in rule.reasons:
            french(reason)
    assert [len(rule.reasons) for rule in told.rules] == [4, 0]
