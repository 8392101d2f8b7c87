"""What the rules decided is carried out: leads go to their owners and pools, turns are taken, reps
and pages are told, and managers where nobody was there (PU4, PU5, RU5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import World
from leaddistrib.engine.turns import Rotation as RotationFacts
from leaddistrib.lifecycle.alerting import open_alert, subject_of
from leaddistrib.lifecycle.announcing import announce_gone, announce_limits
from leaddistrib.lifecycle.opening import close_offers, tell
from leaddistrib.lifecycle.recording import record_decisions, save_placed
from leaddistrib.lifecycle.rotations import save_entries
from leaddistrib.models import Alert, Decision, Lead, Pool, Rep, Rule, RuleSet
from leaddistrib.queries.closed import seen_by_nobody

TRY_AGAIN = timedelta(minutes=15)
"""How long a lead that found nobody waits at most until it is tried again (PU9). Reps who become
available wake it sooner; this is for what nobody announces, such as a changed team."""

Decided = Sequence[tuple[Lead, engine.Decision]]


def carry_out(
    ruleset: RuleSet,
    world: World,
    decided: Decided,
    told: Sequence[Mapping[str, object]] = (),
    *,
    urgent: bool = False,
) -> list[Decision]:
    """Write a decided batch: places, decisions with all that owners need, turns, offers, alerts.

    Each lead is where ``decided`` says afterwards; ``told``, if any, is kept in each explanation.
    Of ``urgent`` ones phones and chats are told however many go to a pool.
    The reps and rotations of ``world``, and leads that have a row, are locked before. Returns the
    decisions, in the same order.
    """
    moment = world.moment
    owners = Rep.objects.select_related("user").in_bulk(
        {what.owner for _, what in decided} - {None}
    )
    _leave_pools([one for one in decided if one[0].status == Lead.Status.WAITING], owners, moment)
    _put(decided, owners, moment)
    decisions = record_decisions(
        (
            Decision(
                lead=lead,
                ruleset=ruleset,
                rule_id=what.rule.id if what.rule else None,
                method=what.method,
                owner=owners[what.owner] if what.owner else None,
                pool=lead.pool if what.pool else None,
                quality=what.quality,
                explanation={**what.as_document(), **more},
                decided_at=moment,
            )
            for (lead, what), more in zip(decided, told or repeat({}), strict=bool(told))
        ),
        moment,
    )
    entries = [(lead, what.entry) for lead, what in decided if what.entry]
    save_entries(_rotations(world), entries, moment)
    announce_limits(owners.values(), world.reps, moment)
    tell([lead for lead, what in decided if what.pool], moment, urgent=urgent)
    _alert(ruleset, decided, moment)
    return decisions


def _leave_pools(decided: Decided, owners: Mapping[int, Rep], moment: datetime) -> None:
    """The leads are gone from the pools in which they waited: nobody can claim them any more.

    All pools of the batch are locked at once, by ascending id: those that leads leave, and those
    that they go on to.
    """
    if not decided:
        return
    leads = [lead for lead, _ in decided]
    close_offers(leads, moment)
    left = {lead.pool_id for lead in leads if lead.pool_id}
    touched = left | {what.pool.id for _, what in decided if what.pool}
    list(Pool.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk"))
    announce_gone([(lead, owners.get(what.owner or 0)) for lead, what in decided], moment)


def _put(decided: Decided, owners: dict[int, Rep], moment: datetime) -> None:
    """Save each lead where it was decided to go."""
    pools = Pool.objects.in_bulk({what.pool.id for _, what in decided if what.pool})
    for lead, what in decided:
        if what.owner:
            lead.status, lead.owner, lead.pool = Lead.Status.OWNED, owners[what.owner], None
            lead.opens_at = lead.retry_at = None
        elif what.pool:
            lead.status, lead.owner, lead.pool = Lead.Status.WAITING, None, pools[what.pool.id]
            lead.opens_at, lead.period = moment, lead.period + 1
            lead.retry_at = _retry_at(what, moment)
    save_placed([lead for lead, _ in decided])


def _retry_at(decided: engine.Decision, moment: datetime) -> datetime | None:
    """When the rules are asked again about a lead that now waits; None if nothing would change."""
    moments: list[datetime] = []
    if decided.found_nobody:
        moments.append(moment + TRY_AGAIN)
        if decided.lifts_at:
            moments.append(decided.lifts_at)
    if decided.pool and decided.pool.push_after is not None and decided.goes_on:
        moments.append(moment + decided.pool.push_after)
    return min(moments, default=None)


def _rotations(world: World) -> list[RotationFacts]:
    of_teams = (rotation for team in world.teams.values() for rotation in team.rotations.values())
    return [*of_teams, *(territory.rotation for territory in world.territories.values())]


def _alert(ruleset: RuleSet, decided: Decided, moment: datetime) -> None:
    """Say once that no rules were published yet; and for each rule and pool, that reps were asked
    and none was there, or that nobody's tier sees the pool and leads are not passed on from it
    (PU4). The last locks of all, by ascending subject."""
    if decided and not ruleset.version:
        net = decided[0][0].pool
        open_alert(Alert.Kind.NO_RULES, "rules", moment=moment, pool=net)
    lasting = {lead.pool for lead, _ in decided if lead.pool and lead.pool.push_minutes is None}
    unseen = seen_by_nobody(lasting)
    nobody = [(lead, what) for lead, what in decided if what.found_nobody or lead.pool_id in unseen]
    rules = Rule.objects.in_bulk({what.rule.id for _, what in nobody if what.rule})
    found = {}
    for lead, what in nobody:
        rule = rules[what.rule.id] if what.rule else None
        teams = {trace.step.team for trace in what.steps if trace.step.team is not None}
        found[subject_of(rule, lead.pool)] = rule, lead.pool, teams
    for subject, (rule, pool, teams) in sorted(found.items()):
        open_alert(
            Alert.Kind.NOBODY_AVAILABLE,
            subject,
            moment=moment,
            rule=rule,
            pool=pool,
            teams=teams,
        )
