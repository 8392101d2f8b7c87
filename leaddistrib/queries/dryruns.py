"""The figures of a replay as they are kept with a dry run, with the names of that day (RU6)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Pool, Rep, Rule
from leaddistrib.queries.replay import Place, Replay, Side


def figures(replayed: Replay) -> dict[str, Any]:
    """What a dry run keeps, as JSON-able data. Pairs are [by the version beside, by the one tried].

    ``moves`` holds the most frequent first; ``load`` every active rep and whoever got a lead;
    ``gini`` is over those reps, 0 when all have the same and 1 when one has everything.
    """
    before, after = replayed.before, replayed.after
    reps = Rep.objects.select_related("user")
    names = {
        rep.pk: rep.name for rep in reps if rep.active or before.load[rep.pk] or after.load[rep.pk]
    }
    pools = dict(Pool.objects.order_by("name").values_list("pk", "name"))

    def named(place: Place) -> list[object]:
        kind, pk = place
        return [kind, pk, (names if kind == "rep" else pools).get(pk, "")]

    return {
        "beside": before.version,
        "leads": replayed.leads,
        "moved": replayed.moved,
        "moves": [
            {"from": named(was), "to": named(now), "leads": number}
            for (was, now), number in sorted(replayed.moves.items(), key=_most_first)
        ],
        "load": [
            {"rep": pk, "name": names[pk], "leads": [before.load[pk], after.load[pk]]}
            for pk in sorted(names, key=lambda pk: (-after.load[pk], names[pk], pk))
        ],
        "gini": [_gini(side, names) for side in (before, after)],
        "pools": [
            {"pool": pk, "name": name, "leads": [before.pools[pk], after.pools[pk]]}
            for pk, name in pools.items()
            if before.pools[pk] or after.pools[pk]
        ],
        "unmatched": [before.unmatched, after.unmatched],
        "found_nobody": [before.found_nobody, after.found_nobody],
        "rules": _rules(before.rules, after.rules),
    }


def _most_first(move: tuple[tuple[Place, Place], int]) -> tuple[int, tuple[Place, Place]]:
    places, number = move
    return -number, places


def _gini(side: Side, reps: Iterable[int]) -> float:
    return round(gini([side.load[rep] for rep in reps]), 4)


def _rules(before: Counter[int], after: Counter[int]) -> list[dict[str, Any]]:
    """How many leads each rule took, the same rule of both versions in one row, by its key. A
    number is None where the version has no such rule or it took nothing."""
    rules = Rule.objects.filter(pk__in={*before, *after}).order_by("position")
    rows: dict[str, dict[str, Any]] = {}
    for rule in sorted(rules, key=lambda one: one.pk not in after):
        row = rows.setdefault(
            str(rule.key), {"key": str(rule.key), "name": rule.name, "leads": [None, None]}
        )
        for index, side in enumerate((before, after)):
            if rule.pk in side:
                row["leads"][index] = side[rule.pk]
    return list(rows.values())
