"""Who may have a lead: an ordered list of gates, each one reason.

Push, offer and claim ask the same gates, so "why not me?" has one answer everywhere (GU7).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leaddistrib.engine.availability import covers, first_free, tapered
from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.onboarding import WINDOW, assigned, may_be_assigned, may_compete, raced

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rep may not have a lead: a stable code, what the sentence needs, and when it lifts."""

    code: str
    params: Mapping[str, int | str] = field(default_factory=dict)
    lifts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a gate is asked about, beside the rep.

    ``member`` says whether the rep belongs to the pool or team; ``opens_at`` is when the lead opens
    for this rep, None where there is no window (push). ``let_lapse``: the rep had the lead before
    and did not answer it in time. With ``claiming`` the rep acts, instead of
    being handed something: then hours, holidays, busy times and the taper before leave do not
    count. Whoever reaches for a lead is there.

    ``competitive``: the lead is raced for, and the limits of races are asked.
    ``temperature`` is the lead's, "" where the rep cannot know it (blind leads, hidden quality).
    ``premium``: the pool is, and ``tier_sees_premium`` whether the rep's tier sees such pools.
    ``cohort``: all members of the pool are of the rep's cohort: new, or new when the rep began.
    ``gave_back_until`` is until when a lead stays closed to the rep who gave it back, raced for or
    not.
    """

    moment: datetime
    member: bool = True
    opens_at: datetime | None = None
    claiming: bool = False
    let_lapse: bool = False
    competitive: bool = False
    temperature: str = ""
    premium: bool = False
    tier_sees_premium: bool = False
    cohort: bool = True
    gave_back_until: datetime | None = None


Gate = Callable[[RepFacts, Situation], Refusal | None]


def active(rep: RepFacts, situation: Situation) -> Refusal | None:
    return None if rep.active else Refusal("inactive")


def member(rep: RepFacts, situation: Situation) -> Refusal | None:
    return None if situation.member else Refusal("not_a_member")


def phase(rep: RepFacts, situation: Situation) -> Refusal | None:
    """In onboarding a rep watches races first, and then takes part in some of them (ON1). Leads
    that are guaranteed are assigned all the same (GU6)."""
    own, last_nine = rep.phase, rep.counts.last_nine
    if own is None:
        return None
    if situation.competitive:
        if may_compete(own, last_nine):
            return None
        if own.competitive == 0:
            return Refusal("onboarding")
        return Refusal("half", {"taken": raced(last_nine), "of": own.competitive})
    if situation.claiming or rep.owed or may_be_assigned(own, last_nine):
        return None
    return Refusal("half", {"taken": assigned(last_nine), "of": WINDOW - own.competitive})


def available(rep: RepFacts, situation: Situation) -> Refusal | None:
    """Neither paused nor on leave, and, unless the rep acts, at work and not busy (PU2, PU8).

    It lifts at the first moment at which none of these stands against the rep any more; pausing
    lifts when the rep says so.
    """
    if rep.paused:
        return Refusal("paused")
    code = _absence(rep, situation)
    if code is None:
        return None
    if situation.claiming:
        return Refusal(code, lifts_at=first_free(situation.moment, rep.time_off))
    away = (*tapered(rep.time_off, rep.taper), *rep.busy)
    return Refusal(code, lifts_at=first_free(situation.moment, away, rep.week))


def _absence(rep: RepFacts, situation: Situation) -> str | None:
    """Why the rep is not there, the weightiest reason first."""
    moment = situation.moment
    if covers(rep.time_off, moment):
        return "time_off"
    if situation.claiming:
        return None
    if rep.taper and covers(tapered(rep.time_off, rep.taper), moment):
        return "taper"
    if rep.week and not rep.week.is_at_work(moment):
        return "holiday" if rep.week.is_holiday(moment) else "off_hours"
    return "busy" if covers(rep.busy, moment) else None


def capacity(rep: RepFacts, situation: Situation) -> Refusal | None:
    if rep.open_leads < rep.capacity:
        return None
    return Refusal("at_capacity", {"open": rep.open_leads, "capacity": rep.capacity})


def allocation(rep: RepFacts, situation: Situation) -> Refusal | None:
    """The week's leads, by push and by claim alike (AL1)."""
    had = rep.counts.leads_week
    if rep.allocation is None or had < rep.allocation:
        return None
    return Refusal("over_allocation", {"had": had, "allocation": rep.allocation}, rep.week_ends_at)


