"""What does it cost to find a lead's rule? Ours beside zen-engine and datalogic-py.

    python -m benchmarks.decide [--leads 10000]

The same seeded rules (10, 100, 200, 1,000, the last a catch-all) and the same leads go to each
engine, in the same run, and the answers are asserted to be equal. Figures are microseconds for
one lead, the best of several rounds; making each engine's rules ready is not counted.

- ours: `Matcher.first`, and `Matcher.explain`, which is what a routed lead costs.
- zen table: zen-engine's decision table, which is its form for a list of rules of which the first
  decides: hit policy "first", a column for each field with unary cells, one more column of
  expressions for what spans fields. The content is precompiled, as its documentation advises,
  because only then the engine (2.0 and later) indexes the cells that ask for equality.
- zen traced: the same with its trace, which tells the row that was hit and is the nearest thing
  it has to our explanation (ours tells why each rule before it was missed).
- zen ternary: the same rules as one expression, `a ? 0 : b ? 1 : …`, compiled once. Nobody would
  keep rules so, and no table, trace or name is left in it, but it is the fastest way that was
  found to get the same number out of zen-engine.
- datalogic-py: one JSONLogic `if` chain, compiled once and asked in a session, which is the way
  its documentation gives for hot loops; a lead is handed over as a dict.

Texts are in lower case in rules and leads, and numbers are known, because the two others compare
case-sensitively and treat missing numbers differently. The slow ones are asked for fewer leads.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import datalogic_py
import zen

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.matcher import compile_rules

SEED = 20
SIZES = (10, 100, 200, 1000)
ROUNDS = 5
SLOW_LEADS = 1000  # for the references

COUNTRIES = [
    *("fr", "be", "ch", "lu", "de", "at", "nl", "es", "pt", "it", "gb", "ie"),
    *("dk", "se", "no", "fi", "pl", "cz", "us", "ca", "mx", "br", "jp", "au"),
]
INDUSTRIES = [
    *("software", "retail", "banking", "insurance", "energy", "health", "logistics", "media"),
    *("education", "construction", "agriculture", "automotive", "aerospace", "telecom"),
    *("hospitality", "legal", "public", "chemicals"),
]
LEAD_TYPES = ["demo_request", "trial", "download", "webinar", "contact_form", "referral"]
SOURCES = [
    *("website", "google", "linkedin", "partner", "fair", "email", "phone", "referral"),
    *("newsletter", "chat"),
]
PRODUCTS = ["", "crm", "billing", "analytics", "support", "payroll"]
TITLES = ["", "chief executive", "vp sales", "head of it", "director of finance", "buyer", "intern"]
WORDS = ["chief", "vp", "head", "director"]
SIZES_OF_COMPANY = [10, 50, 100, 250, 500, 1000, 5000]

Document = dict[str, Any]


def leaf(field: str, op: str, value: object) -> Document:
    return {"field": field, "op": op, "value": value}


def some(rng: random.Random, words: Sequence[str], most: int) -> list[str]:
    return sorted(rng.sample([word for word in words if word], rng.randint(2, most)))


def one_of(rng: random.Random, field: str, words: Sequence[str], most: int) -> Document:
    if rng.random() < 0.6:
        return leaf(field, "eq", rng.choice([word for word in words if word]))
    return leaf(field, "in", some(rng, words, most))


def rule(rng: random.Random) -> Document:
    """A segment as a company writes it: a place, and two to four things besides."""
    low = rng.randrange(len(SIZES_OF_COMPANY) - 1)
    least, most = SIZES_OF_COMPANY[low], SIZES_OF_COMPANY[low + 1] - 1
    besides: list[tuple[int, Document]] = [
        (5, one_of(rng, "industry", INDUSTRIES, 5)),
        (3, leaf("employees", "gte", least)),
        (3, leaf("employees", "between", [least, most])),
        (3, leaf("score", "gte", rng.randrange(10, 95, 5))),
        (4, one_of(rng, "lead_type", LEAD_TYPES, 3)),
        (3, one_of(rng, "source", SOURCES, 4)),
        (1, leaf("product", "ne", rng.choice(PRODUCTS[1:]))),
        (1, leaf("product", "is_blank", False)),
        (1, leaf("contact.title", "contains", rng.choice(WORDS))),
        (1, leaf("postal_code", "starts_with", f"{rng.randrange(1, 96):02}")),
        (1, {"not": leaf("source", "in", some(rng, SOURCES, 3))}),
        (
            2,
            {
                "any": [
                    leaf("lead_type", "eq", rng.choice(LEAD_TYPES)),
                    leaf("score", "gte", rng.randrange(50, 95, 5)),
                ]
            },
        ),
    ]
    # Weighted, without taking one twice: the heavier, the likelier an early place
    besides.sort(key=lambda pair: rng.random() ** (1 / pair[0]), reverse=True)
    chosen = [document for _, document in besides[: rng.randint(2, 4)]]
    return {"all": [one_of(rng, "country", COUNTRIES, 4), *chosen]}


def lead(rng: random.Random) -> dict[str, object]:
    return {
        "country": rng.choice(COUNTRIES),
        "industry": rng.choice(INDUSTRIES),
        "employees": int(10 ** rng.uniform(0, 4.3)),
        "score": rng.randrange(101),
        "lead_type": rng.choice(LEAD_TYPES),
        "source": rng.choice(SOURCES),
        "product": rng.choice(PRODUCTS),
        "postal_code": f"{rng.randrange(1, 96):02}{rng.randrange(1000):03}",
        "contact.title": rng.choice(TITLES),
        "company": f"company {rng.randrange(10**6)}",
    }


def nested(values: Mapping[str, object]) -> Document:
    """The lead as the other engines read it: "contact.title" is a title within a contact."""
    document: Document = {}
    for name, value in values.items():
        *outer, last = name.split(".")
        place = document
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return document


def zen_test(node: Document, subject: str | None = None) -> str:
    """A condition as a ZEN expression, about `subject` ("$" in the cell of a field's column)."""
    if "all" in node or "any" in node:
        group = "all" if "all" in node else "any"
        word = " and " if group == "all" else " or "
        return "(" + word.join(zen_test(inner) for inner in node[group]) + ")"
    if "not" in node:
        return f"not ({zen_test(node['not'])})"
    it, value = subject or node["field"], json.dumps(node["value"])
    match node["op"]:
        case "eq":
            return f"{it} == {value}"
        case "ne":
            return f"{it} != {value}"
        case "in":
            return f"{it} in {value}"
        case "gte":
            return f"{it} >= {value}"
        case "between":
            low, high = node["value"]
            return f"{it} in [{low}..{high}]"
        case "contains":
            return f"contains({it}, {value})"
        case "starts_with":
            return f"startsWith({it}, {value})"
        case "is_blank":
            return f'{it} {"==" if node["value"] else "!="} ""'
    raise AssertionError(node)


def zen_cell(tests: list[Document]) -> str:
    """The cell of a field's column: the short unary form where there is one, as it is indexed."""
    if len(tests) == 1:
        node = tests[0]
        match node["op"]:
            case "eq":
                return json.dumps(node["value"])
            case "in":
                return ", ".join(json.dumps(value) for value in node["value"])
            case "gte":
                return f">= {node['value']}"
            case "between":
                return "[{}..{}]".format(*node["value"])
    return " and ".join(zen_test(node, "$") for node in tests)


def zen_decision(rules: Sequence[Document]) -> Any:
    """A decision table, a row for each rule."""
    rows: list[dict[str, list[Document]]] = []
    for when in rules:
        cells: dict[str, list[Document]] = {}
        for node in when.get("all", []):
            cells.setdefault(node.get("field", ""), []).append(node)
        rows.append(cells)
    fields = sorted({field for cells in rows for field in cells})
    table = {
        "hitPolicy": "first",
        "inputs": [
            {"id": f"i{field}", "name": field or "and", **({"field": field} if field else {})}
            for field in fields
        ],
        "outputs": [{"id": "o", "name": "rule", "field": "rule"}],
        "rules": [
            {
                "_id": str(index),
                "o": str(index),
                **{
                    f"i{field}": zen_cell(nodes) if field else zen_test({"all": nodes})
                    for field, nodes in cells.items()
                },
            }
            for index, cells in enumerate(rows)
        ],
    }
    position = {"x": 0, "y": 0}
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "lead", "position": position},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "rules",
                "position": position,
                "content": table,
            },
            {"id": "out", "type": "outputNode", "name": "answer", "position": position},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    return zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(graph)))


