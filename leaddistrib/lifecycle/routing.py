"""The rules decide where leads go, and it is written down with its reasons (RU2, RU5, PU5).

One lead and a file of leads go the same way: everything is loaded and saved for the whole batch,
in a number of queries that does not depend on how many leads, rules or reps there are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import LeadFacts, Rules, World
from leaddistrib.lifecycle.carrying_out import carry_out
from leaddistrib.lifecycle.matching import place
from leaddistrib.lifecycle.rotations import lock_rotations
from leaddistrib.lifecycle.transactions import lock_reps, lock_scope
from leaddistrib.models import Decision, Lead, Pool, Rep, RuleSet
from leaddistrib.queries import clock, rulebook
from leaddistrib.queries.inhand import looked_after
from leaddistrib.queries.partings import parted_with
from leaddistrib.queries.scope import Scope, reps_of, rotations_of, scope
from leaddistrib.queries.world import NO_NET, load_scope, pool_facts


def route(
    leads: Sequence[Lead],
    *,
    excluded: Iterable[Rep] = (),
    placed: bool = False,
    told: Sequence[Mapping[str, object]] = (),
) -> list[Decision]:
    """Route ``leads`` that nobody owns, saving them; returns their decisions, in the same order.

    Leads without a row get one, already in its place. Must run inside a transaction; locks all reps
    whom the matching rules may push to, and the rotations that they sit in. ``excluded`` reps get
    none of them, and nobody gets one that they parted with before. Leads that were ``placed`` in
    this transaction keep the territory that they have. ``told`` is kept in each lead's
    explanation, beside the rules' reasons.

    Raises:
        ValueError: a lead is somebody's, or waits in a pool.
    """
    if not leads:
        return []
    ruleset, rules = _in_force()
    facts = _facts(leads, placed=placed)
    world = _locked_world(_scope(rules, facts))
    received = _lock([lead.pk for lead in leads if lead.pk is not None], Lead.Status.RECEIVED)
    if len(received) < sum(lead.pk is not None for lead in leads):
        raise ValueError("Only leads that are nobody's and wait nowhere can be routed.")
    out = frozenset(rep.pk for rep in excluded)
    parted = parted_with(leads)
    decided = [
        (lead, engine.decide(rules, one, world, out | parted[lead.pk]))
        for lead, one in zip(leads, facts, strict=True)
    ]
    return carry_out(ruleset, world, decided, told)


def route_waiting(leads: Sequence[Lead]) -> list[Decision | None]:
    """Ask the rules again about ``leads`` that wait in a pool: for a rep who is there now, and,
    where they waited long enough, for the steps after the pool (PU9, PL2). Nobody gets a lead that
    they parted with before.

    Returns in the same order what was decided, None for those that stay where they are, because
    nobody could take them or because somebody was faster: whoever works on a shared lead, or was
    in touch with it, is not interrupted. Must run inside a transaction; locks as ``route`` does.
    Those that stay have in ``retry_at``, for the caller to save, when somebody who is away now is
    back, or the work on them lapses, or None.
    """
    if not leads:
        return []
    ruleset, rules = _in_force()
    facts = _facts(leads)
    world = _locked_world(_scope(rules, facts))
    still = _lock([lead.pk for lead in leads], Lead.Status.WAITING)
    in_hand = looked_after((lead for lead in leads if lead.pk in still), world.moment)
    parted = parted_with(leads)
    decided: list[tuple[Lead, engine.Decision]] = []
    for lead, one in zip(leads, facts, strict=True):
        pool = lead.pool_id
        if pool is None or lead.opens_at is None or still.get(lead.pk) != (pool, lead.period):
            continue
        if lead.pk in in_hand:
            lead.retry_at = in_hand[lead.pk]
            continue
        waited = world.moment - lead.opens_at
        found = engine.decide_waiting(rules, one, world, pool, waited, frozenset(parted[lead.pk]))
        if isinstance(found, engine.Stays):
            lead.retry_at = found.lifts_at
        else:
            decided.append((lead, found))
    kept = {decision.lead_id: decision for decision in carry_out(ruleset, world, decided)}
    return [kept.get(lead.pk) for lead in leads]


def reroute(
    leads: Sequence[Lead],
    *,
    part: Callable[[Sequence[Lead]], None],
    told: Sequence[Mapping[str, object]],
) -> list[Decision | None]:
    """Ask the rules to whom ``leads`` go instead of their owners (SL3), who get none of them back.

    Returns in the same order what was decided; None for those that stay where they are, because no
    rep whom the rule asks could take it, or no rule does. A pool that comes first in its rule takes
    a lead, one to which the rule falls back does not. ``part`` is called with the leads that go,
    before they do, to end their owners' time; ``told`` is kept in each one's explanation. Must run
    inside a transaction that called ``lock_for`` for these leads and their owners, and locked them.
    """
    if not leads:
        return []
    ruleset, rules = _in_force()
    facts = _facts(leads)
    world = _locked_world(_scope(rules, facts))
    parted = parted_with(leads)
    going: list[tuple[Lead, engine.Decision]] = []
    reasons: list[Mapping[str, object]] = []
    for lead, one, why in zip(leads, facts, told, strict=True):
        out = frozenset(parted[lead.pk] | ({lead.owner_id} if lead.owner_id else set()))
        found = engine.decide(rules, one, world, out)
        if found.owner or (found.pool and found.rule and not found.found_nobody):
            going.append((lead, found))
            reasons.append(why)
    part([lead for lead, _ in going])
    kept = carry_out(ruleset, world, going, reasons, urgent=True) if going else []
    decided = {decision.lead_id: decision for decision in kept}
    return [decided.get(lead.pk) for lead in leads]


def candidates(leads: Sequence[Lead]) -> list[int]:
    """The reps that ``route`` would lock for these leads: for acts that lock other reps too."""
    _, rules = _in_force()
    wanted = _scope(rules, _facts(leads))
    return list(reps_of(wanted).values_list("pk", flat=True)) if wanted.pushes else []


def lock_for(leads: Sequence[Lead], *, others: Collection[int] = ()) -> None:
    """Lock the reps whom ``route`` would lock for these leads, with ``others`` in one go, and then
    their rotations: for an act that routes leads in more than one go."""
    _, rules = _in_force()
    wanted = _scope(rules, _facts(leads))
    reps = list(reps_of(wanted).values_list("pk", flat=True)) if wanted.pushes else []
    lock_reps({*others, *reps})
    if wanted.pushes:
        lock_rotations(rotations_of(wanted, reps))


def safety_net() -> Pool:
    """The safety net, made when it is first needed: a lead is never without a queue."""
    net = Pool.objects.filter(is_safety_net=True).first()
    if net is None:
        # A pool of this name that somebody made by hand becomes the net.
        net, _ = Pool.objects.update_or_create(
            name="Unassigned",
            defaults={"is_safety_net": True},
            create_defaults={"is_safety_net": True, "mode": Pool.Mode.QUEUE},
        )
    return net


def _in_force() -> tuple[RuleSet, Rules]:
    """The published version. Before any was: version 0, by which every lead goes to the net."""
    ruleset = rulebook.published()
    if ruleset is None:
        ruleset, _ = RuleSet.objects.get_or_create(
            status=RuleSet.Status.PUBLISHED,
            defaults={"version": 0, "published_at": clock.now(), "note": "No rules yet"},
        )
    return ruleset, rulebook.compiled(ruleset)


def _facts(leads: Sequence[Lead], *, placed: bool = False) -> list[LeadFacts]:
    """What the rules see of ``leads``, with the territories as they are now."""
    if not placed:
        place(leads)
    rulebook.with_market(leads)
    return [rulebook.lead_facts(lead) for lead in leads]


def _scope(rules: Rules, facts: Sequence[LeadFacts]) -> Scope:
    return scope(rules, {rules.matcher.first(one.values) for one in facts}, facts)


def _locked_world(wanted: Scope) -> World:
    """Facts for the batch, with the reps in its scope and then their rotations locked.

    The reps are locked although only one of them gets the lead: a claim that fills a rep's last
    place while the turn is being decided would otherwise take the rep over capacity. What is read
    afterwards, such as who is in which team, is what was true once they were locked.
    """
    reps = lock_scope(reps_of(wanted)) if wanted.pushes else []
    rotations = lock_rotations(rotations_of(wanted, reps)) if wanted.pushes else {}
    world = load_scope(wanted, clock.now(), only=reps, rotations=rotations)
    if world.safety_net is NO_NET:
        world.safety_net = pool_facts(safety_net())
    return world


def _lock(leads: Collection[int], status: str) -> dict[int, tuple[int | None, int]]:
    """Lock those of ``leads`` that still have this status: their pools and periods by id."""
    if not leads:
        return {}
    rows = Lead.objects.select_for_update(no_key=True).filter(status=status, pk__in=leads)
    found = rows.order_by("pk").values_list("pk", "pool", "period")
    return {pk: (pool, period) for pk, pool, period in found}
