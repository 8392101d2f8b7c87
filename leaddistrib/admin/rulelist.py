"""The rules of a version in order, each in plain words, with what was found and what it did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import localtime

from leaddistrib.models import Decision, Rule, RuleReview, RuleSet
from leaddistrib.queries import clock
from leaddistrib.queries.differences import Said, said
from leaddistrib.queries.findings import findings

MATCHED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks found: errors stand against publishing, warnings want to be read (RU4).

    ``by_rule`` holds (level, sentence) by the rule's index, under None what is about no one rule.
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    by_rule: dict[int | None, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def general(self) -> list[tuple[str, str]]:
        return self.by_rule.get(None, [])

    @property
    def of_rules(self) -> list[tuple[int, list[tuple[str, str]]]]:
        """What is about one rule, by its place from 1."""
        return sorted((at + 1, found) for at, found in self.by_rule.items() if at is not None)


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule in words, its findings, and what is known of the rule of that key in any version.

    ``leads`` is the address of the leads it decided for, "" where there were none.
    """

    said: Said
    findings: tuple[tuple[str, str], ...]
    matched: int
    leads: str
    review: RuleReview | None

    @property
    def rule(self) -> Rule:
        return self.said.rule


def findings_of(ruleset: RuleSet) -> Findings:
    """What the checks find in a version, by rule."""
    by_rule: dict[int | None, list[tuple[str, str]]] = {}
    by_level: dict[str, list[str]] = {"error": [], "warning": []}
    for one in findings(ruleset):
        index = None if one.rule is None else one.index
        by_rule.setdefault(index, []).append((one.level, one.sentence))
        by_level[one.level].append(one.sentence)
    return Findings(tuple(by_level["error"]), tuple(by_level["warning"]), by_rule)


def shown_rules(ruleset: RuleSet, found: Findings) -> list[ShownRule]:
    """The rules in order. A number of queries that does not depend on how many there are."""
    rules = said(ruleset)
    since = clock.now() - MATCHED_WITHIN
    keys = [one.rule.key for one in rules]
    matched = _matched(keys, since)
    reviews = _reviews(keys)
    return [
        ShownRule(
            said=one,
            findings=tuple(found.by_rule.get(index, ())),
            matched=matched[one.rule.key],
            leads=_leads(one.rule.key, since) if matched[one.rule.key] else "",
            review=reviews.get(one.rule.key),
        )
        for index, one in enumerate(rules)
    ]


def _matched(keys: Iterable[UUID], since: Any) -> Counter[UUID]:
    """Decisions since then by the rule's key."""
    decided = Decision.objects.filter(rule__key__in=list(keys), decided_at__gte=since)
    counted = decided.order_by().values_list("rule__key").annotate(number=Count("pk"))
    return Counter(dict(counted))


def _reviews(keys: Iterable[UUID]) -> dict[UUID, RuleReview]:
    """The latest review of each rule."""
    reviews = RuleReview.objects.filter(key__in=list(keys)).select_related("by")
    return {review.key: review for review in reviews.order_by("at", "pk")}


def _leads(key: UUID, since: Any) -> str:
    query = {"rule": str(key), "received_at_from": localtime(since).date().isoformat()}
    return reverse("admin:leaddistrib_lead_changelist", query=query)
