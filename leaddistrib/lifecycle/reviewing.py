"""Somebody looks at a rule and finds it still right; who should is reminded (RU7)."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules
from leaddistrib.models import Rule, RuleReview
from leaddistrib.notify.telling import tell_users
from leaddistrib.queries import clock
from leaddistrib.queries.reviews import Stale, stale, teams_of

MAX_NOTE = 200


def review(rule: Rule, actor: AbstractUser | None, note: str = "") -> RuleReview:
    """``actor`` looked at the rule and found it right: it is not to be reviewed again for
    ``Organisation.review_days``. The review is of the rule in every version.

    Raises:
        InvalidRules: the note is longer than 200 characters.
    """
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise InvalidRules({"note": _("Write at most 200 characters.")})
    return RuleReview.objects.create(
        key=rule.key,
        by=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
        at=clock.now(),
        note=note,
    )


def remind(moment: datetime, period: str) -> Mapping[str, object]:
    """Tell those who look after the rules that are to be reviewed, each once in ``period`` (such as
    "2026-03-02"), however many rules: the managers of the teams that a rule leads to, else
    superusers. Returns figures for the record of the job.
    """
    due = stale(moment)
    with transaction.atomic():
        told = responsible(due)
        tell_users(told, f"rules.review:{period}", moment)
    return {"rules": len(due), "told": len(told)}


def responsible(due: list[Stale]) -> set[int]:
    """Primary keys of the active users who are to review these rules."""
    active = get_user_model().objects.filter(is_active=True)
    people: set[int] = set()
    for teams in {teams_of(one.rule) for one in due}:
        managers = set(active.filter(managed_teams__in=teams).values_list("pk", flat=True))
        people |= managers or set(active.filter(is_superuser=True).values_list("pk", flat=True))
    return people
