"""Who changed which rule, territory, weight or team, from what to what: the record of changes.

Each model that an admin configures keeps its own history; here they are read as one list.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db.models import Field, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from leaddistrib.models import Rep
from leaddistrib.queries import wording

PAGE = 50
"""Changes on a page. There is no count of them all: the next page is known by one row more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field and what it was before and after, in the reader's words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row. ``kind`` is "+" (added), "~" (changed) or "-" (deleted)."""

    at: datetime
    by: AbstractUser | None
    model: type[Model]
    pk: int
    name: str
    kind: str
    reason: str
    differences: tuple[Difference, ...]

    @property
    def model_label(self) -> str:
        return str(self.model._meta.verbose_name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes to look for; what is None or empty does not narrow."""

    model: str = ""
    by: int | None = None
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


def authors() -> QuerySet[Any]:
    """Everybody who ever changed something."""
    users: set[int] = set()
    for model in tracked().values():
        changed = _history(model).order_by().values_list("history_user", flat=True).distinct()
        users.update(user for user in changed if user)
    return get_user_model()._default_manager.filter(pk__in=users).order_by("username")


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


def _history(model: type[Model]) -> QuerySet[Any]:
    rows: QuerySet[Any] = cast("Any", model).history.model._default_manager.all()
    return rows


def _narrowed(model: type[Model], wanted: Wanted) -> QuerySet[Any]:
    rows = _history(model)
    if wanted.by is not None:
        rows = rows.filter(history_user=wanted.by)
    if wanted.since is not None:
        rows = rows.filter(history_date__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(history_date__lt=wanted.until)
    if wanted.text:
        rows = rows.filter(_named_like(model, wanted.text))
    return rows


def _named_like(model: type[Model], text: str) -> Q:
    """Rows whose own name, or the name of the rep they are about, contains ``text``; or whose
    reason does."""
    like = Q(history_change_reason__icontains=text)
    names = {field.name for field in model._meta.concrete_fields}
    for field in ("name", "slug"):
        if field in names:
            like |= Q(**{f"{field}__icontains": text})
    user = {"user": "user", "rep": "rep__user"}
    for field, path in user.items():
        if field in names:
            for part in ("username", "first_name", "last_name"):
                like |= Q(**{f"{path}__{part}__icontains": text})
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
        for history_id, change in _changes_of(tracked()[name], ids)
    }
    shown = [read[name, history_id] for name, _at, history_id in found]
    return [one for one in shown if one.differences or one.reason or one.kind != "~"]


def _changes_of(model: type[Model], ids: Iterable[int]) -> Iterator[tuple[int, Change]]:
    history = _history(model).select_related("history_user")
    before = (
        history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        .order_by("-history_id")
        .values("history_id")[:1]
    )
    rows = list(history.filter(history_id__in=ids).annotate(before=Subquery(before)))
    earlier = history.in_bulk({row.before for row in rows} - {None})
    everything = [*rows, *earlier.values()]
    related, many = _related(model, everything), _many(model, everything)
    for row in rows:
        yield (
            row.history_id,
            Change(
                at=row.history_date,
                by=row.history_user,
                model=model,
                pk=row.id,
                name=_name_of(row, related),
                kind=row.history_type,
                reason=row.history_change_reason or "",
                differences=_differences(row, earlier.get(row.before), related, many),
            ),
        )


def _differences(
    row: Any,
    previous: Any,
    related: Mapping[tuple[str, object], str],
    many: Mapping[tuple[int, str], tuple[str, ...]],
) -> tuple[Difference, ...]:
    """What ``row`` changed since ``previous``; of a new row, what it says beyond blank fields."""
    if row.history_type == "-" or (row.history_type == "~" and previous is None):
        return ()  # of the first change of what was copied, what it was before is not known
    found = []
    for field in row.tracked_fields:
        if not field.editable or field.primary_key:
            continue
        after = _shown(field, row, related)
        before = _shown(field, previous, related) if previous else ""
        if after != before:
            found.append(Difference(capfirst(str(field.verbose_name)), before, after))
    for field in row._history_m2m_fields:
        after = ", ".join(many.get((row.history_id, field.name), ()))
        before = ", ".join(many.get((previous.history_id, field.name), ())) if previous else ""
        if after != before:
            found.append(Difference(capfirst(str(field.verbose_name)), before, after))
    return tuple(found)


def _shown(field: Field, row: Any, related: Mapping[tuple[str, object], str]) -> str:
    value = getattr(row, field.attname)
    if value is None or value == "":
        return ""
    if field.is_relation:
        return related.get((field.name, value), f"#{value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict) and field.name == "when":
        return wording.condition_in_words(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(localize(value))


def _related(model: type[Model], rows: Iterable[Any]) -> dict[tuple[str, object], str]:
    """What each foreign key in ``rows`` points at, by field and id, in words."""
    rows = list(rows)
    names: dict[tuple[str, object], str] = {}
    for field in cast("Any", model).history.model.tracked_fields:
        if not field.is_relation:
            continue
        ids = {getattr(row, field.attname) for row in rows} - {None}
        for one in _named(field.related_model, ids):
            full_name = one.get_full_name() if isinstance(one, AbstractUser) else ""
            names[field.name, one.pk] = full_name or str(one)
    return names


def _many(model: type[Model], rows: Iterable[Any]) -> dict[tuple[int, str], tuple[str, ...]]:
    """What each many-to-many field held at each of ``rows``, in words."""
    history = cast("Any", model).history.model
    ids = [row.history_id for row in rows]
    held: dict[tuple[int, str], tuple[str, ...]] = {}
    for field in history._history_m2m_fields:
        through = getattr(history, field.name).model
        column = field.m2m_reverse_field_name()
        pairs = list(
            through._default_manager.filter(history__in=ids).values_list("history", column)
        )
        names = {
            one.pk: str(one) for one in _named(field.related_model, {pk for _row, pk in pairs})
        }
        for row in ids:
            mine = sorted(names.get(pk, f"#{pk}") for of, pk in pairs if of == row)
            held[row, field.name] = tuple(mine)
    return held


def _named(model: type[Model], ids: Iterable[object]) -> Iterable[Model]:
    rows = model._default_manager.filter(pk__in=list(ids))
    return rows.select_related("user") if model is Rep else rows


def _name_of(row: Any, related: Mapping[tuple[str, object], str]) -> str:
    """The row's name as it was; of what has none, whose it is."""
    for attribute in ("name", "slug"):
        if getattr(row, attribute, ""):
            return str(getattr(row, attribute))
    for field in ("user", "rep"):
        owner = getattr(row, f"{field}_id", None)
        if owner is not None:
            return related.get((field, owner), f"#{owner}")
    return str(row.instance)
