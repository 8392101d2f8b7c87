"""What the figures over many leads share: which days, by what, and how they are written."""

from enum import StrEnum
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied, ValidationError

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Parameter
from leaddistrib.events.messages import stamp
from leaddistrib.policy import Role
from leaddistrib.queries.periods import FIRST, LAST, DaysForm

F = TypeVar("F", bound=DaysForm)

DAY = {"type": "string", "format": "date"}
DAYS = (Parameter("from", "First day.", DAY), Parameter("to", "Last day.", DAY))
WHEN = (
    f"Days from {FIRST} to {LAST}, both included, in the organisation's time zone; by default the "
    "last 30."
)


def parameters(by: type[StrEnum], usual: str) -> tuple[Parameter, ...]:
    """The days, and what the rows stand for, as the schema tells of them."""
    names = [str(one) for one in by]
    text = f"What the rows stand for; `{usual}` unless said otherwise."
    return (*DAYS, Parameter("by", text, {"type": "string", "enum": names}))


def valid(form: F) -> F:
    """The form, if what is asked for makes sense.

    Raises:
        ValidationError: it does not; what is wrong is named.
    """
    if not form.is_valid():
        raise ValidationError({name: list(map(str, wrong)) for name, wrong in form.errors.items()})
    return form


def whose(view: ApiView) -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """The teams and the reps whose figures the caller may read; None and None for everybody's."""
    role, rep = view.sight.role, view.sight.rep
    if role is Role.REP and rep is not None:
        return None, frozenset({rep.pk})
    return (None if role is Role.ADMIN else view.sight.managed_teams), None


def must_oversee(view: ApiView) -> None:
    """
    Raises:
        PermissionDenied: the caller looks after nobody's leads.
    """
    if view.sight.role is Role.REP:
        raise PermissionDenied(_("Only managers and admins read this report."))


def period(form: DaysForm) -> dict[str, Any]:
    """The moments from which and before which a report counts."""
    return {"from": stamp(form.since), "to": stamp(form.until)}


def share(value: float | None) -> float | None:
    """A part of 1."""
    return None if value is None else round(value, 4)


def seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
