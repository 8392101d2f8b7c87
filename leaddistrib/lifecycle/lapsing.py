"""The owners of leads did not answer in time: what that does to the leads, and whom it is told
(SL3). Where the leads go is ``lifecycle.escalating``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from leaddistrib.engine.decision import StepTrace
from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.responding import note_lapses
from leaddistrib.lifecycle.retrying import places_freed
from leaddistrib.models import (
    Alert,
    Assignment,
    Decision,
    EscalationStep,
    Lead,
    Rep,
    ResponseClock,
)
from leaddistrib.notify.telling import Telling, tell_many
from leaddistrib.queries import clock as time
from leaddistrib.queries.clocks import running
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.successors import managers

LOOK_AGAIN = timedelta(minutes=15)
"""When somebody is looked for again for a lead for which nobody was there."""


@dataclass(slots=True)
class Going:
    """A lead on its way through the steps: at which one it is, whom those before did not find, and
    who was found."""

    clock: ResponseClock
    steps: Sequence[EscalationStep]
    place: int
    passed_over: list[dict[str, Any]] = field(default_factory=list)
    rules_asked: bool = False
    found: StepTrace | None = None
    decision: Decision | None = None

    @property
    def step(self) -> EscalationStep | None:
        return self.steps[self.place] if self.place < len(self.steps) else None

    @property
    def waits_for_rules(self) -> bool:
        """Whether it stands at a step about which the rules were not asked yet."""
        by_rules = self.step is not None and self.step.to == EscalationStep.To.RULES
        return by_rules and not self.rules_asked

    @property
    def owner(self) -> Rep | None:
        """Who has the lead now, once it was decided."""
        return self.decision.owner if self.decision else None

    def explained(self) -> dict[str, Any]:
        """What its decision says of how it came to be."""
        clock = self.clock
        return {
            "escalated": {
                "clock": clock.pk,
                "rep": clock.rep_id,
                "from": clock.rep.name,
                "to": self.step.to if self.step else "",
            },
            "passed_over": self.passed_over,
        }


def leased(taken: Sequence[int], until: datetime) -> QuerySet[ResponseClock]:
    """Those of the clocks ``taken`` that run, and are still leased ``until`` then."""
    return running().filter(pk__in=taken, next_at=until)


def locked(taken: Sequence[int], until: datetime) -> list[ResponseClock]:
    """Leased clocks with their leads, both locked by ascending id; the longest due first. After
    ``lock_reps``. One whose lead is not its rep's (any more) is stopped."""
    rows = leased(taken, until)
    owned = Lead.objects.filter(status=Lead.Status.OWNED, pk__in=rows.values("lead"))
    kept = owned.select_for_update(no_key=True, of=("self",)).select_related("pool", "owner__user")
    leads = {lead.pk: lead for lead in kept.order_by("pk")}
    clocks = (
        rows.select_for_update(no_key=True, of=("self",))
        .select_related("rep__user", "rep__team", "policy", "assignment")
        .prefetch_related("policy__steps__pool")
        .order_by("pk")
    )
    found, lost = [], []
    for clock in clocks:
        lead = leads.get(clock.lead_id)
        held = clock.assignment.ended_at is None
        if lead is None or lead.owner_id != clock.rep_id or not held:
            lost.append(clock.pk)
        else:
            clock.lead = lead
            found.append(clock)
    if lost:
        running().filter(pk__in=lost).update(stopped_at=time.now(), next_at=None)
    return sorted(found, key=lambda clock: (clock.due_at, clock.pk))


def part(going: Sequence[Going], now: datetime) -> None:
    """The owners' time with these leads ends, as not answered; each clock remembers which step
    comes after the one that was taken."""
    clocks = [one.clock for one in going]
    note_lapses([clock for clock in clocks if clock.lapsed_at is None], now)
    for one in going:
        clock = one.clock
        clock.lapsed_at, clock.stopped_at = clock.lapsed_at or now, now
        clock.step, clock.next_at = one.place + 1, None
    ResponseClock.objects.bulk_update(clocks, ("lapsed_at", "stopped_at", "step", "next_at"))
    Assignment.objects.filter(pk__in=[clock.assignment_id for clock in clocks]).update(
        ended_at=now, end=Assignment.Ended.LAPSED
    )


