"""How soon some assignments were answered, whatever they are grouped by (SL4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum

from leaddistrib.models import Assignment

TOOK = ExpressionWrapper(
    F("clock__answered_at") - F("clock__started_at"), output_field=DurationField()
)

IN_TIME = Q(clock__answered_at__lte=F("clock__due_at"))
SETTLED = Q(clock__answered_at__isnull=False) | Q(clock__lapsed_at__isnull=False)
"""Those that time has told of: answered, or lapsed."""


@dataclass(slots=True)
class Answers:
    """``settled`` are those that were answered or lapsed; ``took`` is the sum of the answered
    ones."""

    answered: int = 0
    settled: int = 0
    in_time: int = 0
    took: timedelta = timedelta()

    def __iadd__(self, other: "Answers") -> Self:
        self.answered += other.answered
        self.settled += other.settled
        self.in_time += other.in_time
        self.took += other.took
        return self

    @property
    def mean(self) -> float | None:
        """Seconds until the first contact; None where nothing was answered."""
        return self.took.total_seconds() / self.answered if self.answered else None

    @property
    def share_in_time(self) -> float | None:
        """Answered within the policy's time, of the settled ones; None where none was."""
        return self.in_time / self.settled if self.settled else None


def answers(assignments: QuerySet[Assignment], key: str) -> dict[Any, Answers]:
    """How soon ``assignments`` were answered, by the lookup ``key``. One query."""
    grouped = assignments.filter(SETTLED).order_by().values_list(key)
    rows = grouped.annotate(
        answered=Count("clock__answered_at"),
        settled=Count("pk"),
        in_time=Count("pk", filter=IN_TIME),
        took=Sum(TOOK),
    )
    found: dict[Any, Answers] = defaultdict(Answers)
    for group, answered, number, soon, took in rows:
        found[group] = Answers(answered, number, soon, took or timedelta())
    return found
