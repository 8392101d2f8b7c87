"""Leads get their score from the scoring rules, where they came without one (IN6)."""

from collections.abc import Sequence

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.scoring import Points, Score
from leaddistrib.engine.scoring import score as points_of
from leaddistrib.lifecycle.intake.cleaning import Thresholds
from leaddistrib.models import Lead, ScoringRule
from leaddistrib.queries import rulebook
from leaddistrib.queries.organisation import organisation


def score(leads: Sequence[Lead], *, again: bool = False) -> list[Score | None]:
    """Set ``score``, ``temperature`` and ``quality`` of leads without a score, or of all where the
    organisation's rules replace what sources say, or where they are asked ``again`` because the
    lead changed. Returns the points of each, None for those that keep their score. Saves nothing.

    Leads have been placed and matched before: rules may ask about that. Without a single active
    rule nothing is scored. Constant number of queries.
    """
    rules = scoring_rules() if leads else []
    if not rules:
        return [None] * len(leads)
    rulebook.with_market(leads)
    replaces = again or organisation().scoring_replaces
    thresholds = Thresholds.configured()
    scores: list[Score | None] = []
    for lead in leads:
        if lead.score is not None and not replaces:
            scores.append(None)
            continue
        made = points_of(rules, _unscored(lead))
        lead.score = made.score
        lead.temperature, lead.quality = thresholds.classes(made.score)
        scores.append(made)
    return scores


def preview(lead: Lead) -> Score | None:
    """What the rules as they are now would give a lead; None without a single active rule."""
    rules = scoring_rules()
    return points_of(rules, _unscored(lead)) if rules else None


def scoring_rules() -> list[Points]:
    """The active scoring rules, in the order of their names. One query."""
    rules = ScoringRule.objects.filter(active=True).order_by("name", "pk")
    return [Points(rule.name, parse(rule.when), rule.points) for rule in rules]


def _unscored(lead: Lead) -> dict[str, object]:
    """What rules see of the lead. Its score is what they are about to make, so they see none."""
    unknown = {"score": None, "temperature": "", "quality": ""}
    return {**rulebook.lead_values(lead), **unknown}
