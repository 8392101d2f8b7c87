"""Other engines, asked the same rules: zen-engine and datalogic-py.

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
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import datalogic_py
import zen

from benchmarks._segments import Document


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
