"""What reps must not learn of waiting leads that are blind, or whose ratings are hidden (GU2, GU3):
neither by filters and orders, nor by what is said of a rule or a limit."""

from django.db.models import Q

from leaddistrib.models import Lead
from leaddistrib.policy import HIDING, Role, Sight, View, policy


def hidden(field: str, who: Sight | None = None) -> Q:
    """The waiting leads whose ``field`` is not shown: to ``who``, else to the reps of their pools.

    Whatever narrows or sorts a list by the field leaves them out, or treats them all alike,
    whatever they hold. Own leads are shown whole; so are, to managers, those in their pools.
    """
    if who is not None and who.role is Role.ADMIN:
        return Q(pk__in=())
    rules, found = policy(), Q(pk__in=())
    if field not in rules.fields(View.BLIND):
        found |= Q(blind=True)
    if field not in rules.fields(View.UNRATED):
        found |= Q(blind=False, pool__unrated=True)
    found &= Q(status=Lead.Status.WAITING)
    if who is not None and who.managed_pools:
        found &= ~Q(pool__in=who.managed_pools)
    return found


def tells_class(view: View) -> bool:
    """Whether, to a reader with ``view``, the name of a rule, or that it has a next step, would
    tell what is hidden."""
    return view in HIDING


def shown_temperature(lead: Lead) -> str:
    """The temperature of a waiting lead as the reps of its pool see it; "" if they do not. Read
    the lead with its pool."""
    rules = policy()
    return lead.temperature if "temperature" in rules.fields(rules.preview_of(lead)) else ""