def stay(clocks: Sequence[ResponseClock], now: datetime) -> None:
    """Nobody was there for these leads: they stay, and somebody is looked for again later."""
    new = [clock for clock in clocks if clock.stuck_at is None]
    for clock in clocks:
        clock.stuck_at, clock.next_at = clock.stuck_at or now, now + LOOK_AGAIN
    ResponseClock.objects.bulk_update(clocks, ("stuck_at", "next_at"))
    tell_of_lapses([clock for clock in new if clock.lapsed_at], now)
    raise_alarm(new, now)


def tell_of_lapses(clocks: Sequence[ResponseClock], now: datetime) -> None:
    """The deadlines of ``clocks`` passed, and their leads stay for the time being: each rep is
    told, and the managers and the rooms of the team, who can do something about it (SL3). Whoever
    was told before is not told again."""
    of_teams = managers({clock.rep.team_id for clock in clocks if clock.rep.team_id})
    tellings = []
    for clock in clocks:
        rep, event = clock.rep, f"response.lapsed:{clock.pk}"
        others = set(of_teams.get(rep.team_id or 0, ())) - {rep.user_id}
        rooms = [rep.team_id] if rep.team_id else []
        tellings += [
            Telling((rep.user_id,), event, clock.lead),
            Telling(others, event, clock.lead, teams=rooms, by_text=False),
        ]
    tell_many(tellings, now)


def raise_alarm(clocks: Iterable[ResponseClock], now: datetime) -> None:
    """Nobody is left to give these leads to: their owners' managers are told, once for each team.
    The last locks of all, by ascending subject."""
    teams = {f"team:{clock.rep.team_id or ''}": clock.rep.team for clock in clocks}
    for subject, team in sorted(teams.items()):
        open_alert(
            Alert.Kind.UNANSWERED,
            subject,
            moment=now,
            teams=[team] if team else (),
            detail={"team": team.name if team else ""},
        )


def tell_of_handing_on(gone: Sequence[Going], now: datetime) -> None:
    """Who lost a lead is told, and the managers of their teams (SL3); who has it now was told by
    its decision. The pages of both are told where they stand, and who has room again is woken."""
    if not gone:
        return
    of_teams = managers({one.clock.rep.team_id for one in gone if one.clock.rep.team_id})
    tell_many(_tellings(gone, of_teams), now)
    owners = {one.clock.rep_id: one.clock.rep for one in gone}
    new = {one.owner.pk: one.owner for one in gone if one.owner}
    facts = rep_facts(owners.keys() | new.keys(), now)
    announce_limits([*(owners | new).values()], facts, now)
    places_freed([one.clock.rep for one in gone], facts, now)


def _tellings(
    gone: Sequence[Going], of_teams: Mapping[int, Mapping[int, int | None]]
) -> Iterator[Telling]:
    for one in gone:
        clock = one.clock
        yield Telling((clock.rep.user_id,), f"lead.handed_on:{clock.pk}", clock.lead)
        told = set(of_teams.get(clock.rep.team_id or 0, ())) - {clock.rep.user_id}
        told -= {one.owner.user_id} if one.owner else set()
        if one.decision:
            # A room knows no tiers: it hears of no lead that opens for some of it later, or never.
            pool = one.decision.pool
            secret = pool is not None and (pool.in_waves or pool.premium)
            rooms = [clock.rep.team_id] if clock.rep.team_id and not secret else []
            event = f"lead.escalated:{one.decision.pk}"
            yield Telling(told, event, clock.lead, teams=rooms)
