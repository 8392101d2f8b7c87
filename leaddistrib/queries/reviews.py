"""When somebody last looked at each rule, and what it did since (RU7)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db.models import (
    Avg,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce

from leaddistrib.models import Assignment, Contact, Decision, Outcome, Rule, RuleReview, RuleSet
from leaddistrib.queries import rulebook
from leaddistrib.queries.organisation import organisation

FIGURES = ("volume", "pushed", "claimed", "given_back", "closed", "won")
VERSIONS = 100
"""Versions that are looked through for the last change of a rule, beginning with the latest."""


@dataclass(frozen=True, slots=True)
class Did:
    """What a rule did in some time: leads it decided for; of them pushed to a rep, taken from a
    pool, given back, closed (won or lost), and won; and how long the first contact took, on
    average."""

    volume: int = 0
    pushed: int = 0
    claimed: int = 0
    given_back: int = 0
    closed: int = 0
    won: int = 0
    response: timedelta | None = None

    @property
    def conversion(self) -> float | None:
        """Won of those that were won or lost, 0 to 1; None where no outcome is recorded."""
        return self.won / self.closed if self.closed else None

    @property
    def response_minutes(self) -> int | None:
        """The average time to the first contact, in whole minutes."""
        return None if self.response is None else round(self.response / timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Stale:
    """A rule in force that is to be reviewed: neither changed nor reviewed ``since``."""

    rule: Rule
    since: datetime
    did: Did


def review_after() -> timedelta:
    """How long a rule stands before it is to be reviewed, by the organisation's number."""
    return timedelta(days=organisation().review_days)


def stale(moment: datetime, concerns: Callable[[Rule], bool] = lambda rule: True) -> list[Stale]:
    """The rules in force that are to be reviewed at ``moment``, in order, with what they did.

    Only those that ``concerns`` are looked at: what a rule did is counted from many rows.
    """
    ruleset = rulebook.published()
    if ruleset is None:
        return []
    found = ruleset.rules.order_by("position").prefetch_related("steps__team", "steps__pool__teams")
    rules = [rule for rule in found if concerns(rule)]
    looked, limit = last_looked_at(rules), review_after()
    due = [rule for rule in rules if looked[rule.key] + limit <= moment]
    did = did_since({rule.key: looked[rule.key] for rule in due})
    return [Stale(rule, looked[rule.key], did[rule.key]) for rule in due]


def last_looked_at(rules: Sequence[Rule]) -> dict[UUID, datetime]:
    """When each rule was last reviewed, or put in force as it now stands; by key. Four queries.

    A rule that goes unchanged from version to version counts from the first of them; one that is in
    no version that was ever in force, from when its draft was made.
    """
    keys = [rule.key for rule in rules]
    looked = _unchanged_since(rules)
    reviews = RuleReview.objects.filter(key__in=keys).order_by()
    for key, at in reviews.values_list("key").annotate(latest=Max("at")):
        looked[key] = max(looked[key], at)
    return looked


def _unchanged_since(rules: Sequence[Rule]) -> dict[UUID, datetime]:
    """Since when each rule says what it says, as far back as the last VERSIONS versions go."""
    now = {rule.key: _content(rule) for rule in rules}
    own = {rule.key: rule.ruleset for rule in rules}
    since: dict[UUID, datetime] = {}
    changed: set[UUID] = set()
    in_force = RuleSet.objects.exclude(status=RuleSet.Status.DRAFT).order_by("-version")
    versions = Rule.objects.filter(key__in=now, ruleset__in=in_force.values("pk")[:VERSIONS])
    first = Min("ruleset__publications__at")
    told = versions.annotate(first=Coalesce(first, F("ruleset__published_at")))
    for rule in (
        told.select_related("ruleset").prefetch_related("steps").order_by("-ruleset__version")
    ):
        if rule.key in changed or rule.ruleset.version > own[rule.key].version:
            continue
        if _content(rule) == now[rule.key]:
            since[rule.key] = rule.first
        else:
            changed.add(rule.key)
    return {key: since.get(key, ruleset.created_at) for key, ruleset in own.items()}


def _content(rule: Rule) -> tuple[object, ...]:
    """What a rule says: two that say the same are equal, whatever version they are in."""
    steps = [
        (step.push, step.team_id, step.pool_id, step.seniority, step.attended)
        for step in rule.steps.all()
    ]
    return rule.when, tuple(steps)


def teams_of(rule: Rule) -> frozenset[int]:
    """The teams that a rule pushes to, and those that are members of its pools."""
    teams: set[int] = set()
    for step in rule.steps.all():
        if step.team_id is not None:
            teams.add(step.team_id)
        if step.pool is not None:
            teams.update(team.pk for team in step.pool.teams.all())
    return frozenset(teams)


def did_since(since: Mapping[UUID, datetime]) -> dict[UUID, Did]:
    """What the rules of these keys did, in any version, each since its own moment. Two queries."""
    found = {key: Did() for key in since}
    if not since:
        return found
    decided = Q()
    for key, moment in since.items():
        decided |= Q(rule__key=key, decided_at__gte=moment)
    # The keys once more, apart from the moments: they lead to the decisions by the index on rules.
    decisions = Decision.objects.filter(decided, rule__key__in=list(since)).order_by()
    after = Q(lead__assignments__started_at__gte=F("decided_at"))
    since_then = Q(lead__outcomes__at__gte=F("decided_at"), lead__outcomes__undone_at=None)
    figures = decisions.values("rule__key").annotate(
        volume=Count("lead", distinct=True),
        pushed=Count("lead", distinct=True, filter=Q(method=Decision.Method.PUSH)),
        claimed=Count(
            "lead__assignments",
            distinct=True,
            filter=after & Q(lead__assignments__method=Assignment.Method.CLAIM),
        ),
        given_back=Count(
            "lead__assignments",
            distinct=True,
            filter=after & Q(lead__assignments__end=Assignment.Ended.RELEASED),
        ),
        closed=Count(
            "lead",
            distinct=True,
            filter=since_then
            & Q(lead__outcomes__stage__in=(Outcome.Stage.WON, Outcome.Stage.LOST)),
        ),
        won=Count(
            "lead",
            distinct=True,
            filter=since_then & Q(lead__outcomes__stage=Outcome.Stage.WON),
        ),
    )
    contact = Contact.objects.filter(lead=OuterRef("lead"), at__gte=OuterRef("decided_at"))
    took = ExpressionWrapper(
        Subquery(contact.order_by("at").values("at")[:1]) - F("decided_at"), DurationField()
    )
    answered = decisions.annotate(took=took).values_list("rule__key").annotate(mean=Avg("took"))
    responses: dict[UUID, timedelta | None] = dict(answered)
    for row in cast("Iterable[dict[str, Any]]", figures):
        key = row["rule__key"]
        figures_of = {name: row[name] for name in FIGURES}
        found[key] = Did(**figures_of, response=responses.get(key))
    return found
