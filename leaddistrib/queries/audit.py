"""Who changed which rule, territory, weight or team, from what to what: the record of changes.

Each model that an admin configures keeps its own history; here they are read as one list, with the
exports of leads and figures among them.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.db.models import JSONField, Max, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import IContains

from leaddistrib.models import Rule, RuleSet
from leaddistrib.models.policies import TeamPolicy
from leaddistrib.queries.records import AS_IT_WAS, Change, changes_of, history_of

PAGE = 50
"""Changes on a page. There is no count of them all: the next page is known by one row more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes to look for; what is None or empty does not narrow."""

    model: str = ""
    by: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@cache
def tracked() -> dict[str, type[Model]]:
    """The models whose changes are recorded, by their names in the app."""
    models = apps.get_app_config("leaddistrib").get_models()
    return {
        cast("str", one._meta.model_name): one
        for one in models
        if hasattr(one._meta, "simple_history_manager_attribute")
    }


def changes(wanted: Wanted, page: int = 1) -> tuple[list[Change], bool]:
    """The changes of one page, newest first, and whether there are more.

    A constant number of queries for each model that shows up on the page.
    """
    parts = [
        _narrowed(model, wanted).order_by().values_list(Value(name), "history_date", "history_id")
        for name, model in tracked().items()
        if wanted.model in ("", name)
    ]
    if not parts:
        return [], False
    together = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    first = (page - 1) * PAGE
    # By position: the parts of a union have no common names for their columns.
    found = list(together.order_by("-history_date", "-history_id")[first : first + PAGE + 1])
    return _read(found[:PAGE]), len(found) > PAGE


def edits(ruleset: RuleSet, after: int) -> list[Change]:
    """Edits of a draft's rules since the record ``after`` (see ``latest_edit``), newest first, of
    the latest fifty."""
    rows = _edits(ruleset).filter(history_id__gt=after).order_by("-history_id")
    ids = list(rows.values_list("history_id", flat=True)[:PAGE])
    read = dict(changes_of(Rule, ids))
    return [read[one] for one in ids if read[one].differences]


def latest_edit(ruleset: RuleSet) -> int:
    """The number of the latest record of an edit of the version's rules, 0 if there is none."""
    return _edits(ruleset).aggregate(latest=Max("history_id"))["latest"] or 0


def _edits(ruleset: RuleSet) -> QuerySet[Any]:
    return _rule_edits().filter(ruleset=ruleset.pk)


def _rule_edits() -> QuerySet[Any]:
    return history_of(Rule).exclude(history_change_reason=AS_IT_WAS)


def _narrowed(model: type[Model], wanted: Wanted) -> QuerySet[Any]:
    # Of other models, these words are what somebody gave as a reason.
    rows = _rule_edits() if model is Rule else history_of(model)
    for word in wanted.by.split():
        rows = rows.filter(_called("history_user", word))
    if wanted.since is not None:
        rows = rows.filter(history_date__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(history_date__lt=wanted.until)
    if wanted.text:
        rows = rows.filter(_named_like(model, wanted.text))
    return rows


def _named_like(model: type[Model], text: str) -> Q:
    """Rows whose own name, or the name of the rep or the team they are about, contains ``text``; or
    whose reason, conditions, steps or lists of places do."""
    like = Q(history_change_reason__icontains=text)
    names = {field.name for field in model._meta.concrete_fields}
    for field in ("name", "slug"):
        if field in names:
            like |= Q(**{f"{field}__icontains": text})
    for field, user in (("user", "user"), ("rep", "rep__user")):
        if field in names:
            like |= _called(user, text)
    if issubclass(model, TeamPolicy):
        like |= Q(team__name__icontains=text)
    history = cast("Any", model).history.model
    for field in history._meta.concrete_fields:
        if isinstance(field, JSONField):
            # SQLite keeps what is not ASCII as JSON escapes it.
            for written in {text, json.dumps(text)[1:-1]}:
                like |= Q(IContains(Cast(field.name, TextField()), written))
    return like


def _called(user: str, text: str) -> Q:
    """That a part of the name of ``user``, a path to a user, contains ``text``."""
    like = Q()
    for part in ("username", "first_name", "last_name"):
        like |= Q(**{f"{user}__{part}__icontains": text})
    return like


def _read(found: Sequence[tuple[str, datetime, int]]) -> list[Change]:
    """What each of the history rows, named by model and id, changed; without those saved as they
    were."""
    by_model: dict[str, list[int]] = defaultdict(list)
    for name, _at, history_id in found:
        by_model[name].append(history_id)
    read = {
        (name, history_id): change
        for name, ids in by_model.items()
        for history_id, change in changes_of(tracked()[name], ids)
    }
    shown = [read[name, history_id] for name, _at, history_id in found]
    return [one for one in shown if one.differences or one.reason or one.kind != "~"]
