"""The published rules, compiled."""

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from django.db.models import prefetch_related_objects

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.facts import LeadFacts, RuleFacts, Rules, Step
from leaddistrib.engine.fields import FIELDS, as_text
from leaddistrib.models import Lead, Rule, RuleSet, steps_of


def published() -> RuleSet | None:
    """The version in force, or None before the first was published."""
    return RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()


def compiled(ruleset: RuleSet) -> Rules:
    """The version as the engine wants it. A published version never changes, so each process
    compiles it once; the key is its public id because ids of a rolled-back insert come again."""
    return _compiled(ruleset.public_id)


@lru_cache(maxsize=16)
def _compiled(public_id: uuid.UUID) -> Rules:
    ruleset = RuleSet.objects.get(public_id=public_id)
    return Rules.compiled(
        ruleset.version, (rule_facts(rule) for rule in ruleset.rules.prefetch_related("steps"))
    )


def rule_facts(rule: Rule) -> RuleFacts:
    return RuleFacts(
        id=rule.pk,
        name=rule.name,
        when=parse(rule.when),
        steps=tuple(
            Step(
                push=step.push,
                team=step.team_id,
                pool=step.pool_id,
                seniority=step.seniority,
                attended=step.attended,
            )
            for step in rule.steps.all()
        ),
    )


def lead_facts(lead: Lead) -> LeadFacts:
    """The lead as a decision sees it. Territory, account and its owner are read through the lead:
    load them with it where there are many (``with_market``)."""
    return LeadFacts(
        values=lead_values(lead),
        territory=lead.territory_id,
        account_owner=lead.account.owner_id if lead.account else None,
        event=as_text(lead.attributes.get(EVENT)),
        value=lead.value,
    )


def with_market(leads: Sequence[Lead]) -> None:
    """Load what ``lead_facts`` reads through ``leads``, saved or not, as far as it is not there:
    at most four queries however many leads."""
    prefetch_related_objects(leads, "territory", "account__owner__user")


def lead_values(lead: Lead) -> Mapping[str, object]:
    """The lead's fields under the names that rules use (interfaces: intake fields by name)."""
    values: dict[str, object] = {name: getattr(lead, name) for name in _PLAIN}
    for part in ("name", "title", "email", "phone"):
        values[f"contact.{part}"] = getattr(lead, f"contact_{part}")
    values["email_domain"] = lead.contact_email.rpartition("@")[2]
    account, territory = lead.account, lead.territory
    values["territory"] = territory.name if territory else ""
    values["account"] = account.name if account else ""
    owner = account.owner if account else None
    values["account_owner"] = owner.user.get_username() if owner else ""
    values["value"] = None if lead.value is None else float(lead.value)
    for key, value in lead.attributes.items():
        values[f"attributes.{key}"] = value
    return values


EVENT = "event"
"""The attribute in which a lead names the event that it comes from (PU6)."""

_PUT_TOGETHER = {"email_domain", "territory", "account", "account_owner", "value"}
_PLAIN = tuple(name for name in FIELDS if "." not in name and name not in _PUT_TOGETHER)
"""Fields that a lead keeps under the same name; the others are put together above."""


def documents(ruleset: RuleSet) -> list[dict[str, object]]:
    """The version's rules as documents (interfaces: rules as documents), in order."""
    rules = ruleset.rules.order_by("position").prefetch_related("steps__team", "steps__pool")
    return [document(rule) for rule in rules]


def fingerprint(ruleset: RuleSet) -> str:
    """What tells this version's rules as they are now, beside the version in force now, from any
    other state: "9-3f2a…", or "-3f2a…" while none is in force."""
    before = published()
    text = json.dumps(documents(ruleset), sort_keys=True)
    return f"{before.version if before else ''}-{sha256(text.encode()).hexdigest()[:32]}"


def document(rule: Rule) -> dict[str, object]:
    """One rule as ``{name, when, then}``."""
    then, *fallback = steps_of(rule) or [{}]
    if fallback:
        then["fallback"] = fallback
    return {"name": rule.name, "when": rule.when, "then": then}
