"""What was decided is written down: the decision with its reasons, who owns the lead from now on,
the log, and the message to its owner (RU5, PU5).

Rules, duplicates and hands all come through here, so an owner always has the same rows behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.models import Assignment, Decision, Lead, LogEntry
from leaddistrib.notify.telling import tell_assigned
from leaddistrib.signals import announce, lead_assigned

METHODS = {
    Decision.Method.PUSH: Assignment.Method.PUSH,
    Decision.Method.DUPLICATE: Assignment.Method.DUPLICATE,
    Decision.Method.MANUAL: Assignment.Method.MANUAL,
    Decision.Method.ESCALATION: Assignment.Method.ESCALATION,
}


def record_decisions(
    decisions: Iterable[Decision],
    moment: datetime,
    *,
    event: str = LogEntry.Event.ASSIGNED,
    actor: Any = None,
) -> list[Decision]:
    """Keep unsaved ``decisions``, and for each one with an owner the assignment, the log entry
    ``event``, the response clock, the message and the announcement to the host. Returns them, in
    their order.

    The leads are locked and saved already, with this owner, and an assignment before was ended.
    ``actor`` is the user who did it, None where the rules did. One whose explanation says how it
    was "escalated" is logged as that. Constant number of queries.
    """
    kept = Decision.objects.bulk_create(decisions)
    owned = [decision for decision in kept if decision.owner_id]
    assignments = Assignment.objects.bulk_create(
        Assignment(
            lead=decision.lead,
            rep=decision.owner,
            decision=decision,
            method=METHODS[Decision.Method(decision.method)],
            started_at=moment,
        )
        for decision in owned
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=decision.lead,
            event=LogEntry.Event.ESCALATED if _escalated(decision) else event,
            rep_id=decision.owner_id,
            actor=actor,
            at=moment,
            detail={"method": decision.method, **_escalated(decision)},
        )
        for decision in kept
        if decision.owner_id or decision.method == Decision.Method.DUPLICATE or _escalated(decision)
    )
    start_clocks(assignments, moment)
    tell_assigned(owned, moment)
    for decision in owned:
        announce(lead_assigned, sender=Lead, lead=decision.lead, rep=decision.owner)
    return kept


def _escalated(decision: Decision) -> dict[str, Any]:
    """From whom a lead went on that was not answered, and by which step; empty for any other."""
    found: dict[str, Any] = decision.explanation.get("escalated", {})
    return found


def record_duplicates(
    leads: Sequence[Lead], moment: datetime, *, reasons: Sequence[Mapping[str, object]]
) -> list[Decision]:
    """Keep that ``leads`` follow their first ones (``duplicate_of``), with ``reasons`` for each:
    "by" what it was recognised (IN3), and "owner_of_first" where somebody stands in. A lead with
    an owner becomes that rep's; one without is closed at once. Saves the leads, new ones too.
    Owners are locked before, by ascending id.
    """
    for lead in leads:
        lead.status = Lead.Status.OWNED if lead.owner_id else Lead.Status.CLOSED
        lead.retry_at = None
    save_placed(leads)
    return record_decisions(
        (
            Decision(
                lead=lead,
                method=Decision.Method.DUPLICATE,
                owner=lead.owner,
                explanation={
                    "rule": None,
                    "misses": [],
                    "steps": [],
                    "duplicate_of": str(lead.duplicate_of.public_id) if lead.duplicate_of else None,
                    **reason,
                },
                decided_at=moment,
            )
            for lead, reason in zip(leads, reasons, strict=True)
        ),
        moment,
        event=LogEntry.Event.DUPLICATE,
    )


PLACED = (
    *("status", "owner", "pool", "opens_at", "period", "retry_at"),
    *("region", "metro", "territory", "duplicate_of"),
)


def save_placed(leads: Sequence[Lead]) -> None:
    """Save leads where they are now: new ones whole, known ones in the fields that placing sets."""
    known = [lead for lead in leads if lead.pk is not None]
    save_new([lead for lead in leads if lead.pk is None])
    Lead.objects.bulk_update(known, PLACED, batch_size=500)


def save_new(leads: Sequence[Lead]) -> None:
    """Save leads that have no row yet, first ones before those that are linked to them."""
    for batch in firsts_first(leads):
        Lead.objects.bulk_create(batch)


def firsts_first(leads: Sequence[Lead]) -> tuple[list[Lead], list[Lead]]:
    """``leads`` in two batches: those whose first one came in with them, and has no row yet, are
    the second."""
    sooner: list[Lead] = []
    later: list[Lead] = []
    for lead in leads:
        in_batch = lead.duplicate_of is not None and lead.duplicate_of.pk is None
        (later if in_batch else sooner).append(lead)
    return sooner, later
