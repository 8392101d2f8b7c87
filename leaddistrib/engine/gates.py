"""Who may have a lead: an ordered list of gates, each one reason.

Push, offer and claim ask the same gates, so "why not me?" has one answer everywhere (GU7).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leaddistrib.engine.availability import covers, first_free, tapered
from leaddistrib.engine.facts import RepFacts

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
    """

    moment: datetime
    member: bool = True
    opens_at: datetime | None = None
    claiming: bool = False
    let_lapse: bool = False


Gate = Callable[[RepFacts, Situation], Refusal | None]


def active(rep: RepFacts, situation: Situation) -> Refusal | None:
    return None if rep.active else Refusal("inactive")


def member(rep: RepFacts, situation: Situation) -> Refusal | None:
    return None if situation.member else Refusal("not_a_member")


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


def answered(rep: RepFacts, situation: Situation) -> Refusal | None:
    """A lead never goes back to whoever let it lapse (SL6)."""
    return Refusal("let_lapse") if situation.let_lapse else None


def window(rep: RepFacts, situation: Situation) -> Refusal | None:
    if situation.opens_at is None or situation.opens_at <= situation.moment:
        return None
    return Refusal("not_open_yet", lifts_at=situation.opens_at)


GATES: tuple[Gate, ...] = (active, member, available, capacity, answered, window)


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
