"""New leads find their place: those of a person who was here before as the organisation wants it,
all others by the rules (IN3, RU2)."""

from collections.abc import Mapping, Sequence

from django.db import connection

from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.recording import record_duplicates
from leaddistrib.lifecycle.routing import candidates, route
from leaddistrib.lifecycle.transactions import lock_reps
from leaddistrib.models import Decision, Lead, LogEntry, Organisation, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.duplicates import Duplicate, Sign
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.roster import rep_facts

Policy = Organisation.Duplicates


def settle(leads: Sequence[Lead], found: Sequence[Duplicate | None]) -> dict[int, Decision]:
    """Save and place new ``leads``; returns their decisions by the lead's id.

    ``found`` are their duplicates, set on the leads. With the policy "owner" a lead goes to
    whoever works the first one, past turn and capacity, because it is one matter; if nobody does,
    or the rep is not active any more, the rules decide. "merge" closes it at once, "link" leaves
    it to the rules. Must run inside a transaction; locks reps before anything else.
    """
    policy = organisation().duplicates
    told = dict(zip(map(id, leads), found, strict=True))
    if any(found):
        # All at once and by ascending id: what is left is routed in up to two goes, of which the
        # second would take locks out of order.
        firsts = [one.first.owner_id for one in found if one and one.first.owner_id]
        lock_reps({*(firsts if policy == Policy.OWNER else ()), *candidates(leads)})
    # First ones that came in the same batch have to be kept, and owned, before those that follow.
    later = [lead for lead in leads if lead.duplicate_of and lead.duplicate_of.pk is None]
    waiting = {id(lead) for lead in later}
    sooner = [lead for lead in leads if id(lead) not in waiting]
    decisions = [
        decision
        for batch in (sooner, later)
        if batch
        for decision in _settle(batch, [told[id(lead)] for lead in batch], policy)
    ]
    _tell_firsts([(lead, one) for lead, one in zip(leads, found, strict=True) if one])
    return {decision.lead_id: decision for decision in decisions}


def keep_unrouted(leads: Sequence[Lead]) -> None:
    """Save new leads as received; first ones of the batch before those that are linked to them."""
    later = [lead for lead in leads if lead.duplicate_of and lead.duplicate_of.pk is None]
    waiting = {id(lead) for lead in later}
    Lead.objects.bulk_create(lead for lead in leads if id(lead) not in waiting)
    Lead.objects.bulk_create(later)


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
    again = [(lead, one) for lead, one in zip(leads, found, strict=True) if one]
    follow: list[tuple[Lead, Duplicate]] = []
    if policy == Policy.MERGE:
        follow = again
    elif policy == Policy.OWNER and again:
        owners = _owners({one.first.pk: one.first.owner_id for _lead, one in again})
        for lead, one in again:
            lead.owner = owners.get(one.first.pk)
            if lead.owner:
                follow.append((lead, one))
    gone = {id(lead) for lead, _one in follow}
    return [*_follow(follow), *route([lead for lead in leads if id(lead) not in gone])]


def _owners(firsts: Mapping[int, int | None]) -> dict[int, Rep]:
    """Who works each of these leads, by its id. The reps are locked, so it stays so; one whose
    owner was another a moment ago is left to the rules."""
    working = Lead.objects.filter(pk__in=firsts, status=Lead.Status.OWNED)
    owned = dict(working.values_list("pk", "owner"))
    reps = Rep.objects.select_related("user").filter(active=True, user__is_active=True)
    active = reps.in_bulk(set(owned.values())) if owned else {}
    return {
        lead: active[owner]
        for lead, owner in owned.items()
        if owner in active and owner == firsts[lead]
    }


def _follow(follow: Sequence[tuple[Lead, Duplicate]]) -> list[Decision]:
    """Keep leads that go where their first ones are."""
    if not follow:
        return []
    moment = clock.now()
    leads = [lead for lead, _one in follow]
    decisions = record_duplicates(leads, moment, by=[one.by for _lead, one in follow])
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
