"""What must be true of any race, whoever won: the whole history, checked afterwards.

The answers that reps were given are held against the rows that were committed, and the rows
against each other. ``faults`` says in a sentence each what is wrong; nothing, if all is well.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import F

from leaddistrib.models import (
    Assignment,
    Claim,
    Contact,
    Decision,
    Lead,
    LogEntry,
    Offer,
    OutboxMessage,
    Pool,
    Rep,
    ResponseClock,
)
from tests.races.awards import awards
from tests.races.ledgers import recycled, turns

Answer = dict[str, Any]


@dataclass
class History:
    """A race's answers, and the messages that pages were sent, in no order."""

    answers: list[Answer] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def of(self, act: str, result: str = "") -> list[Answer]:
        """The answers to acts of one kind; with ``result``, those that were answered so."""
        acts = (answer for answer in self.answers if answer["act"] == act)
        return [answer for answer in acts if not result or answer["result"] == result]

    def add(self, answers: Sequence[dict[str, Any]], messages: Sequence[str]) -> None:
        """What one crew was answered, and what pages were sent meanwhile."""
        self.answers += answers
        self.messages += [json.loads(message) for message in messages]


def faults(history: History) -> list[str]:
    """Everything that is wrong with ``history`` and the database that it left behind."""
    assignments = list(Assignment.objects.order_by("lead", "started_at", "id"))
    return [
        *_errors(history),
        *_wins(),
        *_answers(history),
        *_winners(history, assignments),
        *_losers(history, assignments),
        *_contacts(history),
        *_at_work(history),
        *_owners(assignments),
        *_never_back(assignments),
        *_limits(assignments),
        *_offers(),
        *_waves(),
        *awards(),
        *_versions(history),
        *turns(),
        *_intake(history),
        *_outbox(),
        *_clocks(),
        *recycled(),
    ]


def _errors(history: History) -> Iterator[str]:
    for answer in history.answers:
        if answer["result"] == "error":
            yield f"{answer['act']} ended in an error: {answer['error']}"


def _wins() -> Iterator[str]:
    """At most one claim succeeds in each period of a lead."""
    won = Counter(Claim.objects.filter(result="won").values_list("lead", "period"))
    for (lead, period), number in won.items():
        if number > 1:
            yield f"lead {lead} was won {number} times in period {period}"


def _answers(history: History) -> Iterator[str]:
    """Each attempt is kept as it was answered; only a tap on what is the rep's already, by an
    earlier claim or a push, or was claimed and is collected, leaves no row."""
    given = set(Assignment.objects.exclude(method="claim").values_list("lead", "rep"))
    kept = Claim.objects.values_list("lead", "rep", "result", "decided_at")
    rows = Counter((lead, rep, "collected" if at else result) for lead, rep, result, at in kept)
    given |= {(lead, rep) for lead, rep, result, at in kept if at and result == "won"}
    told = Counter((a["lead"], a["rep"], a["result"]) for a in history.of("claim"))
    for attempt in rows.keys() | told.keys():
        lead, rep, result = attempt
        owned = rows[attempt] or (lead, rep) in given
        again = result in ("won", "collected")
        second_taps = again and owned and told[attempt] > rows[attempt]
        if result != "error" and rows[attempt] != told[attempt] and not second_taps:
            yield (
                f"rep {rep} was told {told[attempt]} times that lead {lead} was {result}, "
                f"and {rows[attempt]} times it was kept"
            )


def _winners(history: History, assignments: Iterable[Assignment]) -> Iterator[str]:
    """Whoever was told "won" owned the lead from that moment on."""
    owned = {(one.lead_id, one.rep_id, one.started_at.isoformat()) for one in assignments}
    first = [answer for answer in history.of("contact", "logged") if answer["taken_by"]]
    for answer in (*history.of("claim", "won"), *first):
        if (answer["lead"], answer["rep"], answer["taken_at"]) not in owned:
            yield f"rep {answer['rep']} was told to own lead {answer['lead']} and never did"


