"""Some weeks of an invented company's leads, and what became of them, a batch at a time.

Leads go through the rules as any others do. What reps then did is written straight into the tables,
because thousands of claims one by one would take minutes; ``leaddistrib_check`` finds nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

from django.db.models import F, OuterRef, Subquery

from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.lifecycle import receive_many
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.models import (
    Assignment,
    Claim,
    Contact,
    Decision,
    Lead,
    LogEntry,
    Offer,
    OutboxMessage,
    Outcome,
    Pool,
    Rep,
    RuleSet,
    Turn,
)
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.roster import rep_facts

WEEKS = timedelta(weeks=4)
STILL_OPEN = 8  # of the newest leads, left for the first races
WORKING_DAYS = 2.0  # that a rep works on a lead, on average


class History:
    """What happened until ``now``, the moment of seeding, to ``total`` leads."""

    def __init__(self, random: Random, now: datetime, total: int) -> None:
        self.random, self.now, self.total = random, now, total

    def received_at(self, number: int) -> datetime:
        """When lead ``number`` came in: evenly spread, the last one a minute ago."""
        return self.now - timedelta(minutes=1) - WEEKS * (1 - (number + 1) / self.total)

    def backdate_rules(self, ruleset: RuleSet) -> None:
        """The rules were in force before the first lead came."""
        began = self.now - WEEKS - timedelta(days=1)
        RuleSet.objects.filter(pk=ruleset.pk).update(created_at=began, published_at=began)

    def add(self, given: Iterable[LeadInput]) -> None:
        """The next leads come in, in the order of time, and are worked on."""
        leads = [received.lead for received in receive_many(list(given))]
        self._backdate(leads)
        self._claim([lead for lead in leads if lead.status == Lead.Status.WAITING])
        self._close([lead for lead in leads if lead.status == Lead.Status.OWNED])

    def _backdate(self, leads: list[Lead]) -> None:
        """Everything that routing wrote just now happened when the lead came in."""
        received = Subquery(Lead.objects.filter(pk=OuterRef("lead")).values("received_at"))
        Lead.objects.filter(pk__in=[lead.pk for lead in leads], opens_at__isnull=False).update(
            opens_at=F("received_at")
        )
        Decision.objects.filter(lead__in=leads).update(decided_at=received)
        Assignment.objects.filter(lead__in=leads).update(started_at=received)
        Turn.objects.filter(lead__in=leads).update(taken_at=received)
        Offer.objects.filter(lead__in=leads).update(opens_at=received, opened_at=received)
        LogEntry.objects.filter(lead__in=leads).update(at=received)
        # Their messages were sent long ago: nobody is written to about them now.
        OutboxMessage.objects.filter(lead__in=leads).update(
            created_at=received, due_at=received, sent_at=received, attempts=1
        )

    def _claim(self, waiting: list[Lead]) -> None:
        """Reps claimed most of the waiting leads, each with room for it, some after a rival; in a
        shared pool whoever called first has the lead."""
        members = members_by_pool({cast("int", lead.pool_id) for lead in waiting})
        facts = rep_facts(sorted(set().union(*members.values())), self.now)
        room = {
            rep: facts[rep].capacity - facts[rep].open_leads
            for rep in facts
            if not first_refusal(facts[rep], Situation(self.now))
        }
        left: dict[int, int] = defaultdict(int)
        claims, assignments, contacts, log = [], [], [], []
        taken: list[Lead] = []
        for lead in waiting:
            may = sorted(rep for rep in members[cast("int", lead.pool_id)] if room.get(rep, 0) > 0)
            if not may or int(lead.external_id) >= self.total - STILL_OPEN:
                continue
            winner, *late = self.random.sample(may, min(len(may), self.random.randint(1, 3)))
            at = self._later(lead.received_at, seconds=self.random.lognormvariate(4, 1.2))
            room[winner] -= 1
            left[cast("int", lead.pool_id)] += 1
            lead.status, lead.owner_id = Lead.Status.OWNED, winner
            taken.append(lead)
            if lead.pool and lead.pool.mode == Pool.Mode.SHARED:
                contacts.append(self._call(lead, winner, at))
                assignments.append(self._first_contact(lead, winner, at))
                log.append(self._entry(lead, LogEntry.Event.CONTACTED, winner, at))
                continue
            assignments.append(
                Assignment(lead=lead, rep_id=winner, method=Assignment.Method.CLAIM, started_at=at)
            )
            claims.append(self._attempt(lead, winner, Claim.Result.WON, at))
            for rep in late:
                reached = self._later(at, seconds=self.random.uniform(0.1, 4))
                claims.append(self._attempt(lead, rep, Claim.Result.LOST, reached))
            log.append(self._entry(lead, LogEntry.Event.CLAIMED, winner, at, via="page"))
        Assignment.objects.bulk_create(assignments)
        Claim.objects.bulk_create(claims)
        Contact.objects.bulk_create(contacts)
        LogEntry.objects.bulk_create(log)
        held = Assignment.objects.filter(ended_at__isnull=True)
        owner = Subquery(held.filter(lead=OuterRef("pk")).values("rep")[:1])
        Lead.objects.filter(pk__in=[lead.pk for lead in taken]).update(
            status=Lead.Status.OWNED, owner=owner, retry_at=None
        )
        when = Subquery(held.filter(lead=OuterRef("lead")).values("started_at")[:1])
        Offer.objects.filter(lead__in=taken).update(closed_at=when)
        for pool in sorted(left):
            Pool.objects.filter(pk=pool).update(version=F("version") + left[pool])

    def _close(self, owned: list[Lead]) -> None:
        """Reps worked on their leads for some days each; what is not yet done stays theirs."""
        users = dict(Rep.objects.values_list("pk", "user"))
        working = {
            assignment.lead_id: assignment
            for assignment in Assignment.objects.filter(lead__in=owned, ended_at__isnull=True)
        }
        closed, ended, outcomes, log = [], [], [], []
        for lead in owned:
            assignment = working[lead.pk]
            days = self.random.expovariate(1 / WORKING_DAYS)
            at = assignment.started_at + timedelta(days=days)
            if at > self.now:
                continue
            assignment.ended_at, assignment.end = at, Assignment.Ended.CLOSED
            closed.append(lead.pk)
            ended.append(assignment)
            outcomes.append(self._outcome(lead, assignment.rep_id, at))
            entry = self._entry(lead, LogEntry.Event.CLOSED, assignment.rep_id, at, reason="")
            entry.actor_id = users[assignment.rep_id]
            log.append(entry)
        Lead.objects.filter(pk__in=closed).update(status=Lead.Status.CLOSED)
        Assignment.objects.bulk_update(ended, ("ended_at", "end"))
        Outcome.objects.bulk_create(outcomes)
        LogEntry.objects.bulk_create(log)

    def _outcome(self, lead: Lead, rep: int, at: datetime) -> Outcome:
        """Won or lost: the higher the score the likelier."""
        chance = 0.15 + (lead.score or 0) / 400
        if self.random.random() >= chance:
            return Outcome(lead=lead, rep_id=rep, stage=Outcome.Stage.LOST, at=at)
        value = Decimal(self.random.randrange(15, 400)) * 100
        return Outcome(
            lead=lead, rep_id=rep, stage=Outcome.Stage.WON, value=value, currency="EUR", at=at
        )

    def _call(self, lead: Lead, rep: int, at: datetime) -> Contact:
        return Contact(lead=lead, rep_id=rep, channel=Contact.Channel.CALL, at=at)

    def _first_contact(self, lead: Lead, rep: int, at: datetime) -> Assignment:
        method = Assignment.Method.CONTACT
        return Assignment(lead=lead, rep_id=rep, method=method, started_at=at)

    def _later(self, moment: datetime, seconds: float) -> datetime:
        return min(moment + timedelta(seconds=seconds), self.now)

    def _attempt(self, lead: Lead, rep: int, result: Claim.Result, at: datetime) -> Claim:
        return Claim(
            lead=lead,
            rep_id=rep,
            pool_id=lead.pool_id,
            period=lead.period,
            result=result,
            competitive=lead.pool is not None and lead.pool.mode == Pool.Mode.RACE,
            temperature=lead.temperature,
            via="page",
            told_at=lead.received_at,
            claimed_at=at,
        )

    def _entry(
        self, lead: Lead, event: LogEntry.Event, rep: int, at: datetime, **detail: Any
    ) -> LogEntry:
        return LogEntry(lead=lead, event=event, rep_id=rep, at=at, detail=detail)
