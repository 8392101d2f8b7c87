# ruff: noqa: T201 - it prints what it found
"""What became of the leads of ``tools.maven``: as they were, by the rules, and by each strategy."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Assignment, Lead, Rep, RuleSet
from leaddistrib.queries import clock
from leaddistrib.queries.distribution import By, Report, Scope, distribution
from leaddistrib.queries.replay import Outcome, Side, compare_strategies, replay


def show(ruleset: RuleSet, asks: Mapping[str, str]) -> None:
    """Every table. ``asks`` says by the name of a rule what it goes by."""
    show_report(report(By.TEAM))
    leads = past()
    routed = decide(ruleset, leads)
    show_rules(ruleset, routed, asks)
    show_reps(routed)
    show_strategies(compare(ruleset, leads))


def past() -> list[Lead]:
    """All leads that were imported, in the order in which they came, as a replay wants them."""
    related = ("territory", "account__owner__user", "owner__user")
    leads = Lead.objects.filter(source_system="maven").select_related(*related)
    return list(leads.order_by("received_at", "pk"))


def report(by: By) -> Report:
    """Everything that ever was."""
    return distribution(Scope(datetime(1970, 1, 1, tzinfo=UTC), clock.now()), by)


def decide(ruleset: RuleSet, leads: Sequence[Lead]) -> Side:
    """What the rules do with ``leads``, by a dry run's replay. Writes nothing."""
    begins, ends = leads[0].received_at, leads[-1].received_at
    return replay(ruleset, leads, begins=begins, ends=ends).after


def compare(ruleset: RuleSet, leads: Sequence[Lead]) -> list[Outcome]:
    """What happened to ``leads``, and what each strategy would have done. Writes nothing."""
    begins, ends = leads[0].received_at, leads[-1].received_at
    return compare_strategies(ruleset, leads, begins=begins, ends=ends)


def show_report(by_team: Report) -> None:
    print("As they were")
    for line in (*by_team.lines, by_team.total):
        value = ", ".join(f"{amount} {currency}" for currency, amount in line.value.items())
        won = f"{line.won} won of {line.closed} closed ({line.conversion or 0:.2%})"
        print(f"{line.name or 'All':10} {line.volume:6} leads, {won}, {value}")
    spread = by_team.spread
    print(f"Gini {spread.among:.4f} over the {spread.holders} reps with any")
    print(f"Gini {spread.roster:.4f} over the {spread.everybody} on the roster")


def show_rules(ruleset: RuleSet, routed: Side, asks: Mapping[str, str]) -> None:
    print(f"\n{'Decided by the rules':34} {'goes by':16} {'leads':>6}")
    for rule in ruleset.rules.order_by("position"):
        print(f"{rule.name:34} {asks.get(rule.name, ''):16} {routed.rules[rule.pk]:6}")
    print(f"{'all':51} {routed.rules.total() + len(routed.unmatched):6}")
    print(f"with a rep {routed.load.total()}, in a pool {routed.pools.total()}")


def show_reps(routed: Side) -> None:
    """Each rep's leads by the rules, beside those that the rep really had."""
    had = Counter(Assignment.objects.order_by().values_list("rep", flat=True))
    reps = Rep.objects.select_related("user", "team").order_by("team__name", "pk")
    print(f"\n{'rep':22} {'team':10} {'by rules':>8} {'as it was':>9}")
    for rep in reps:
        team = rep.team.name if rep.team else ""
        print(f"{rep.name:22} {team:10} {routed.load[rep.pk]:8} {had[rep.pk]:9}")
    for label, among in (("Gini over reps with any", 1), ("Gini over the roster", 0)):
        by_rules, as_it_was = (
            gini([number for rep in reps if (number := load[rep.pk]) >= among])
            for load in (routed.load, had)
        )
        print(f"{label:33} {by_rules:8.4f} {as_it_was:9.4f}")


def show_strategies(outcomes: Iterable[Outcome]) -> None:
    print("\nWere every push by one strategy")
    print(
        f"{'strategy':16} {'Gini any':>9} {'roster':>7} {'reps':>5} {'least':>6} {'most':>6} pool"
    )
    for one in outcomes:
        load = [number for number in one.load.values() if number]
        figures = f"{one.gini_among:9.4f} {one.gini_roster:7.4f} {len(load):5}"
        bounds = f"{min(load, default=0):6} {max(load, default=0):6}"
        print(f"{one.strategy or 'as it was':16} {figures} {bounds} {one.waiting}")
