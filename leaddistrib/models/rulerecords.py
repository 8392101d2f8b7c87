"""The record of a rule's changes holds its steps too, which are rows of their own (RU3)."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from simple_history.signals import pre_create_historical_record

from leaddistrib.models.rules import Rule, RuleStep

Steps = list[dict[str, object]]


def steps_of(rule: Rule) -> Steps:
    """Where the rule leads, as in rule documents: teams and pools by the names they have now.

    Reads the steps' teams and pools: prefetch them where there are many rules.
    """
    return [step_document(step) for step in rule.steps.all()]


def step_document(step: RuleStep) -> dict[str, object]:
    if step.pool:
        return {"pool": step.pool.name}
    document: dict[str, object] = {"push": step.push}
    if step.team:
        document["team"] = step.team.name
    if step.seniority:
        document["seniority"] = step.seniority
    if step.attended:
        document["attended"] = True
    return document


# Drafting writes its records itself. These two are for whoever saves or deletes a rule otherwise:
# a record without the steps would look as if the rule led nowhere.


@receiver(pre_delete, sender=Rule)
def _remember(instance: Any, **kwargs: Any) -> None:
    """Steps are gone from the database before their rule is recorded as deleted."""
    instance._steps_of_deleted = steps_of(instance)


@receiver(pre_create_historical_record, sender=Rule.history.model)
def _keep(instance: Any, history_instance: Any, **kwargs: Any) -> None:
    remembered = getattr(instance, "_steps_of_deleted", None)
    history_instance.steps = steps_of(instance) if remembered is None else remembered