def _losers(history: History, assignments: Iterable[Assignment]) -> Iterator[str]:
    """ "Taken by" names a rival who had the lead before the answer was given."""
    owned = {(one.lead_id, one.rep_id, one.started_at.isoformat()) for one in assignments}
    for answer in (*history.of("claim", "lost"), *history.of("contact", "lost")):
        rival = answer["lead"], answer["taken_by"], answer["taken_at"]
        taken_at = datetime.fromisoformat(answer["taken_at"]).timestamp()
        if answer["taken_by"] == answer["rep"] or rival not in owned:
            yield f"rep {answer['rep']} lost lead {answer['lead']} to one who never owned it"
        elif taken_at > answer["answered_at"]:
            yield f"rep {answer['rep']} lost lead {answer['lead']} before it was taken"


def _never_back(assignments: Iterable[Assignment]) -> Iterator[str]:
    """A lead that somebody let lapse is not theirs again, but by hand (SL6)."""
    lapsed: set[tuple[int, int]] = set()
    for one in assignments:
        who = one.lead_id, one.rep_id
        if who in lapsed and one.method != Assignment.Method.MANUAL:
            yield f"lead {one.lead_id} went back to rep {one.rep_id}, who had let it lapse"
        if one.end == Assignment.Ended.LAPSED:
            lapsed.add(who)


def _contacts(history: History) -> Iterator[str]:
    """Each contact that was told to be logged is kept, and no other."""
    told = Counter((answer["lead"], answer["rep"]) for answer in history.of("contact", "logged"))
    kept = Counter(Contact.objects.values_list("lead", "rep"))
    for lead, rep in told.keys() | kept.keys():
        if told[lead, rep] != kept[lead, rep]:
            logged, found = told[lead, rep], kept[lead, rep]
            yield f"rep {rep} logged {logged} contacts with lead {lead}, {found} are kept"


def _at_work(history: History) -> Iterator[str]:
    """No lead is worked on by two: of those who begin while one is at it, all are told who."""
    at_it: dict[int, set[int]] = defaultdict(set)
    for answer in history.of("work", "working"):
        at_it[answer["lead"]].add(answer["rep"])
    for lead, reps in at_it.items():
        if len(reps) > 1:
            yield f"lead {lead} was worked on by {len(reps)} reps at once"
    for answer in history.of("work", "busy"):
        if answer["by"] not in at_it[answer["lead"]]:
            yield f"rep {answer['rep']} was told of somebody who never worked on the lead"


def _owners(assignments: Iterable[Assignment]) -> Iterator[str]:
    """Assignments of a lead follow each other, and the open one is the lead's owner."""
    by_lead: dict[int, list[Assignment]] = defaultdict(list)
    for one in assignments:
        by_lead[one.lead_id].append(one)
    for lead in Lead.objects.all():
        held = by_lead[lead.pk]
        for before, after in pairwise(held):
            if before.ended_at is None or before.ended_at > after.started_at:
                yield f"lead {lead.pk} had two owners at once: {before.rep_id}, {after.rep_id}"
        last = held[-1] if held else None
        owner = last.rep_id if last and (last.ended_at is None or last.end == "closed") else None
        if lead.owner_id != owner:
            yield f"lead {lead.pk} says owner {lead.owner_id}, its assignments say {owner}"
        if (lead.status == Lead.Status.OWNED) != (owner is not None):
            yield f"lead {lead.pk} is {lead.status} with owner {owner}"


def _limits(assignments: Iterable[Assignment]) -> Iterator[str]:
    """No rep ever held more leads than the capacity allows, recounted from the assignments."""
    capacity = dict(Rep.objects.values_list("pk", "capacity"))
    steps: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for one in assignments:
        steps[one.rep_id].append((one.started_at, 1))
        if one.ended_at:
            steps[one.rep_id].append((one.ended_at, -1))
    for rep, changes in steps.items():
        held = most = 0
        for _, change in sorted(changes):
            held += change
            most = max(most, held)
        if most > capacity[rep]:
            yield f"rep {rep} held {most} leads of at most {capacity[rep]}"


def _offers() -> Iterator[str]:
    left = Offer.objects.filter(closed_at=None).exclude(lead__status=Lead.Status.WAITING)
    for lead in left.values_list("lead", flat=True).distinct():
        yield f"lead {lead} is offered though it does not wait"


