"""Territories with seeded postal prefixes, and leads that lie in them."""

import random
import sqlite3

from leaddistrib.engine.territories import Named, TerritoryIndex, TerritoryPlaces, Where

TERRITORIES = 50
METROS = {"FR 750": "paris", "FR 920": "paris", "FR 690": "lyon", "FR 130": "marseille"}
REGIONS = [("FR-75", "FR-IDF"), ("FR-69", "FR-ARA"), ("FR-13", "FR-PAC"), ("FR-35", "FR-BRE")]


def territories(prefixes: int, rng: random.Random) -> TerritoryIndex:
    """As many prefixes of three to five digits, dealt out to 50 territories; two more have a region
    and a metropolitan area, one the country, one the rest of the world."""
    places: list[list[Named]] = [[] for _ in range(TERRITORIES)]
    starts: set[str] = set()
    while len(starts) < prefixes:
        starts.add(f"{rng.randrange(1_000, 99_000):05}"[: rng.choice((3, 4, 5, 5, 5))])
    for number, start in enumerate(sorted(starts)):
        places[number % TERRITORIES].append(Named("prefix", f"FR {start}"))
    above = [
        (Named("subdivision", "FR-IDF"),),
        (Named("metro", "lyon"),),
        (Named("country", "FR"),),
        (),
    ]
    every = [tuple(own) or (Named("country", "XX"),) for own in places]
    return TerritoryIndex(
        (TerritoryPlaces(id_, own) for id_, own in enumerate((*every, *above), 1)), METROS
    )


def where(rng: random.Random) -> Where:
    """Nine of ten leads are French; half of these say their department."""
    if rng.random() < 0.1:
        return Where("DE", postal_code=f"{rng.randrange(100_000):05}")
    subdivision, region = rng.choice(REGIONS) if rng.random() < 0.5 else ("", "")
    code = f"{rng.randrange(1_000, 99_000):05}"
    return Where("FR", subdivision, (region,) if region else (), code)


def scanned(index: TerritoryIndex, place: Where) -> int | None:
    """The same territory by looking through all prefixes, as a check of the answer."""
    starts = [
        (len(name.code), -ids[0], ids[0])
        for name, ids in index._holders.items()
        if name.kind == "prefix" and f"{place.country} {place.postal_code}".startswith(name.code)
    ]
    if starts:
        return max(starts)[2]
    found = index.find(place)
    return found.territory if found else None


class Table:
    """The prefixes of an index in a table, asked in SQL: of all starts of a postal code that are in
    it the longest, and where two territories have that, the first."""

    QUERY = """
        SELECT territory FROM prefix
        WHERE country = ? AND start IN (?, ?, ?, ?, ?)
        ORDER BY length(start) DESC, territory LIMIT 1
    """

    def __init__(self, index: TerritoryIndex) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.database.execute(
            "CREATE TABLE prefix (country TEXT, start TEXT, territory INTEGER,"
            " PRIMARY KEY (country, start, territory)) WITHOUT ROWID"
        )
        rows = [
            (*name.code.split(" "), territory)
            for name, ids in index._holders.items()
            if name.kind == "prefix"
            for territory in ids
        ]
        self.database.executemany("INSERT INTO prefix VALUES (?, ?, ?)", rows)

    def find(self, place: Where) -> int | None:
        code = place.postal_code
        starts = (code[:length] for length in range(1, 6))  # as long as postal codes here are
        row = self.database.execute(self.QUERY, (place.country, *starts)).fetchone()
        return row[0] if row else None
