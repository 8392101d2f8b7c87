"""What a rep is told of the own leads that were given back (RA4)."""

from datetime import datetime, timedelta

from leaddistrib.models import Rep
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.givebacks import Line, give_backs

DAYS = 30
"""Days that are counted, until now."""


def own_give_backs(rep: Rep, now: datetime) -> Line | None:
    """Of the leads that ``rep`` got in the last DAYS days, how many the rep gave back; None for who
    got none. Two queries."""
    scope = Scope(now - timedelta(days=DAYS), now + timedelta(seconds=1))
    return next(iter(give_backs(scope, frozenset({rep.pk}))), None)