def daily_limit(rep: RepFacts, situation: Situation) -> Refusal | None:
    """So many competitive claims a day; after that assigned leads only (GU5)."""
    limit, claims = rep.guardrails.daily_claims, rep.counts.competitive_today
    if not situation.competitive or limit is None or claims < limit:
        return None
    return Refusal("daily_limit", {"claims": claims, "limit": limit}, rep.day_ends_at)


def hot_ratio(rep: RepFacts, situation: Situation) -> Refusal | None:
    """A warm claim for each few hot ones (GU1). The week that follows begins anew."""
    limit, hot, warm = rep.guardrails.hot_per_warm, rep.counts.hot, rep.counts.warm
    if not situation.competitive or situation.temperature != "hot" or limit is None:
        return None
    if hot < limit * (warm + 1):
        return None
    return Refusal("hot_ratio", {"hot": hot, "warm": warm, "limit": limit}, rep.week_ends_at)


def assigned_ratio(rep: RepFacts, situation: Situation) -> Refusal | None:
    """An assigned lead, not given back, for each few competitive claims (GU1)."""
    limit, counts = rep.guardrails.claims_per_assigned, rep.counts
    if not situation.competitive or limit is None:
        return None
    if counts.competitive < limit * (counts.assigned + 1):
        return None
    told = {"claims": counts.competitive, "assigned": counts.assigned, "limit": limit}
    return Refusal("assigned_ratio", told, rep.week_ends_at)


def cold_first(rep: RepFacts, situation: Situation) -> Refusal | None:
    """Whoever competed last week and claimed too few cold leads makes up for it first (GU1)."""
    wanted, counts = rep.guardrails.weekly_cold, rep.counts
    if not situation.competitive or situation.temperature in ("", "cold") or wanted is None:
        return None
    if not counts.competed_last_week or max(counts.cold, counts.cold_last_week) >= wanted:
        return None
    return Refusal("cold_first", {"cold": counts.cold, "wanted": wanted})


def cohort(rep: RepFacts, situation: Situation) -> Refusal | None:
    """New reps race among themselves (ON1)."""
    apart = rep.phase is not None and rep.phase.cohort_only
    if not situation.competitive or not apart or situation.cohort:
        return None
    return Refusal("other_cohort")


def answered(rep: RepFacts, situation: Situation) -> Refusal | None:
    """A lead never goes back to whoever let it lapse (SL6)."""
    return Refusal("let_lapse") if situation.let_lapse else None


def cooled_down(rep: RepFacts, situation: Situation) -> Refusal | None:
    """Whoever gave a lead back cannot claim it again at once (RA4)."""
    until = situation.gave_back_until
    if until is None or until <= situation.moment:
        return None
    return Refusal("gave_back", lifts_at=until)


def premium(rep: RepFacts, situation: Situation) -> Refusal | None:
    """A premium pool's leads are for tiers that see them (TI1)."""
    if not situation.premium or situation.tier_sees_premium:
        return None
    return Refusal("premium")


def window(rep: RepFacts, situation: Situation) -> Refusal | None:
    if situation.opens_at is None or situation.opens_at <= situation.moment:
        return None
    return Refusal("not_open_yet", lifts_at=situation.opens_at)


GATES: tuple[Gate, ...] = (
    active,
    member,
    phase,
    available,
    capacity,
    allocation,
    daily_limit,
    hot_ratio,
    assigned_ratio,
    cold_first,
    cohort,
    answered,
    cooled_down,
    premium,
    window,
)

OF_THE_LEAD: frozenset[Gate] = frozenset(
    {member, hot_ratio, cold_first, cohort, answered, cooled_down, premium, window}
)
"""Gates that ask about one lead or its pool. The others stand against a rep wherever they look."""


def refusals(rep: RepFacts, situation: Situation, gates: tuple[Gate, ...] = GATES) -> list[Refusal]:
    """Every reason against, in the order of the gates; empty when the rep may have the lead.

    A gate that breaks refuses: a lead is never handed out because a check could not be made.
    """
    found = []
    for gate in gates:
        try:
            refusal = gate(rep, situation)
        except Exception:  # fail closed, whatever broke
            name = getattr(gate, "__name__", type(gate).__name__)
            log.exception("Gate %s failed for rep %s", name, rep.id)
            refusal = Refusal("gate_failed", {"gate": name})
        if refusal:
            found.append(refusal)
    return found


def first_refusal(
    rep: RepFacts, situation: Situation, gates: tuple[Gate, ...] = GATES
) -> Refusal | None:
    """The first reason against, or None."""
    return next(iter(refusals(rep, situation, gates)), None)