def _waves() -> Iterator[str]:
    """Nobody won a lead before it opened for them."""
    early = Offer.objects.filter(
        lead__claims__result="won",
        lead__claims__rep=F("rep"),
        lead__claims__period=F("period"),
        lead__claims__claimed_at__lt=F("opens_at"),
    )
    for lead, rep in early.values_list("lead", "rep"):
        yield f"lead {lead} was won by rep {rep} before it opened for them"


def _versions(history: History) -> Iterator[str]:
    """Each change of a pool has the next version, and pages were told of each once. What happens
    in a shared pool, or opens in waves, leaves no row for each version: there only the messages are
    looked at."""
    told: dict[str, list[int]] = defaultdict(list)
    for message in history.messages:
        if "pool" in message:
            told[message["pool"]].append(message["version"])
    for pool in Pool.objects.all():
        opened = LogEntry.objects.filter(event="lead.opened", detail__pool=pool.name).count()
        taken = Claim.objects.filter(pool=pool, result="won").count() + _pushed_on(pool)
        counted = pool.mode != Pool.Mode.SHARED and not pool.in_waves
        if counted and pool.version != opened + taken:
            yield f"pool {pool} has version {pool.version} after {opened + taken} changes"
        heard = sorted(told[str(pool.public_id)])
        if heard != list(range(pool.version - len(heard) + 1, pool.version + 1)):
            yield f"pool {pool}: pages heard of the versions {heard}"


def _pushed_on(pool: Pool) -> int:
    """Leads that waited in the pool and were then pushed to somebody after all."""
    later = Decision.objects.filter(
        method="push", lead__decisions__pool=pool, lead__decisions__id__lt=F("id")
    )
    return later.distinct().count()


def _intake(history: History) -> Iterator[str]:
    """The same lead, however often it was sent, is one lead, created once."""
    by_identity: dict[str, list[Answer]] = defaultdict(list)
    for answer in history.of("receive"):
        if answer["identity"] and answer["result"] != "error":
            by_identity[answer["identity"]].append(answer)
    for identity, answers in by_identity.items():
        created = sum(answer["result"] == "created" for answer in answers)
        if created != 1 or len({answer["lead"] for answer in answers}) != 1:
            yield f"what came in as {identity} was answered as {created} new leads"


def _outbox() -> Iterator[str]:
    """Each lead that was pushed or given by hand has one message, to its owner."""
    given = Decision.objects.filter(method__in=("push", "manual", "escalation"), owner__gt=0)
    owners = given.values_list("pk", "owner__user")
    expected = Counter((f"lead.assigned:{pk}", user) for pk, user in owners)
    kept = OutboxMessage.objects.filter(event__startswith="lead.assigned:")
    if expected != Counter(kept.values_list("event", "recipient")):
        yield "the messages are not those of the leads that were given to somebody"


def _clocks() -> Iterator[str]:
    """A clock was answered, or stopped, or runs with its assignment; what went on to somebody else
    had lapsed, once, and nobody had called it."""
    lapses = Counter(
        LogEntry.objects.filter(event="response.lapsed").values_list("detail__clock", flat=True)
    )
    for clock in ResponseClock.objects.select_related("assignment"):
        held = clock.assignment
        if clock.answered_at and clock.stopped_at:
            yield f"clock {clock.pk} was answered and stopped"
        if clock.runs and held.ended_at:
            yield f"clock {clock.pk} runs, and lead {clock.lead_id} is not its rep's any more"
        if lapses[clock.pk] != (clock.lapsed_at is not None):
            yield f"clock {clock.pk} lapsed {lapses[clock.pk]} times"
        if held.end != Assignment.Ended.LAPSED:
            continue
        calls = Contact.objects.filter(
            lead=clock.lead_id, rep=clock.rep_id, at__gte=held.started_at, at__lte=held.ended_at
        )
        if calls.exists():
            yield f"lead {clock.lead_id} went on although rep {clock.rep_id} had called it"
    went_on = Counter(Assignment.objects.filter(end="lapsed").values_list("lead", flat=True))
    told = LogEntry.objects.filter(event="lead.escalated").values_list("lead", flat=True)
    if went_on != Counter(told):
        yield "leads went on that the log does not tell of, or the other way round"
