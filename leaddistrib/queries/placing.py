"""Who belongs in which tier: the figures of many reps, and where they lead (TI1, TI2).

Reps are compared within their team, by the policy that holds for it; those without a team with each
other. Whoever is in a phase of onboarding that does not count is neither placed nor compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from django.db.models import QuerySet, Sum, prefetch_related_objects
from django.utils import timezone

from leaddistrib.engine.tiers import Figures, Placed, PolicyFacts, place
from leaddistrib.models import Onboarding, Rep, ResponseRollup, TierPlacement, TierPolicy
from leaddistrib.queries.attainment import attainment
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.localdays import midnight
from leaddistrib.queries.performance import records


@dataclass(frozen=True, slots=True)
class Proposed:
    """Where ``rep``, whose ``tier`` is the present one, belongs by ``policy``."""

    rep: Rep
    policy: TierPolicy
    placed: Placed

    @property
    def moves(self) -> bool:
        """Whether the rep would be in another tier than now."""
        return self.placed.level != self.rep.tier


def today_of(moment: datetime) -> date:
    """The organisation's local day of ``moment``."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def week_of(day: date) -> date:
    """The first day, Monday, of the week that ``day`` is in: the period of its placements."""
    return day - timedelta(days=day.weekday())


Known = Mapping[tuple[int, int], Figures]
"""The figures of reps, by the number of days looked back and the rep's primary key."""


def known_figures(reps: QuerySet[Rep], today: date) -> Known:
    """What ``proposals`` of these ``reps`` would read of the past, for all of them at once: a fact
    is then looked at once, however many transactions place them. Two queries, and five for each
    number of days that policies look back."""
    active = list(reps.filter(active=True))
    policies = _policies(active)
    days = {team: policy.days for team, policy in policies.items()}
    return _figures(((days[rep.team_id], rep.pk) for rep in active if rep.team_id in days), today)


def proposals(
    reps: QuerySet[Rep], today: date, known: Known = MappingProxyType({})
) -> list[Proposed]:
    """Where each of the active ``reps`` belongs by the figures of the days before ``today``, by
    team, the best score first; those for whom no policy holds are left out.

    ``reps`` are whole teams: each rep is compared with those of the own team that are among them.
    Four queries, and five for each number of days that policies look back, however many reps;
    these only for reps whose figures are not ``known``.
    """
    active = list(reps.filter(active=True).select_related("user", "team"))
    policies = _policies(active)
    placing = [rep for rep in active if rep.team_id in policies]
    new = _uncounted(placing)
    teams: dict[TierPolicy, dict[int | None, list[Rep]]] = defaultdict(lambda: defaultdict(list))
    for rep in placing:
        teams[policies[rep.team_id]][rep.team_id].append(rep)
    asked = {rep.pk: policies[rep.team_id].days for rep in placing}
    missing = [(days, rep) for rep, days in asked.items() if (days, rep) not in known]
    found_now = _figures(missing, today)
    figures = {rep: known.get((days, rep)) or found_now[days, rep] for rep, days in asked.items()}
    found: list[Proposed] = []
    for policy, members in teams.items():
        for team in members.values():
            ranked = [figures[rep.pk] for rep in team if rep.pk not in new]
            former = {rep.pk: rep.tier for rep in team}
            placed = [*place(facts_of(policy), ranked, former), *_not_placed(team, new)]
            by_id = {rep.pk: rep for rep in team}
            found += (
                Proposed(by_id[one.rep], policy, _documented(one, policy, today)) for one in placed
            )
    return sorted(found, key=lambda one: one.rep.team.name if one.rep.team else "")


def already_placed(reps: QuerySet[Rep], period: date) -> set[int]:
    """Primary keys of those of ``reps`` who were placed for the week from ``period``, or for a
    later one. One query."""
    rows = TierPlacement.objects.filter(rep__in=reps.values("pk"), period__gte=period)
    return set(rows.values_list("rep", flat=True))


def figures_of(reps: Iterable[int], first: date, until: date) -> dict[int, Figures]:
    """The figures of each of ``reps`` (primary keys) in the organisation's local days from
    ``first`` until before ``until``. Five queries.

    A response counts on the day on which the rep got the lead.
    """
    ids = list(reps)
    zone = timezone.get_default_timezone()
    had = records(ids, midnight(first, zone), midnight(until, zone))
    attained = attainment(ids, first, until)
    rows = (
        ResponseRollup.objects.filter(rep__in=ids, day__gte=first, day__lt=until)
        .order_by()
        .values_list("rep")
        .annotate(Sum("answered"), Sum("seconds"))
    )
    answered = {rep: (number, seconds) for rep, number, seconds in rows}
    return {
        rep: Figures(
            rep,
            had[rep].leads,
            had[rep].won,
            float(reached.percent) if (reached := attained[rep]) else None,
            *answered.get(rep, (0, 0)),
        )
        for rep in ids
    }


def facts_of(policy: TierPolicy) -> PolicyFacts:
    """``policy``, its tiers loaded, as the engine takes it."""
    return PolicyFacts(
        weights=(policy.conversion_weight, policy.quota_weight, policy.speed_weight),
        prior_leads=policy.prior_leads,
        least_leads=policy.least_leads,
        least_reps=policy.least_reps,
        margin=policy.margin,
        shares=tuple(tier.share for tier in policy.tiers.all()),
    )


def _policies(reps: Sequence[Rep]) -> dict[int | None, TierPolicy]:
    """The policy of each team of ``reps`` that has one with tiers. Two queries."""
    held = policies_for(TierPolicy, {rep.team_id for rep in reps})
    found = {team: policy for team, policy in held.items() if policy is not None}
    prefetch_related_objects(list(set(found.values())), "tiers")
    return {team: policy for team, policy in found.items() if policy.tiers.all()}


def _uncounted(reps: Sequence[Rep]) -> set[int]:
    rows = Onboarding.objects.filter(rep__in=[rep.pk for rep in reps], phase__counted=False)
    return set(rows.values_list("rep", flat=True))


def _figures(asked: Iterable[tuple[int, int]], today: date) -> Known:
    """The figures of reps, each over so many days."""
    by_days: dict[int, list[int]] = defaultdict(list)
    for days, rep in asked:
        by_days[days].append(rep)
    return {
        (days, rep): figures
        for days, reps in by_days.items()
        for rep, figures in figures_of(reps, today - timedelta(days=days), today).items()
    }


def _not_placed(team: Sequence[Rep], new: set[int]) -> Iterator[Placed]:
    onboarding = TierPlacement.Reason.ONBOARDING.value
    return (Placed(rep.pk, None, onboarding, None, {}) for rep in team if rep.pk in new)


def _documented(placed: Placed, policy: TierPolicy, today: date) -> Placed:
    """With the days of the figures, both included, and what the tiers were called."""
    document = {
        **placed.figures,
        "first": (today - timedelta(days=policy.days)).isoformat(),
        "last": (today - timedelta(days=1)).isoformat(),
        "tiers": [tier.name for tier in policy.tiers.all()],
    }
    return replace(placed, figures=document)
