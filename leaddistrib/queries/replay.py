"""Past leads decided again by other rules, in memory: what would move, and from whom to whom (RU6).

Nothing is written. The same pure engine decides as for new leads, in a world made for the replay:
teams, territories, pools and weights are today's; working hours, public holidays and leave are
those of each lead's own moment; turns and the mixes of pools begin anew. How many leads a rep had
open at that moment is not known any more, so capacity passes nobody over and "fewest open leads"
counts the replay's own. A rep who is paused today takes part. Busy times pass nobody over:
calendars bring those to come, and none of most of the past. A lead that goes to a pool stays there:
who would have claimed it, or whom it would have been pushed to later, is nobody's to know.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import LeadFacts, RuleFacts, Rules, Step, World
from leaddistrib.engine.fairness import gini
from leaddistrib.engine.turns import Rotation
from leaddistrib.models import Assignment, Lead, Rep, RuleSet, RuleStep
from leaddistrib.queries import rulebook
from leaddistrib.queries.weeks import working_weeks
from leaddistrib.queries.world import load

MANY = 1_000_000  # times a rep's capacity: never reached, and loads stay in proportion
PROGRESS_EVERY = 500

Told = Callable[[int], None]
"""Is told every 500 leads how many are done."""

Place = tuple[str, int]
"""Where a lead went: ("rep", id), ("pool", id) or ("net", id), the safety net."""


@dataclass(slots=True)
class Side:
    """What one version did with the leads of a replay."""

    version: int
    load: Counter[int] = field(default_factory=Counter)  # leads by rep
    pools: Counter[int] = field(default_factory=Counter)  # leads by pool
    rules: Counter[int] = field(default_factory=Counter)  # leads by rule
    unmatched: list[int] = field(default_factory=list)  # no rule took these leads: the net did
    found_nobody: list[int] = field(default_factory=list)  # nobody of a rule's reps was there


@dataclass(slots=True)
class Replay:
    """Two versions over the same leads. ``order`` holds the leads (primary keys) as they came,
    ``went`` by where the version beside sent them and where the one that is tried."""

    before: Side
    after: Side
    leads: int = 0
    order: list[int] = field(default_factory=list)
    went: dict[tuple[Place, Place], list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def moves(self) -> dict[tuple[Place, Place], int]:
        """How many leads went to one place before and to another now."""
        return {places: len(leads) for places, leads in self.went.items() if len({*places}) > 1}

    @property
    def moved(self) -> int:
        return sum(self.moves.values())


class Player:
    """One version of the rules, and the world that its decisions change as they are made."""

    def __init__(self, rules: Rules, begins: datetime, ends: datetime) -> None:
        self.rules = rules
        self.world = _begin(load(rules, range(len(rules.rules)), begins), begins, ends)
        self.side = Side(rules.version)

    def play(self, pk: int, lead: LeadFacts, moment: datetime) -> Place:
        """Decide the next lead as of ``moment``, count it, and say where it went."""
        self.world.moment = moment
        decided = engine.decide(self.rules, lead, self.world)
        side = self.side
        if decided.rule is None:
            side.unmatched.append(pk)
        else:
            side.rules[decided.rule.id] += 1
        if decided.found_nobody:
            side.found_nobody.append(pk)
        if decided.owner is not None:
            side.load[decided.owner] += 1
            return "rep", decided.owner
        pool = decided.pool.id if decided.pool else self.world.safety_net.id
        side.pools[pool] += 1
        return ("net" if pool == self.world.safety_net.id else "pool"), pool


def replay(
    ruleset: RuleSet,
    leads: Iterable[Lead],
    *,
    beside: RuleSet | None = None,
    begins: datetime,
    ends: datetime,
    progress: Told = lambda done: None,
) -> Replay:
    """Decide ``leads`` by ``ruleset`` and by ``beside``, the published version if none is given.

    Leads come in the order they were received, the first at ``begins``, the last at ``ends``: the
    days whose public holidays count. Before any version was published, the safety net takes every
    lead on that side.

    Leads come with territory and account's owner loaded, placed on today's map. Writes nothing;
    loads in a number of queries that does not depend on how many leads there are.
    """
    beside = beside or rulebook.published()
    old = Player(rules_of(beside), begins, ends)
    new = Player(rules_of(ruleset), begins, ends)
    result = Replay(old.side, new.side)
    for lead in leads:
        facts = rulebook.lead_facts(lead)
        was = old.play(lead.pk, facts, lead.received_at)
        now = new.play(lead.pk, facts, lead.received_at)
        result.order.append(lead.pk)
        result.went[was, now].append(lead.pk)
        result.leads += 1
        if result.leads % PROGRESS_EVERY == 0:
            progress(result.leads)
    return result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strategy would have done, or, with strategy "", what really happened.

    ``gini_among`` is over the reps with any lead, ``gini_roster`` over every active rep.
    """

    strategy: str
    load: dict[int, int]
    waiting: int
    gini_among: float
    gini_roster: float


