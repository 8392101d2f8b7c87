"""An admin builds a nested rule with the widgets, in a real browser, and puts it in force."""

import re

import pytest
from playwright.sync_api import expect

from leaddistrib.lifecycle.drafting import new_draft
from leaddistrib.models import RuleSet
from leaddistrib.queries import rulebook
from tests.browser.conftest import DESKTOP, PHONE


@pytest.fixture
def draft(company):
    return new_draft(based_on=RuleSet.objects.get(status=RuleSet.Status.PUBLISHED))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_nested_rule_is_built_with_widgets_and_published(company, draft, serve, enter, viewport):
    page = enter(serve(), company.agnes, viewport=viewport)
    page.goto(f"/admin/leaddistrib/ruleset/{draft.pk}/change/")
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name:").fill("Hot bakeries")

    root = page.locator("[data-cond-row='root']")
    root.get_by_role("button", name="+ Condition").click()
    first = root.locator(".cond-row").nth(0)
    first.get_by_label("Field").select_option(label="Size")
    first.get_by_label("Operator").select_option(label="is one of")
    first.get_by_label("Value").select_option(["smb", "mid_market"])

    root.get_by_role("button", name="+ Group").click()
    group = root.locator(".cond-group")
    group.locator("legend select").select_option("none")
    inner = group.locator(".cond-row").nth(0)
    inner.get_by_label("Field").select_option(label="Score")
    inner.get_by_label("Operator").select_option(label="is between")
    inner.get_by_label("Lowest").fill("0")
    inner.get_by_label("Highest").fill("39")
    group.get_by_role("button", name="+ Condition").click()
    second = group.locator(".cond-row").nth(1)
    second.get_by_label("Field").select_option(label="Attribute …")
    second.get_by_label("Name of the attribute").fill("partner")
    second.get_by_label("Operator").select_option(label="is blank")
    group.get_by_role("button", name="+ Condition").click()
    group.locator(".cond-row").nth(2).get_by_role("button", name="Remove this condition").click()

    page.locator("#id_steps-0-team").select_option(label="Paris")
    page.locator("#id_steps-0-order").fill("1")
    page.get_by_text("Add another step").click()
    page.locator("#id_steps-1-pool").select_option(label="Trade fairs")
    page.get_by_role("button", name="Save", exact=True).click()

    first_rule = page.locator(".leaddistrib-rule").first
    expect(first_rule).to_contain_text("Hot bakeries")
    expect(first_rule).to_contain_text("Size is one of Small (under 50), Mid-market (50–499)")
    page.get_by_role("link", name="Publish …").click()
    expect(page.get_by_role("row", name=re.compile("Hot bakeries"))).to_be_visible()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text(f"Version {draft.version} is in force.")).to_be_visible()

    draft.refresh_from_db()
    assert draft.status == RuleSet.Status.PUBLISHED
    assert draft.published_by == company.agnes
    assert rulebook.documents(draft)[0] == {
        "name": "Hot bakeries",
        "when": {
            "all": [
                {"field": "size_band", "op": "in", "value": ["smb", "mid_market"]},
                {
                    "not": {
                        "any": [
                            {"field": "score", "op": "between", "value": [0, 39]},
                            {"field": "attributes.partner", "op": "is_blank", "value": True},
                        ]
                    }
                },
            ]
        },
        "then": {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Trade fairs"}]},
    }


def test_a_value_keeps_what_was_typed_when_its_widget_changes(company, draft, serve, enter):
    page = enter(serve(), company.agnes, viewport=DESKTOP)
    page.goto(f"/admin/leaddistrib/rule/add/?ruleset={draft.pk}")
    page.get_by_role("button", name="+ Condition").click()
    row = page.locator(".cond-row")
    row.get_by_label("Field").select_option(label="City")
    row.get_by_label("Value").fill("Lyon")
    row.get_by_label("Operator").select_option(label="is one of")
    expect(row.get_by_label("Values, one per line")).to_have_value("Lyon")
    row.get_by_label("Operator").select_option(label="is")
    expect(row.get_by_label("Value")).to_have_value("Lyon")
    row.get_by_label("Field").select_option(label="Country")
    row.get_by_label("Value").select_option("FR")
    row.get_by_label("Operator").select_option(label="is one of")
    expect(row.locator("select[multiple]")).to_have_values(["FR"])
    # Numbers have no "contains".
    row.get_by_label("Field").select_option(label="Score")
    expect(row.get_by_label("Operator").locator("option[value=contains]")).to_be_disabled()


def test_without_javascript_a_rule_is_edited_and_gets_one_more_condition(
    company, draft, serve, enter
):
    page = enter(serve(), company.agnes, viewport=DESKTOP, java_script_enabled=False)
    rule = draft.rules.get()
    page.goto(f"/admin/leaddistrib/rule/{rule.pk}/change/")
    row = page.locator("[data-cond-row='new']")
    row.get_by_label("Field").select_option(label="City")
    row.get_by_label("Operator").select_option(label="contains")
    row.get_by_label("Value").fill("Lyon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("City contains Lyon")).to_be_visible()
    rule.refresh_from_db()
    assert rule.when == {"all": [{"field": "city", "op": "contains", "value": "Lyon"}]}
