"""Who edited which rule, from what to what: the records that ``queries.audit`` shows (RU3)."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from leaddistrib.models import Rule, steps_of
from leaddistrib.models.rulerecords import Steps
from leaddistrib.queries.records import AS_IT_WAS


def record_as_they_were(rules: Sequence[Rule]) -> None:
    """Let the latest record of each of these rules be as the rule is now, before it is edited, so
    that the record of the edit has what it was. A copied rule has none yet, and one that made room
    for others, or whose team has another name, has one that is out of date."""
    latest = {row.id: row for row in _records().filter(id__in=[rule.pk for rule in rules])}
    known = [(rule, steps_of(rule), latest.get(rule.pk)) for rule in rules]
    parts = ("position", "name", "when")
    record(
        [
            (rule, steps)
            for rule, steps, row in known
            if row is None
            or row.steps != steps
            or any(getattr(row, part) != getattr(rule, part) for part in parts)
        ],
        "~",
        None,
        reason=AS_IT_WAS,
    )


def record(
    rules: Sequence[tuple[Rule, Steps]],
    kind: str,
    actor: AbstractUser | None,
    *,
    reason: str | None = None,
) -> None:
    """Keep these rules with their steps as they are now: two queries however many."""
    record = _records().model
    record._default_manager.bulk_create(
        record(
            history_date=timezone.now(),
            history_user=actor,
            history_type=kind,
            history_change_reason=reason,
            steps=steps,
            **{field.attname: getattr(rule, field.attname) for field in record.tracked_fields},
        )
        for rule, steps in rules
    )


def _records() -> Any:
    """The history of all rules, oldest first."""
    return cast("Any", Rule).history.order_by("history_id")
