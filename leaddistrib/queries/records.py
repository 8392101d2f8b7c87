"""Records of a configuration's rows, read: what each changed, from what to what, in words.

Where to look for them is ``queries.audit``'s.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import Field, Model, OuterRef, QuerySet, Subquery
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from leaddistrib.models import Organisation, Pool, Rep, RuleStep, Team
from leaddistrib.models.policies import TeamPolicy
from leaddistrib.models.rules import RuleRecord
from leaddistrib.queries import wording
from leaddistrib.queries.exports import Export

AS_IT_WAS = "as it was"
"""The reason of a rule's record of how it was before an edit that nothing else tells of, such as of
one that was copied: what the edit is compared with, and no change itself. Of other models
people give the reasons, and these may be their words."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field and what it was before and after, in the reader's words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row. ``kind`` is "+" (added), "~" (changed) or "-" (deleted), or "export":
    then ``name`` says what went out, and ``reason`` how much of it."""

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


def history_of(model: type[Model]) -> QuerySet[Any]:
    """Every record of a model's rows."""
    rows: QuerySet[Any] = cast("Any", model).history.model._default_manager.all()
    return rows


def changes_of(model: type[Model], ids: Iterable[int]) -> Iterator[tuple[int, Change]]:
    history = history_of(model).select_related("history_user")
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
        previous = earlier.get(row.before)
        reason = row.history_change_reason or ""
        export = Export.read(reason) if model is Organisation else None
        change = Change(
            at=row.history_date,
            by=row.history_user,
            model=model,
            pk=row.id,
            name=export.name if export else _name_of(row, related),
            kind="export" if export else row.history_type,
            reason=export.sentence if export else reason,
            differences=() if export else _differences(row, previous, related, many),
        )
        yield row.history_id, change


def _differences(
    row: Any,
    previous: Any,
    related: Mapping[tuple[str, object], str],
    many: Mapping[tuple[int, str], tuple[str, ...]],
) -> tuple[Difference, ...]:
    """What ``row`` changed since ``previous``; of a new row what it says beyond blank fields, and
    of a deleted one what it said."""
    if row.history_type == "~" and previous is None:
        return ()  # what it was before is not known
    gone = row.history_type == "-"
    was, now = (row, None) if gone else (previous, row)
    # Who belonged to a row is gone from the database before the row is.
    then = previous if gone else was
    found = []
    for field in row.tracked_fields:
        if field.editable and not field.primary_key:
            before, after = (_shown(field, one, related) if one else "" for one in (was, now))
            found.append(Difference(capfirst(str(field.verbose_name)), before, after))
    if isinstance(row, RuleRecord):
        label = capfirst(str(row._meta.get_field("steps").verbose_name))
        before, after = (_steps_in_words(one.steps) if one else "" for one in (was, now))
        found.append(Difference(label, before, after))
    for field in row._history_m2m_fields:
        before, after = (
            ", ".join(many.get((one.history_id, field.name), ())) if one else ""
            for one in (then, now)
        )
        found.append(Difference(capfirst(str(field.verbose_name)), before, after))
    return tuple(one for one in found if one.before != one.after)


def _steps_in_words(steps: Iterable[Mapping[str, Any]]) -> str:
    """Steps of a rule as a record keeps them, numbered where there are several."""
    said = [
        wording.step_in_words(
            RuleStep(
                push=one.get("push", ""),
                team=Team(name=one["team"]) if "team" in one else None,
                pool=Pool(name=one["pool"]) if "pool" in one else None,
                seniority=one.get("seniority", ""),
                attended=one.get("attended", False),
            )
        )
        for one in steps
    ]
    if len(said) == 1:
        return said[0]
    return "; ".join(f"{number}. {one}" for number, one in enumerate(said, start=1))


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
    if isinstance(value, dict):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
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
    if issubclass(model, TeamPolicy):
        return rows.select_related("team")
    return rows.select_related("user") if model is Rep else rows


def _name_of(row: Any, related: Mapping[tuple[str, object], str]) -> str:
    """The row's name as it was; of what has none, whose it is."""
    for attribute in ("name", "slug"):
        if getattr(row, attribute, ""):
            return str(getattr(row, attribute))
    for field in ("user", "rep", "team"):
        owner = getattr(row, f"{field}_id", None)
        if owner is not None:
            return related.get((field, owner), f"#{owner}")
    return str(row.instance)