def compare_strategies(
    ruleset: RuleSet,
    leads: Iterable[Lead],
    *,
    begins: datetime,
    ends: datetime,
    progress: Told = lambda done: None,
) -> list[Outcome]:
    """What really happened to ``leads`` (by their assignments), then what each strategy would have
    done with them if every push step of ``ruleset`` used it.

    A step without a team keeps its own strategy where the other needs a team. Leads, ``begins`` and
    ``ends`` as for ``replay``. Writes nothing; one query for each 500 leads.
    """
    rules, rows = rules_of(ruleset), iter(leads)
    players = {one: Player(_with(rules, one), begins, ends) for one in RuleStep.Push.values}
    real: Counter[int] = Counter()
    done = waiting = 0
    while batch := list(islice(rows, PROGRESS_EVERY)):
        given = _given(batch)
        real.update(rep for _, rep in given)
        waiting += len(batch) - len({lead for lead, _ in given})
        for lead in batch:
            facts = rulebook.lead_facts(lead)
            for player in players.values():
                player.play(lead.pk, facts, lead.received_at)
        done += len(batch)
        progress(done)
    roster = list(Rep.objects.filter(active=True).order_by("pk").values_list("pk", flat=True))
    sides = [
        _outcome(strategy, player.side.load, player.side.pools.total(), roster)
        for strategy, player in players.items()
    ]
    return [_outcome("", real, waiting, roster), *sides]


def _given(leads: Sequence[Lead]) -> set[tuple[int, int]]:
    """Each of ``leads`` with each rep who ever had it."""
    assignments = Assignment.objects.filter(lead__in=leads)
    return set(assignments.order_by().values_list("lead", "rep"))


def rules_of(ruleset: RuleSet | None) -> Rules:
    """A version as the engine wants it. A draft is compiled afresh: it changes."""
    if ruleset is None:
        return Rules.compiled(0, ())
    if ruleset.status != RuleSet.Status.DRAFT:
        return rulebook.compiled(ruleset)
    rows = ruleset.rules.order_by("position").prefetch_related("steps")
    return Rules.compiled(ruleset.version, (rulebook.rule_facts(rule) for rule in rows))


def _begin(world: World, begins: datetime, ends: datetime) -> World:
    """The world as it is before the first lead of a replay: see the top of this module."""
    weeks = working_weeks(Rep.objects.filter(pk__in=world.reps), begins, ends)
    world.reps = {
        pk: replace(
            rep,
            open_leads=0,
            capacity=rep.capacity * MANY,
            paused=False,
            busy=(),
            week=weeks.get(pk),
        )
        for pk, rep in world.reps.items()
    }
    world.teams = {pk: replace(team, rotations={}) for pk, team in world.teams.items()}
    world.territories = {
        pk: replace(territory, rotation=Rotation()) for pk, territory in world.territories.items()
    }
    world.newest = {}
    return world


def _with(rules: Rules, strategy: str) -> Rules:
    """The same rules with every push step by ``strategy``."""

    def step(one: Step) -> Step:
        may = one.push and (one.team is not None or strategy in RuleStep.TEAM_OPTIONAL)
        return replace(one, push=strategy) if may else one

    def rule(one: RuleFacts) -> RuleFacts:
        return replace(one, steps=tuple(step(each) for each in one.steps))

    return replace(rules, rules=tuple(rule(one) for one in rules.rules))


def _outcome(strategy: str, load: Counter[int], waiting: int, roster: Sequence[int]) -> Outcome:
    everybody = {*roster, *load}
    return Outcome(
        strategy=strategy,
        load=dict(load),
        waiting=waiting,
        gini_among=gini([number for number in load.values() if number]),
        gini_roster=gini([load[rep] for rep in everybody]),
    )
