"""The races of the last 30 days once more, with other limits: who would have been refused (GU1,
GU5)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from leaddistrib.engine.facts import Guardrails, RepFacts
from leaddistrib.engine.gates import (
    Gate,
    Situation,
    assigned_ratio,
    cold_first,
    daily_limit,
    first_refusal,
    hot_ratio,
)
from leaddistrib.models import GuardrailPolicy, Rep
from leaddistrib.queries.competing import policies_for, reps_under
from leaddistrib.queries.limiting import NONE, guardrails_of
from leaddistrib.queries.whatif.events import DAYS, Stretch, claims_of, counted, handed_to
from leaddistrib.queries.whatif.walking import Claimed, Event, Walker, in_order, walkers

LIMITS: tuple[Gate, ...] = (daily_limit, hot_ratio, assigned_ratio, cold_first)
CODES = ("daily_limit", "hot_ratio", "assigned_ratio", "cold_first")
"""What each of LIMITS refuses with."""


@dataclass(slots=True)
class Side:
    """What came of the claims with one set of limits: of those that were won, how many would have
    been ``refused``, by rep and code; and how many that were refused would have been ``allowed``,
    by rep, each lead once."""

    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    allowed: Counter[int] = field(default_factory=Counter)

    def by_code(self, code: str) -> int:
        return sum(number for (_rep, why), number in self.refused.items() if why == code)

    def by_rep(self, rep: int) -> int:
        return sum(number for (who, _why), number in self.refused.items() if who == rep)


@dataclass(frozen=True, slots=True)
class GuardrailsTried:
    """``won`` claims in races by rep; what would have come of them as it is ``now`` and ``then``,
    with the numbers that are tried. ``reps`` by primary key."""

    stretch: Stretch
    reps: Mapping[int, Rep]
    won: Counter[int]
    now: Side
    then: Side


def try_guardrails(policy: GuardrailPolicy, moment: datetime) -> GuardrailsTried:
    """The claims of the 30 days before ``moment`` of those whom ``policy``, saved or not, is for.
    Eight queries, however many claims and reps."""
    claims, stretch = claims_of(reps_under(policy), moment - DAYS)
    who = {one.rep for one in claims if one.competitive}
    handed, stretch = handed_to(who, stretch)
    known = Rep.objects.filter(pk__in=who).select_related("user", "team")
    reps = {rep.pk: rep for rep in known}
    counts = counted(list(reps.values()), stretch.since)
    facts = {pk: RepFacts(pk, rep.name, counts=counts[pk]) for pk, rep in reps.items()}
    zones = {pk: rep.limits_zone for pk, rep in reps.items()}
    events = in_order(
        one for one in (*claims, *handed) if one.rep in reps and one.at > stretch.since
    )
    held = policies_for(GuardrailPolicy, {rep.team_id for rep in reps.values()})
    now = {pk: guardrails_of(held[rep.team_id]) for pk, rep in reps.items()}
    then = dict.fromkeys(reps, guardrails_of(policy) if policy.active else NONE)

    def side(limits: Mapping[int, Guardrails]) -> Side:
        limited = {pk: replace(own, guardrails=limits[pk]) for pk, own in facts.items()}
        return replay(events, walkers(limited, zones, stretch.since))

    won = Counter(
        one.rep for one in events if isinstance(one, Claimed) and one.won and one.competitive
    )
    return GuardrailsTried(stretch, reps, won, side(now), side(then))


def replay(events: Iterable[Event], walkers: Mapping[int, Walker]) -> Side:
    """Ask the gates that are LIMITS for each claim in a race. A claim that they refuse counts in
    nothing that follows; one that was refused for limits alone, and would not be, does. Pure."""
    side = Side()
    had: set[tuple[int, tuple[int, int]]] = set()
    for event in events:
        own = walkers[event.rep]
        if isinstance(event, Claimed) and event.competitive:
            if (event.rep, event.lead) in had or not _is_asked(event):
                continue
            asked = Situation(
                event.at, claiming=True, competitive=True, temperature=event.temperature
            )
            refusal = first_refusal(own.at(event.at), asked, LIMITS)
            if refusal is not None:
                if event.won:
                    side.refused[event.rep, refusal.code] += 1
                continue
            if not event.won:
                had.add((event.rep, event.lead))
                side.allowed[event.rep] += 1
        own.follow(event)
    return side


def _is_asked(claim: Claimed) -> bool:
    """Whether the limits decide: it was won, or refused for nothing else."""
    return claim.won or (bool(claim.reasons) and claim.reasons <= {*CODES})
