"""What does it cost to decide? Ours beside zen-engine and datalogic-py, and where a lead lies.

    python -m benchmarks.decide [--leads 10000]

The same seeded rules (10, 100, 200, 1,000, the last a catch-all) and the same leads go to each
engine, in the same run, and the answers are asserted to be equal. Figures are microseconds for
one lead, the best of several rounds; making each engine's rules ready is not counted. Ours are
`Matcher.first`, and `Matcher.explain`, which is what a routed lead costs; `_engines` says how the
others are asked. The slow ones are asked for fewer leads.

Then territories, by 10, 500 and 5,000 postal prefixes: to find a lead's territory, and to find it
and then the rule of 200 that takes the lead, a third of which ask for a territory. Beside it stands
the same question, which territory by the longest prefix, put to a table in SQLite's memory with an
index over country and prefix: the way in which an application without an index of its own asks, at
its best, for no server and no network are in between. `_postcodes.Table` is that.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks._engines import nested, references
from benchmarks._postcodes import TERRITORIES, Table, scanned, territories, where
from benchmarks._segments import lead, leaf, rule
from leaddistrib.engine.conditions import parse
from leaddistrib.engine.matcher import compile_rules
from leaddistrib.engine.territories import Where

SEED = 20
SIZES = (10, 100, 200, 1000)
PREFIXES = (10, 500, 5000)
ROUNDS = 5
SLOW_LEADS = 1000  # for the references
CHECKED = 200  # leads whose territory is looked up the slow way too


def best(ask: Callable[[Any], object], leads: Sequence[object], rounds: int = ROUNDS) -> float:
    """Microseconds for one lead in the best round; the answers are thrown away."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for values in leads:
            ask(values)
        times.append(time.perf_counter() - started)
    return min(times) / len(leads) * 1e6


def measure_territories(leads: Sequence[dict[str, object]]) -> None:
    """A lead's territory by more and more postal prefixes, alone and with the rule it leads to."""
    rng = random.Random(SEED)
    places = [where(rng) for _ in leads]
    rng = random.Random(SEED + 200)
    rules = [rule(rng) for _ in range(199)]
    for document in rules[::3]:
        document["all"].append(leaf("territory", "eq", f"t{rng.randint(1, TERRITORIES)}"))
    matcher = compile_rules([parse(when) for when in (*rules, {})])
    print(
        f"{'prefixes':>8}{'territory':>11}{'territory and rule':>20}{'SQLite':>9}{'×':>6}"
        "   (microseconds for one lead)"
    )
    for size in PREFIXES:
        index = territories(size, random.Random(SEED + size))
        table = Table(index)
        for place in places[:CHECKED]:
            found = index.find(place)
            assert (found and found.territory) == scanned(index, place), place
            if found and found.by.kind == "prefix":
                assert table.find(place) == found.territory, place

        def decide(both: tuple[dict[str, object], Where], index: Any = index) -> None:
            values, place = both
            found = index.find(place)
            matcher.explain({**values, "territory": f"t{found.territory}" if found else ""})

        alone = best(index.find, places)
        together = best(decide, list(zip(leads, places, strict=True)))
        asked = best(table.find, places)
        print(f"{size:>8,}{alone:>11.2f}{together:>20.2f}{asked:>9.2f}{asked / alone:>6.1f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--leads", type=int, default=10_000)
    wanted: int = arguments.parse_args().leads
    rng = random.Random(SEED)
    leads = [lead(rng) for _ in range(wanted)]
    nests = [nested(values) for values in leads]
    few = min(wanted, SLOW_LEADS)
    print(f"{wanted:,} leads ({few:,} for zen-engine and datalogic-py), best of {ROUNDS} rounds")
    print("microseconds for one lead; × is how many times as long as ours takes")
    print("tried: the rules before the one that took the lead, on average\n")
    print(f"{'rules':>6}{'first':>8}{'explain':>9}{'tried':>7}   reference{'µs':>13}", end="")
    print(f"{'× first':>9}{'× explain':>11}")

    firsts = {}
    for size in SIZES:
        rng = random.Random(SEED + size)
        rules = [rule(rng) for _ in range(size - 1)] + [{}]
        matcher = compile_rules([parse(when) for when in rules])
        answers = [matcher.first(values) for values in leads]
        assert answers == [matcher.explain(values).index for values in leads]

        firsts[size] = first = best(matcher.first, leads)
        explain = best(matcher.explain, leads)
        tried = sum(answer or 0 for answer in answers) / len(answers)
        print(f"{size:>6,}{first:>8.2f}{explain:>9.2f}{tried:>7.0f}", end="")
        for name, ask in references(rules).items():
            assert [ask(values) for values in nests[:few]] == answers[:few], name
            other = best(ask, nests[:few])
            print(f"   {name:<12}{other:>10.1f}{other / first:>9.1f}{other / explain:>11.1f}")
            print(" " * 30, end="")
        print()
    print(f"1,000 rules cost {firsts[1000] / firsts[10]:.2f} × what 10 cost (first)\n")
    measure_territories(leads)


if __name__ == "__main__":
    main()
