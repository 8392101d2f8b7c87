"""Other weights, shares and minutes: who would be placed where, and how the leads of the last 30
days would have opened (TI1, TI2)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from leaddistrib.engine.tiers import PolicyFacts, place
from leaddistrib.models import Claim, Lead, Onboarding, Pool, Rep, Tier, TierPolicy
from leaddistrib.queries.competing import policy_for, reps_under
from leaddistrib.queries.placing import figures_of, proposals, today_of
from leaddistrib.queries.whatif.events import DAYS, MOST, Stretch

Drawn = Callable[[Lead, int], bool]
"""Whether a lead is among so many in a hundred that open to all tiers at once."""


@dataclass(frozen=True, slots=True)
class Move:
    """The levels of a rep: as it is ``now``, where the next placement as saved leads
    (``as_saved``), and where one with the numbers that are tried does. None: no tier."""

    rep: Rep
    now: int | None
    as_saved: int | None
    then: int | None


@dataclass(frozen=True, slots=True)
class Waited:
    """How a tier would have been told of the leads: after how many ``minutes``, on average over
    all of them, and how many were ``taken`` before."""

    tier: Tier
    minutes: float
    taken: int


@dataclass(frozen=True, slots=True)
class Opened:
    """How leads would have opened: ``at_once`` to all tiers, and for each tier."""

    at_once: int
    tiers: Sequence[Waited]


@dataclass(frozen=True, slots=True)
class TiersTried:
    """``leads``: how many were raced for in pools by tier. ``now`` is None where none holds."""

    stretch: Stretch
    moves: Sequence[Move]
    leads: int
    now: Opened | None
    then: Opened | None


def try_tiers(
    policy: TierPolicy, tiers: Iterable[Tier], moment: datetime, drawn: Drawn
) -> TiersTried:
    """What ``policy`` with these ``tiers``, saved or not, makes of those whom it is for, and of the
    leads that opened in their pools by tier in the 30 days before ``moment``. Fourteen queries,
    however many reps and leads."""
    levels = sorted(tiers, key=lambda tier: tier.level)
    under = reps_under(policy)
    today = today_of(moment)
    saved = {one.rep.pk: one.placed.level for one in proposals(under, today)}
    reps = list(under.filter(active=True).select_related("user", "team"))
    then = _placed(policy, levels, reps, today) if policy.active else {}
    moves = [
        Move(rep, rep.tier, saved.get(rep.pk), then.get(rep.pk))
        for rep in sorted(reps, key=lambda rep: (then.get(rep.pk) or len(levels) + 1, rep.name))
    ]
    leads, stretch = _raced(under, moment)
    held = policy_for(TierPolicy, policy.team_id)
    return TiersTried(
        stretch,
        moves,
        len(leads),
        opened(leads, list(held.tiers.all()), held.floor_percent, drawn) if held else None,
        opened(leads, levels, policy.floor_percent, drawn) if policy.active else None,
    )


def opened(
    leads: Sequence[tuple[Lead, datetime | None]],
    tiers: Iterable[Tier],
    floor_percent: int,
    drawn: Drawn,
) -> Opened:
    """How ``leads``, each with the moment it was claimed (None: it was not), open to ``tiers``. The
    tiers' minutes are those of the clock. Pure."""
    at_once = {lead.pk for lead, _claimed in leads if drawn(lead, floor_percent)}
    waiting = [(lead, claimed) for lead, claimed in leads if lead.pk not in at_once]
    return Opened(
        len(at_once),
        [
            Waited(
                tier,
                tier.delay_minutes * len(waiting) / len(leads) if leads else 0.0,
                sum(_before(lead, claimed, tier.delay_minutes) for lead, claimed in waiting),
            )
            for tier in tiers
        ],
    )


def _before(lead: Lead, claimed: datetime | None, minutes: int) -> bool:
    return (
        claimed is not None
        and lead.opens_at is not None
        and claimed < lead.opens_at + timedelta(minutes=minutes)
    )


def _placed(
    policy: TierPolicy, tiers: Sequence[Tier], reps: Sequence[Rep], today: date
) -> Mapping[int, int | None]:
    """The level of each rep, each team by itself, as ``proposals`` finds it for saved policies.
    Five queries."""
    facts = PolicyFacts(
        weights=(policy.conversion_weight, policy.quota_weight, policy.speed_weight),
        prior_leads=policy.prior_leads,
        least_leads=policy.least_leads,
        least_reps=policy.least_reps,
        margin=policy.margin,
        shares=tuple(tier.share for tier in tiers),
    )
    uncounted = Onboarding.objects.filter(phase__counted=False, rep__in=[rep.pk for rep in reps])
    new = set(uncounted.values_list("rep", flat=True))
    teams: dict[int | None, list[Rep]] = defaultdict(list)
    for rep in reps:
        if rep.pk not in new:
            teams[rep.team_id].append(rep)
    asked = [rep.pk for team in teams.values() for rep in team]
    figures = figures_of(asked, today - timedelta(days=policy.days), today)
    found: dict[int, int | None] = {}
    for team in teams.values():
        former = {rep.pk: rep.tier for rep in team}
        placed = place(facts, [figures[rep.pk] for rep in team], former)
        found |= {one.rep: one.level for one in placed}
    return found


def _raced(
    reps: QuerySet[Rep], moment: datetime
) -> tuple[list[tuple[Lead, datetime | None]], Stretch]:
    """The leads, newest first, that opened in pools by tier in which ``reps`` are, each with when
    it was claimed. One query."""
    ids = reps.values("pk")
    pools = Pool.objects.filter(Q(reps__in=ids) | Q(teams__reps__in=ids), tiered=True)
    won = Claim.objects.filter(
        lead=OuterRef("pk"), period=OuterRef("period"), result=Claim.Result.WON
    )
    begins = moment - DAYS
    rows = (
        Lead.objects.filter(pool__in=pools.values("pk"), opens_at__gt=begins, opens_at__lte=moment)
        .annotate(claimed=Subquery(won.values("claimed_at")[:1]))
        .order_by("-opens_at", "-pk")
        .only("public_id", "opens_at")
    )
    found: list[tuple[Lead, datetime | None]]
    found = [(lead, lead.claimed) for lead in rows[: MOST + 1]]
    if len(found) <= MOST:
        return found, Stretch(begins)
    oldest = found.pop()[0].opens_at
    return found, Stretch(oldest or begins, cut=True)
