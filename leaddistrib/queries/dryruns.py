"""What is kept of a replay with its dry run: figures with the names of that day, and the leads
behind them (RU6)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Pool, Rep, Rule
from leaddistrib.queries.replay import Outcome, Place, Replay, Side

Named = Sequence[Any]
"""A place as it is kept: kind, primary key, name."""

MOVED = "moved"

LEADS_BEHIND = ("places", "went", "order", "unassigned")
"""The keys of a result that say which leads are behind its figures. It may have none of them: such
lists are not kept for ever, and the oldest results never had them."""


def figures(replayed: Replay) -> dict[str, Any]:
    """What a dry run keeps, as JSON-able data. Pairs are [by the version beside, by the one tried].

    ``moves`` holds the most frequent first; ``load`` every active rep and whoever got a lead;
    ``gini`` is over those reps, 0 when all have the same and 1 when one has everything. ``places``
    are all that a lead went to, ``went`` holds the leads by two indexes of them, ``order`` all of
    them as they came, ``unassigned`` those that no rule took and those that found nobody:
    ``leads_behind`` reads them.
    """
    before, after = replayed.before, replayed.after
    names = _names(before.load, after.load)
    pools = dict(Pool.objects.order_by("name").values_list("pk", "name"))

    def named(place: Place) -> Named:
        kind, pk = place
        return [kind, pk, (names if kind == "rep" else pools).get(pk, "")]

    places = sorted({place for pair in replayed.went for place in pair})
    index = {place: number for number, place in enumerate(places)}
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
        "unmatched": [len(before.unmatched), len(after.unmatched)],
        "found_nobody": [len(before.found_nobody), len(after.found_nobody)],
        "rules": _rules(before.rules, after.rules),
        "places": [named(place) for place in places],
        "went": [[index[was], index[now], ids] for (was, now), ids in replayed.went.items()],
        "order": replayed.order,
        "unassigned": {
            "nobody-before": before.found_nobody,
            "nobody-after": after.found_nobody,
            "unmatched-before": before.unmatched,
            "unmatched-after": after.unmatched,
        },
    }


def leads_behind(
    result: Mapping[str, Any], was: str = "", now: str = "", only: str = ""
) -> dict[int, tuple[Named, Named]]:
    """The leads of a dry run by primary key, the latest received first, each with where the version
    beside sent it and where the one that was tried. A result without ``order`` gives them by key,
    which is another order where history was imported.

    ``was`` and ``now`` keep those of one place (``place_key``); ``only`` those that "moved", or one
    of the lists of ``unassigned``.
    """
    places = result["places"]
    found: dict[int, tuple[Named, Named]] = {}
    for old, new, leads in result["went"]:
        here = was in ("", place_key(places[old])) and now in ("", place_key(places[new]))
        if here and not (only == MOVED and old == new):
            found.update(dict.fromkeys(leads, (places[old], places[new])))
    chosen = found.keys() & set(result["unassigned"].get(only, found))
    order = result.get("order") or sorted(found)
    return {lead: found[lead] for lead in reversed(order) if lead in chosen}


def place_key(place: Named) -> str:
    """A place as it stands in an address, such as "rep-12"."""
    return f"{place[0]}-{place[1]}"


def strategy_figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What a comparison of strategies keeps: each outcome, and each rep's leads in all of them, the
    most in the first one first."""
    names = _names(*(Counter(one.load) for one in outcomes))
    load = {pk: [one.load.get(pk, 0) for one in outcomes] for pk in names}
    return {
        "strategies": [
            {
                "strategy": one.strategy,
                "waiting": one.waiting,
                "gini_among": round(one.gini_among, 4),
                "gini_roster": round(one.gini_roster, 4),
            }
            for one in outcomes
        ],
        "load": [
            {"rep": pk, "name": names[pk], "leads": load[pk]}
            for pk in sorted(names, key=lambda pk: (-load[pk][0], names[pk], pk))
        ],
    }


def _names(*loads: Counter[int]) -> dict[int, str]:
    """Names of the active reps and of whoever got a lead."""
    reps = Rep.objects.select_related("user")
    return {rep.pk: rep.name for rep in reps if rep.active or any(load[rep.pk] for load in loads)}


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
