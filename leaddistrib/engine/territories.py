"""Which territory a place lies in: the most specific one that names it (RU1).

A longer postal prefix before a shorter one, before a metropolitan area, before a subdivision,
before the region it lies in, before the country, before a territory without any place (the rest
of the world). Everything is looked up by name, and prefixes once for each length that the country
uses, so 5,000 of them cost what ten do.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["prefix", "metro", "subdivision", "country", "world"]


class Named(NamedTuple):
    """A place as a territory names it, such as ("country", "FR") or ("prefix", "FR 750").

    A region is a subdivision that others lie in; the rest of the world has the code "".
    """

    kind: Kind
    code: str


WORLD = Named("world", "")


@dataclass(frozen=True, slots=True)
class TerritoryPlaces:
    """A territory and the places it names, in any order."""

    id: int
    places: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Where a lead is, "" where that is not known. ``regions`` are what its subdivision lies in,
    the smallest first."""

    country: str = ""
    subdivision: str = ""
    regions: tuple[str, ...] = ()
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The territory of a place, and the name by which it has it. ``overlapping`` are the others
    with that very name; the lowest id decides."""

    territory: int
    by: Named
    overlapping: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """A place that several territories name. ``territories`` by ascending id: the first has it."""

    place: Named
    territories: tuple[int, ...]


class TerritoryIndex:
    """All territories, compiled once. ``metros`` gives the name of a metropolitan area by each of
    its prefixes, such as {"FR 750": "Paris"}. Any number of threads may ask it at once."""

    __slots__ = ("_holders", "_lengths", "_metro_lengths", "_metros")

    def __init__(
        self, territories: Iterable[TerritoryPlaces], metros: Mapping[str, str] | None = None
    ) -> None:
        holders: dict[Named, set[int]] = defaultdict(set)
        for territory in territories:
            for place in territory.places or (WORLD,):
                holders[place].add(territory.id)
        self._holders = {place: tuple(sorted(ids)) for place, ids in holders.items()}
        self._metros = dict(metros or {})
        self._lengths = _lengths(place.code for place in holders if place.kind == "prefix")
        self._metro_lengths = _lengths(self._metros)

    def find(self, where: Where) -> Found | None:
        """The territory that ``where`` lies in, or None if no territory names any of it."""
        for place in self._names(where):
            if holders := self._holders.get(place):
                return Found(holders[0], place, holders[1:])
        return None

    def metro(self, where: Where) -> str:
        """The metropolitan area of its postal code, by the longest prefix; "" if there is none."""
        starts = _starts(where, self._metro_lengths)
        return next((self._metros[start] for start in starts if start in self._metros), "")

    def overlaps(self) -> list[Overlap]:
        """Places that several territories name, the rest of the world included (RU4)."""
        return [Overlap(place, ids) for place, ids in sorted(self._holders.items()) if len(ids) > 1]

    def gaps(self, wheres: Iterable[Where]) -> list[Where]:
        """Those of ``wheres`` that no territory takes, each once, in their order (RU4)."""
        return [where for where in dict.fromkeys(wheres) if self.find(where) is None]

    def _names(self, where: Where) -> Iterator[Named]:
        """The names of a place, the most specific first."""
        for start in _starts(where, self._lengths):
            yield Named("prefix", start)
        if metro := self.metro(where):
            yield Named("metro", metro)
        for code in (where.subdivision, *where.regions):
            yield Named("subdivision", code)
        yield Named("country", where.country)
        yield WORLD


def normal_postal_code(text: str) -> str:
    """A postal code as it is compared: "SW1A 1AA", "sw1a1aa" and "SW1A-1AA" are one."""
    return "".join(letter for letter in text if letter.isalnum()).upper()


def prefix(country: str, start: str) -> str:
    """The start of a postal code as territories and metropolitan areas name it: "FR 750"."""
    return f"{country} {normal_postal_code(start)}"


def _lengths(prefixes: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """By country the lengths that its prefixes have, longest first."""
    lengths: dict[str, set[int]] = defaultdict(set)
    for one in prefixes:
        country, _space, start = one.partition(" ")
        lengths[country].add(len(start))
    return {country: tuple(sorted(own, reverse=True)) for country, own in lengths.items()}


def _starts(where: Where, lengths: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """The starts of a postal code that may be named, the longest first."""
    if not where.postal_code or where.country not in lengths:
        return
    code = normal_postal_code(where.postal_code)
    for length in lengths[where.country]:
        if length <= len(code):
            yield f"{where.country} {code[:length]}"
