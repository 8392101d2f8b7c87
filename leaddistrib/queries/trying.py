"""Where a version of the rules would send a lead now, with every reason (RU5), in memory."""

from dataclasses import dataclass

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import PoolFacts
from leaddistrib.models import Decision, Lead, Pool, Rep, RuleSet
from leaddistrib.queries import clock, explanations, rulebook
from leaddistrib.queries.replay import rules_of
from leaddistrib.queries.world import load


@dataclass(frozen=True, slots=True)
class Tried:
    """What a version would do with a lead. ``owner`` or ``pool`` is where it would go."""

    ruleset: RuleSet
    trace: explanations.Trace
    owner: Rep | None
    pool: Pool | None


def try_lead(ruleset: RuleSet, lead: Lead) -> Tried:
    """Decide ``lead``, which may have no row yet, by ``ruleset`` as if it came in now.

    With today's turns, working hours, leave and open leads. The turn is not taken, and whoever has
    the lead keeps it. A number of queries that does not depend on how many rules or reps there are.
    """
    moment = clock.now()
    rules = rules_of(ruleset)
    facts = rulebook.lead_facts(lead)
    world = load(rules, [rules.matcher.first(facts.values)], moment, leads=[facts])
    decided = engine.decide(rules, facts, world)
    owner = pool = None
    if decided.owner is not None:
        owner = Rep.objects.select_related("user").get(pk=decided.owner)
    elif decided.pool is not None:
        pool = _pool(decided.pool)
    # Never saved: it is what explanations are told from.
    decision = Decision(
        lead=lead,
        ruleset=ruleset,
        rule_id=decided.rule.id if decided.rule else None,
        method=decided.method,
        owner=owner,
        pool=pool,
        explanation=decided.as_document(),
        decided_at=moment,
    )
    return Tried(ruleset, explanations.trace(decision), owner, pool)


def _pool(facts: PoolFacts) -> Pool:
    """The pool; before the first lead ever was routed the safety net has no row yet."""
    known = Pool.objects.filter(pk=facts.id).first()
    return known or Pool(name=facts.name, mode=facts.mode, is_safety_net=True)