def zen_ternary(rules: Sequence[Document]) -> Any:
    """All rules as one expression."""
    *conditional, _always = rules
    answers = [f"{zen_test(when)} ? {index} : " for index, when in enumerate(conditional)]
    return zen.compile_expression("".join(answers) + str(len(conditional)))


def json_logic(node: Document) -> Any:
    """A condition as JSONLogic."""
    if not node:
        return True
    for group, word in (("all", "and"), ("any", "or")):
        if group in node:
            return {word: [json_logic(inner) for inner in node[group]]}
    if "not" in node:
        return {"!": [json_logic(node["not"])]}
    it, value = {"var": node["field"]}, node["value"]
    match node["op"]:
        case "eq":
            return {"===": [it, value]}
        case "ne":
            return {"!==": [it, value]}
        case "in":
            return {"in": [it, value]}
        case "gte":
            return {">=": [it, value]}
        case "between":
            return {"<=": [value[0], it, value[1]]}
        case "contains":
            return {"in": [value, it]}
        case "starts_with":
            return {"starts_with": [it, value]}
        case "is_blank":
            return {"===" if value else "!==": [it, ""]}
    raise AssertionError(node)


def references(rules: Sequence[Document]) -> dict[str, Callable[[Document], object]]:
    """Each reference by name: a function from a lead to the index of the rule that takes it."""
    table = zen_decision(rules)
    engine = datalogic_py.Engine()
    chain = [part for i, when in enumerate(rules) for part in (json_logic(when), i)]
    compiled = engine.compile({"if": chain})
    session = engine.session()
    return {
        "zen table": lambda values: table.evaluate(values)["result"]["rule"],
        "zen traced": lambda values: table.evaluate(values, {"trace": True})["result"]["rule"],
        "zen ternary": zen_ternary(rules).evaluate,
        "datalogic": lambda values: session.evaluate(compiled, values),
    }


def best(ask: Callable[[Any], object], leads: Sequence[object], rounds: int = ROUNDS) -> float:
    """Microseconds for one lead in the best round; the answers are thrown away."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for values in leads:
            ask(values)
        times.append(time.perf_counter() - started)
    return min(times) / len(leads) * 1e6


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
    print(f"1,000 rules cost {firsts[1000] / firsts[10]:.2f} × what 10 cost (first)")


if __name__ == "__main__":
    main()
