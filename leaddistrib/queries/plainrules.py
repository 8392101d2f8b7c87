"""The rules in force as reps and managers read them: plain, in order, without anybody's name (RU8).

A condition may name a person: an account's owner, a contact. Here it says that it does, not whom.
Nor does it say the values of attributes of which the host said nothing: they may be anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from leaddistrib.engine.fields import ATTRIBUTE
from leaddistrib.models import Publication, Rule, RuleSet
from leaddistrib.policy import Role, Sight
from leaddistrib.queries import rulebook, wording
from leaddistrib.queries.differences import Difference, Said, differences, said
from leaddistrib.queries.fields import host_fields
from leaddistrib.queries.reviews import Stale, stale, teams_of

PERSONAL = ("account_owner", "contact.name", "contact.email", "contact.phone")
EVENT = "attributes.event"  # of a fair or a webinar, which reps who attended know


@dataclass(frozen=True, slots=True)
class PlainRule:
    """A rule in words. ``review``: what it did, when it is due for review by the viewer."""

    said: Said
    review: Stale | None = None


@dataclass(frozen=True, slots=True)
class PlainRules:
    """The version in force; the one that was in force before it, and what is different.

    ``note`` is what an admin wrote about the version, in free words: "" for reps.
    """

    ruleset: RuleSet
    note: str
    rules: tuple[PlainRule, ...]
    before: RuleSet | None
    changes: tuple[Difference, ...]


def plain_rules(viewer: Sight, moment: datetime) -> PlainRules | None:
    """What is in force at ``moment``; None before any rules were published."""
    ruleset = rulebook.published()
    if ruleset is None:
        return None
    due = {one.rule.key: one for one in stale(moment, lambda rule: may_review(viewer, rule))}
    before = _before(ruleset)
    changes = differences(before, ruleset) if before else []
    return PlainRules(
        ruleset=ruleset,
        note="" if viewer.role is Role.REP else ruleset.note,
        rules=tuple(PlainRule(discreet(one), due.get(one.rule.key)) for one in said(ruleset)),
        before=before,
        changes=tuple(
            replace(one, old=one.old and discreet(one.old), new=one.new and discreet(one.new))
            for one in changes
        ),
    )


def may_review(viewer: Sight, rule: Rule) -> bool:
    """Whether the viewer looks after the rule: an admin, or a manager of a team it leads to."""
    if viewer.role is Role.ADMIN:
        return True
    return viewer.role is Role.MANAGER and bool(viewer.managed_teams & teams_of(rule))


def discreet(one: Said) -> Said:
    """The rule without anybody's name in its conditions."""
    words = wording.condition_in_words(_without_names(one.rule.when))
    return replace(one, conditions=capfirst(words))


def _without_names(document: Mapping[str, Any]) -> Mapping[str, Any]:
    for group in ("all", "any"):
        if group in document:
            return {group: [_without_names(inner) for inner in document[group]]}
    if "not" in document:
        return {"not": _without_names(document["not"])}
    instead = _instead(str(document.get("field", "")))
    if not instead or document["op"] == "is_blank":
        return document
    values = [instead] if isinstance(document["value"], list) else instead
    return {**document, "value": values}


def _instead(field: str) -> str:
    """What stands for a field's values; "" for a field whose values may be shown."""
    if field in PERSONAL:
        return _("(a person)")
    is_known = not field.startswith(ATTRIBUTE) or field == EVENT or field in host_fields()
    return _("(not shown)") if field == "external_id" or not is_known else ""


def _before(ruleset: RuleSet) -> RuleSet | None:
    """What was in force until ``ruleset`` came; None if nothing was, or it is not known."""
    times = Publication.objects.select_related("ruleset").order_by("-at", "-id")
    latest = times.first()
    if latest is None or latest.ruleset_id != ruleset.pk:
        return None  # in force since before publications were recorded
    last = times.exclude(ruleset=ruleset).first()
    return last.ruleset if last else None
