"""New leads find their place: those of a person who was here before as the organisation wants it,
all others by the rules (IN3, RU2)."""

from collections.abc import Mapping, Sequence

from django.db import connection

from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.intake.following import concerned, takers
from leaddistrib.lifecycle.recording import firsts_first, record_duplicates
from leaddistrib.lifecycle.routing import lock_for, route
from leaddistrib.models import Decision, Lead, LogEntry, Organisation
from leaddistrib.queries import clock
from leaddistrib.queries.duplicates import Duplicate, Sign
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.roster import rep_facts

Policy = Organisation.Duplicates


def settle(leads: Sequence[Lead], found: Sequence[Duplicate | None]) -> dict[int, Decision]:
    """Save and place new ``leads``; returns their decisions by the lead's id.

    ``found`` are their duplicates, set on the leads. With the policy "owner" a lead goes to
    whoever works the first one, past turn and capacity, because it is one matter; while that rep
    is paused or on leave, to the backup; the rules decide if nobody can take it so. "merge" closes
    it at once, "link" leaves it to the rules. Must run inside a transaction; locks reps before
    anything else.
    """
    policy = organisation().duplicates if any(found) else ""
    told = dict(zip(map(id, leads), found, strict=True))
    # To follow first ones that came in the same batch, these have to be kept, and owned, before.
    goes: Sequence[Sequence[Lead]] = (leads,) if policy == Policy.LINK else firsts_first(leads)
    if policy == Policy.OWNER:
        # For both goes at once: the second would take reps and rotations out of order.
        lock_for(leads, others=concerned(found))
    decisions = [
        decision
        for batch in goes
        if batch
        for decision in _settle(batch, [told[id(lead)] for lead in batch], policy)
    ]
    if any(found):
        _tell_firsts([(lead, one) for lead, one in zip(leads, found, strict=True) if one])
    return {decision.lead_id: decision for decision in decisions}


def lock_persons(signs: Sequence[Sign]) -> None:
    """Wait for anybody who takes in a lead of the same person, until the transaction ends.

    So of a form that is sent twice at once the second call sees the first one's lead. The first
    locks of all, by ascending number. SQLite lets one writer in at a time anyway. A file does
    without: it would need a lock for each of its rows, of which PostgreSQL has not so many. A
    person who comes in by a file and by another door within the same second may therefore count
    twice as new; the next lead is linked to either.
    """
    if connection.vendor != "postgresql" or not signs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM (SELECT hashtextextended(sign, 7402) AS key "
            "FROM unnest(%s::text[]) AS sign ORDER BY 1) AS keys",
            [[" ".join(sign) for sign in signs]],
        )


def _settle(
    leads: Sequence[Lead], found: Sequence[Duplicate | None], policy: str
) -> list[Decision]:
    again = {id(lead): one for lead, one in zip(leads, found, strict=True) if one}
    reasons: dict[int, Mapping[str, object]] = {}
    follow: list[Lead] = []
    if policy == Policy.MERGE:
        follow = [lead for lead in leads if id(lead) in again]
        reasons = {one: {"by": duplicate.by} for one, duplicate in again.items()}
    elif policy == Policy.OWNER and again:
        found_takers = dict(zip(again, takers(list(again.values())), strict=True))
        for lead in leads:
            if taker := found_takers.get(id(lead)):
                reasons[id(lead)] = {"by": again[id(lead)].by, **taker.absent}
                if taker.rep:
                    lead.owner = taker.rep
                    follow.append(lead)
    gone = set(map(id, follow))
    rest = [lead for lead in leads if id(lead) not in gone]
    return [
        *_follow(follow, [reasons[id(lead)] for lead in follow]),
        *route(rest, placed=True, told=[reasons.get(id(lead), {}) for lead in rest]),
    ]


def _follow(leads: Sequence[Lead], reasons: Sequence[Mapping[str, object]]) -> list[Decision]:
    """Keep leads that go where their first ones are, or are closed."""
    if not leads:
        return []
    moment = clock.now()
    decisions = record_duplicates(leads, moment, reasons=reasons)
    owners = {lead.owner.pk: lead.owner for lead in leads if lead.owner}
    if owners:
        announce_limits(owners.values(), rep_facts(owners, moment), moment)
    return decisions


def _tell_firsts(again: Sequence[tuple[Lead, Duplicate]]) -> None:
    """The first lead's log says who came again, and its owner reads it there."""
    moment = clock.now()
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=one.first,
            event=LogEntry.Event.DUPLICATE,
            rep_id=one.first.owner_id,
            at=moment,
            detail={"duplicate": str(lead.public_id), "by": one.by},
        )
        for lead, one in again
    )
