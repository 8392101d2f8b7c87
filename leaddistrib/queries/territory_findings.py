"""Territories that nobody works, that overlap, or that leave gaps, where rules go by them (RU4)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from leaddistrib.engine.conditions import All, Condition, Leaf, parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.engine.reach import unreachable
from leaddistrib.engine.territories import Named, Where
from leaddistrib.models import Lead, Rep, Rule, RuleStep, Territory
from leaddistrib.queries.places import regions_of
from leaddistrib.queries.territories import places, territory_index
from leaddistrib.queries.verdicts import ERROR, WARNING, Finding

PAST = timedelta(days=90)
MOST_PLACES = 5000
"""Places of past leads that gaps are looked for in: the latest so many."""
SHOWN = 5

RuleAt = tuple[int, Rule]


def territory_findings(rules: Sequence[Rule], moment: datetime) -> Iterator[Finding]:
    """What the checks find in the territories, for the rules that push to whoever works them.

    No query when no rule does, else a constant number of them.
    """
    by_territory = [
        (index, rule)
        for index, rule in enumerate(rules)
        if any(step.push == RuleStep.Push.TERRITORY_OWNER for step in rule.steps.all())
    ]
    if not by_territory:
        return
    territories = list(Territory.objects.prefetch_related("metros", "reps"))
    if not territories:
        for index, rule in by_territory:
            text = _(
                "“%(rule)s” goes by territory, and there are no territories. Make some, or choose "
                "another step."
            ) % {"rule": rule.name}
            yield Finding(ERROR, "no_territories", text, rule, index)
        return
    yield from _unstaffed(by_territory, territories)
    yield from _overlaps(by_territory, {one.pk: one.name for one in territories})
    yield from _gaps(by_territory, moment)


def _unstaffed(rules: Sequence[RuleAt], territories: Sequence[Territory]) -> Iterator[Finding]:
    """Territories without an active rep, named or in the team, as far as a rule's leads can lie in
    them."""
    active = Rep.objects.filter(active=True, user__is_active=True)
    reps = set(active.values_list("pk", flat=True))
    teams = set(active.exclude(team=None).values_list("team", flat=True))
    for territory in territories:
        named = [rep.pk for rep in territory.reps.all()]
        if reps.intersection(named) if named else territory.team_id in teams:
            continue
        for index, rule in rules:
            if _may_lie_in(rule, territory):
                text = _(
                    "“%(rule)s” goes by territory, and nobody works “%(territory)s”. Give it reps "
                    "or a team with reps."
                ) % {"rule": rule.name, "territory": territory.name}
                yield Finding(ERROR, "territory_unstaffed", text, rule, index)


def _may_lie_in(rule: Rule, territory: Territory) -> bool:
    """Whether leads that meet the rule's conditions can be in the territory, as far as its name
    and countries tell."""
    try:
        asked: list[Condition] = [parse(rule.when), Leaf("territory", "eq", territory.name)]
    except ConditionError:
        return False  # it is said of the rule that it cannot be read
    if countries := _countries(territory):
        asked.append(Leaf("country", "in", countries))
    return not unreachable([All(tuple(asked))])


def _countries(territory: Territory) -> tuple[str, ...]:
    """The countries of its places; none for the rest of the world."""
    metros = {metro.name: metro.country for metro in territory.metros.all()}
    return tuple(
        sorted(
            {
                metros[place.code] if place.kind == "metro" else place.code[:2]
                for place in places(territory)
            }
        )
    )


def _overlaps(rules: Sequence[RuleAt], names: dict[int, str]) -> Iterator[Finding]:
    """Places that several territories name alike: the one that was made first has them."""
    index, rule = rules[0]
    for overlap in territory_index().overlaps():
        first, *others = (names[one] for one in overlap.territories if one in names)
        text = _(
            "“%(rule)s” goes by territory, and “%(first)s” has %(place)s before %(others)s. Name "
            "the place in one of them only."
        ) % {
            "rule": rule.name,
            "first": first,
            "place": _place(overlap.place),
            "others": ", ".join(f"“{other}”" for other in others),
        }
        yield Finding(WARNING, "territory_overlap", text, rule, index)


def _gaps(rules: Sequence[RuleAt], moment: datetime) -> Iterator[Finding]:
    """Places that leads came from lately, and that no territory names."""
    came = Lead.objects.filter(received_at__gt=moment - PAST).exclude(country="")
    latest = came.order_by("-received_at").values_list("country", "subdivision", "postal_code")
    wheres = [
        Where(country, subdivision, regions_of(subdivision), postal_code)
        for country, subdivision, postal_code in dict.fromkeys(latest[:MOST_PLACES])
    ]
    gaps = territory_index().gaps(wheres)
    missing = sorted({where.subdivision or where.country for where in gaps})
    if not missing:
        return
    shown = ", ".join(missing[:SHOWN]) + (" …" if len(missing) > SHOWN else "")
    index, rule = rules[0]
    text = _(
        "“%(rule)s” goes by territory, and leads came lately from places in none: %(places)s. Name "
        "them in a territory, or make one without places for the rest of the world."
    ) % {"rule": rule.name, "places": shown}
    yield Finding(WARNING, "territory_gap", text, rule, index)


def _place(place: Named) -> str:
    return _("the rest of the world") if place.kind == "world" else place.code
