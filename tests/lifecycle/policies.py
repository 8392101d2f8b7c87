"""Policies for tests: how soon a lead is to be answered, and who gets it then."""

from typing import Any

from leaddistrib.models import EscalationStep, Pool, ResponsePolicy


def only_policy(*steps: str | tuple[str, int], pool: Pool | None = None, **fields: Any):
    """The one policy there is: 10 minutes, a reminder 5 minutes before. Each of ``steps`` is taken
    after 20 minutes, or after those that stand with it."""
    ResponsePolicy.objects.all().delete()
    defaults = {"name": "Every lead", "minutes": 10, "remind_minutes": 5}
    policy = ResponsePolicy.objects.create(**defaults | fields)
    for position, step in enumerate(steps):
        to, minutes = (step, 20) if isinstance(step, str) else step
        EscalationStep.objects.create(
            policy=policy,
            position=position,
            to=to,
            after_minutes=minutes,
            pool=pool if to == "pool" else None,
        )
    return policy
