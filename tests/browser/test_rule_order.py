"""An admin drags the rules of a draft into another order, by pointer and by keyboard."""

import pytest
from playwright.sync_api import expect

from leaddistrib.lifecycle.drafting import draft
from tests.browser.conftest import DESKTOP, PHONE


@pytest.fixture
def rules(company):
    names = ("French", "Belgian", "Swiss")
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Trade fairs"}]}
    when = [{"field": "country", "op": "eq", "value": code} for code in ("FR", "BE", "CH")]
    documents = [
        {"name": name, "when": one, "then": then} for name, one in zip(names, when, strict=True)
    ]
    return draft([*documents, {"name": "The rest", "when": {}, "then": {"pool": "Trade fairs"}}])


def names(rules):
    return list(rules.rules.order_by("position").values_list("name", flat=True))


def shown(page):
    return page.locator("[data-rule] h3").all_inner_texts()


def handle(page, name):
    return page.get_by_role("button", name=f"Move “{name}”: drag it")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_rule_is_dragged_to_another_place(company, rules, serve, enter, viewport):
    page = enter(serve(), company.agnes, viewport=viewport)
    page.goto(f"/admin/leaddistrib/ruleset/{rules.pk}/change/")
    swiss = handle(page, "Swiss")
    page.locator("[data-rule]").first.evaluate("rule => rule.scrollIntoView()")
    start = swiss.bounding_box()
    above = page.locator("[data-rule]").first.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, above["y"] + above["height"], steps=12)
    page.mouse.move(start["x"] + 5, above["y"] + 2, steps=6)
    page.mouse.up()
    expect(page.get_by_role("status")).to_have_text("“Swiss” is now rule 1 of 4.")
    assert shown(page) == ["Swiss", "French", "Belgian", "The rest"]
    assert names(rules) == ["Swiss", "French", "Belgian", "The rest"]


def test_a_rule_is_moved_with_the_arrow_keys(company, rules, serve, enter):
    page = enter(serve(), company.agnes, viewport=DESKTOP)
    page.goto(f"/admin/leaddistrib/ruleset/{rules.pk}/change/")
    handle(page, "French").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(handle(page, "French")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("“French” is now rule 3 of 4.")
    assert names(rules) == ["Belgian", "Swiss", "French", "The rest"]


def test_an_order_that_is_refused_goes_back_and_says_why(company, rules, serve, enter):
    page = enter(serve(), company.agnes, viewport=DESKTOP)
    page.goto(f"/admin/leaddistrib/ruleset/{rules.pk}/change/")
    rules.rules.get(name="Belgian").delete()
    handle(page, "French").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status")).to_contain_text("changed meanwhile")
    assert shown(page) == ["French", "Belgian", "Swiss", "The rest"]
    assert names(rules) == ["French", "Swiss", "The rest"]


def test_without_javascript_the_buttons_move_a_rule(company, rules, serve, enter):
    page = enter(serve(), company.agnes, viewport=DESKTOP, java_script_enabled=False)
    page.goto(f"/admin/leaddistrib/ruleset/{rules.pk}/change/")
    page.get_by_role("button", name="Move “Swiss” up").click()
    assert names(rules) == ["French", "Swiss", "Belgian", "The rest"]
