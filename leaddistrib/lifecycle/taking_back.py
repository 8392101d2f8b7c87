"""A hand-over was a mistake: the rep gets back what is still as it was left (PU10)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser

from leaddistrib.lifecycle.crediting import credit_turns, rotations_charged
from leaddistrib.lifecycle.handing_over import BATCH
from leaddistrib.lifecycle.holdings import Moved, return_holdings, set_active
from leaddistrib.lifecycle.reassigning import give, hold, locked
from leaddistrib.lifecycle.rotations import lock_rotations
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Decision, HandOver, Lead
from leaddistrib.queries import clock
from leaddistrib.queries.handovers import covered_by, set_inactive_by, untouched


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What came back: the decisions for the leads, and what else the successor still had."""

    decisions: Sequence[Decision]
    moved: Moved


def take_back(
    handover: HandOver,
    *,
    actor: AbstractUser,
    reason: str,
    may_move: Callable[[Lead], bool] = lambda lead: True,
) -> TakenBack:
    """Give the rep back what a hand-over took: the leads that nobody worked on since, and the
    accounts, territories and cover that are still the successor's.

    If the hand-over set the rep inactive, and nobody set the rep active since, the rep is active
    again first. Whether a lead was worked on, and whether the actor ``may_move`` it, is asked once
    it is locked. It costs the rep no turn, and who had got the lead has back the turn that it took.
    Each batch is a transaction of its own: when it is cut off, doing it again goes on with the
    rest.

    Raises:
        ValueError: no reason was given, or the rep is not active for another reason.
        Busy: the database was locked through every retry; the batches before it are done.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A hand-over is taken back with a reason.")
    moved = _begin(handover.pk, actor, reason)
    pks = list(untouched(handover).values_list("lead", flat=True))
    decisions: list[Decision] = []
    for start in range(0, len(pks), BATCH):
        batch = pks[start : start + BATCH]
        decisions += _take_back_batch(handover.pk, batch, actor, reason, may_move)
    return TakenBack(decisions, moved)


@act(durable=True)
def _begin(handover_id: int, actor: AbstractUser, reason: str) -> Moved:
    """All but the leads, once: whoever goes on after it was cut off has only leads to take back."""
    handover = HandOver.objects.get(pk=handover_id)
    successor = handover.successor
    covered = covered_by(successor).values_list("pk", flat=True) if successor else ()
    lock_reps({handover.rep_id, *([successor.pk] if successor else ()), *covered})
    handover = HandOver.objects.select_related("rep__user", "successor__user").get(pk=handover_id)
    rep = handover.rep
    if not rep.active:
        if not set_inactive_by(handover):
            raise ValueError("Leads are given to active reps only.")
        set_active(rep, True, actor, reason)
    if handover.taken_back_at:
        return {}
    handover.taken_back_at = clock.now()
    handover.save(update_fields=("taken_back_at",))
    return return_holdings(handover, actor, reason)


@act(durable=True)
def _take_back_batch(
    handover_id: int,
    pks: Iterable[int],
    actor: AbstractUser,
    reason: str,
    may_move: Callable[[Lead], bool],
) -> list[Decision]:
    """Who is in touch with an own lead holds the rep, who claims one holds the lead: with both
    held, what is untouched stays so."""
    handover = HandOver.objects.select_related("rep").get(pk=handover_id)
    wanted = Lead.objects.filter(pk__in=pks)
    held = hold(wanted, handover.rep)
    lock_rotations(rotations_charged(wanted, since=handover.at))
    leads = list(locked(wanted))
    still = set(untouched(handover).filter(lead__in=leads).values_list("lead", flat=True))
    moving = [
        lead
        for lead in leads
        if lead.pk in still
        and (lead.owner_id is None or lead.owner_id in held.facts)
        and may_move(lead)
    ]
    credit_turns(moving, since=handover.at, reason=reason, actor=actor)
    return give(moving, held, reason=reason, actor=actor)
