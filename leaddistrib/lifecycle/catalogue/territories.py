"""Territories from a file, and as one (RU1).

A row is the territory of its name. Rows of one name are one territory, all their places together:
so a file may give each postal prefix a row of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.catalogue.files import Catalogue, Entry, fault, name_of
from leaddistrib.lifecycle.catalogue.people import Reps
from leaddistrib.lifecycle.catalogue.places import country, postal_prefix, subdivision
from leaddistrib.lifecycle.intake.receiving import Outcome
from leaddistrib.lifecycle.intake.texts import one_line, shown
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Metro, Team, Territory

NAME = 100
BATCH = 50
"""Territories of one transaction: each is some ten queries."""

SEPARATOR = "; "
PREFIXES = 500
"""Postal prefixes that one row of an export holds; more take further rows of the same name."""

LISTS = ("countries", "subdivisions", "postal_prefixes")
MANY = ("metros", "reps")
COLUMNS = ("name", "countries", "subdivisions", "metros", "postal_prefixes", "team", "reps")


NO_TEAM = lazy("Expected the name of a team, got “%(value)s”.")
NO_METRO = lazy("Expected the name of a metropolitan area, got “%(value)s”.")


@dataclass(slots=True)
class _Said:
    """What all rows of one name say together: lists in the order of the file, each value once; and
    which line said of which team it is."""

    lists: dict[str, dict[Any, None]] = field(default_factory=dict)
    team: dict[str, int | None] = field(default_factory=dict)
    team_line: int = 0

    @property
    def values(self) -> dict[str, Any]:
        return {column: list(values) for column, values in self.lists.items()} | self.team


class Territories(Catalogue):
    """Compared in seven queries, however long the file is."""

    def __init__(self) -> None:
        teams = dict(Team.objects.order_by().values_list("name", "pk"))
        metros = dict(Metro.objects.order_by().values_list("name", "pk"))
        self._team_names = {pk: name for name, pk in teams.items()}
        self.columns = {
            "name": name_of(NAME),
            "countries": _each(country),
            "subdivisions": _each(subdivision),
            "metros": _each(lambda text: _known(metros, text, NO_METRO)),
            "postal_prefixes": _each(postal_prefix),
            "team": lambda text: _known(teams, one_line(text, NAME), NO_TEAM) if text else None,
            "reps": _each(Reps().find),
        }

    def counted_as(self, entry: Entry) -> object:
        return entry.values["name"]

    def compare(self, entries: Sequence[Entry]) -> list[Outcome | str]:
        said, wrong = self._together(entries)
        existing = _existing(said)
        verdicts = {name: _compared(existing.get(name), one.values) for name, one in said.items()}
        return [wrong.get(entry.line) or verdicts[entry.values["name"]] for entry in entries]

    def write(self, entries: Sequence[Entry], *, reason: str, actor: AbstractUser | None) -> None:
        said, _wrong = self._together(entries)
        names = list(said)
        for start in range(0, len(names), BATCH):
            batch = {name: said[name] for name in names[start : start + BATCH]}
            _write(batch, reason, actor)

    def _together(self, entries: Sequence[Entry]) -> tuple[dict[str, _Said], dict[int, str]]:
        """What the file says of each territory by name, and which lines contradict it."""
        said: dict[str, _Said] = {}
        wrong: dict[int, str] = {}
        for entry in entries:
            one = said.setdefault(entry.values["name"], _Said())
            for column in entry.values.keys() - {"name", "team"}:
                one.lists.setdefault(column, {}).update(dict.fromkeys(entry.values[column]))
            if "team" not in entry.values:
                continue
            team, before = entry.values["team"], one.team.setdefault("team", None)
            if team and before and team != before:
                text = _("“%(team)s” has it already, in line %(line)d.")
                has = {"team": self._team_names[before], "line": one.team_line}
                wrong[entry.line] = fault("team", text % has)
            elif team and not before:
                one.team["team"], one.team_line = team, entry.line
        return said, wrong


def territory_rows() -> Iterator[list[str]]:
    """All territories as the rows of a file that can be brought in again, its header first."""
    yield list(COLUMNS)
    territories = Territory.objects.select_related("team")
    for one in territories.prefetch_related("metros", "reps__user"):
        prefixes = one.postal_prefixes
        parts = [prefixes[n : n + PREFIXES] for n in range(0, len(prefixes), PREFIXES)] or [[]]
        yield [
            one.name,
            SEPARATOR.join(one.countries),
            SEPARATOR.join(one.subdivisions),
            SEPARATOR.join(metro.name for metro in one.metros.all()),
            SEPARATOR.join(parts[0]),
            one.team.name if one.team else "",
            SEPARATOR.join(rep.user.get_username() for rep in one.reps.all()),
        ]
        for part in parts[1:]:
            yield [one.name, "", "", "", SEPARATOR.join(part), "", ""]


def _each(clean: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Cleans a list: its parts stand in lines of their own, or between semicolons."""

    def parts(text: str) -> list[Any]:
        found, wrong = [], []
        for line in text.splitlines():
            for part in filter(None, (one_line(part, NAME) for part in line.split(";"))):
                try:
                    found.append(clean(part))
                except ValidationError as error:
                    wrong += error.messages
        if wrong:
            raise ValidationError(wrong)
        return list(dict.fromkeys(found))

    return parts


def _known(names: Mapping[str, int], text: str, message: Any) -> int:
    """The primary key of what is called so. Raises ValidationError with ``message``."""
    if text not in names:
        raise ValidationError(message, params={"value": shown(text)})
    return names[text]


def _existing(names: Iterable[str]) -> dict[str, Territory]:
    """The territories of these names. Three queries."""
    found = Territory.objects.filter(name__in=list(names)).prefetch_related("metros", "reps")
    return {one.name: one for one in found}


def _compared(territory: Territory | None, values: Mapping[str, Any]) -> Outcome:
    if territory is None:
        return Outcome.CREATED
    differs = any(
        set(_has(territory, column)) != set(value)
        if column != "team"
        else territory.team_id != value
        for column, value in values.items()
    )
    return Outcome.UPDATED if differs else Outcome.UNCHANGED


def _has(territory: Territory, column: str) -> list[Any]:
    if column in MANY:
        return [one.pk for one in getattr(territory, column).all()]
    return list(getattr(territory, column))


@act(durable=False)
def _write(batch: Mapping[str, _Said], reason: str, actor: AbstractUser | None) -> None:
    existing = _existing(batch)
    for name, said in batch.items():
        territory = existing.get(name)
        if _compared(territory, said.values) is not Outcome.UNCHANGED:
            _save(territory or Territory(name=name), said.values, reason, actor)


def _save(
    territory: Any, values: Mapping[str, Any], reason: str, actor: AbstractUser | None
) -> None:
    """Write one territory. Its history gets one record of all that changed, after it has changed:
    compiled territories are known by that record (``queries.territories``)."""
    attributed(territory, actor, reason)
    for column in LISTS:
        if column in values:
            setattr(territory, column, values[column])
    if "team" in values:
        territory.team_id = values["team"]
    many = {column: values[column] for column in MANY if column in values}
    if territory.pk is None:
        territory.save()
        if not any(many.values()):
            return
    territory.skip_history_when_saving = True
    for column, keys in many.items():
        getattr(territory, column).set(keys)
    del territory.skip_history_when_saving
    territory.save()
