"""`make screenshots`: the admin pages that are more than a list and a form, to be looked at."""

import pytest
from django.urls import reverse

from leaddistrib.lifecycle import claim, receive
from leaddistrib.lifecycle.drafting import new_draft
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Rep
from leaddistrib.testing import LeadFactory, publish_rules
from tests.browser.screenshots import shoot as shoot

RULES = [
    {
        "name": "Enterprise demos in France and Belgium",
        "when": {
            "all": [
                {"field": "country", "op": "in", "value": ["FR", "BE", "LU"]},
                {
                    "any": [
                        {"field": "size_band", "op": "eq", "value": "enterprise"},
                        {"field": "employees", "op": "between", "value": [200, 499]},
                    ]
                },
                {"not": {"field": "attributes.partner", "op": "is_blank", "value": False}},
                {"field": "city", "op": "in", "value": ["Paris", "Lyon"]},
            ]
        },
        "then": {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "France & UK"}]},
    },
    {
        "name": "Hot",
        "when": {"field": "score", "op": "gte", "value": 80},
        "then": {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "France & UK"}]},
    },
    {"name": "Everything else", "when": {}, "then": {"pool": "France & UK"}},
]
FILE = """Company;E-mail;Country;Score;Ref;Budget
Boulangeries Lenoir;jeanne@lenoir.fr;France;85;1;20 000
Kestrel Insurance;nobody;GB;72;2;
Halvorsen Logistics;;Norway;64;3;12 000
Ateliers Brémond;contact@bremond.fr;Atlantis;38;4;
"""


@pytest.fixture
def language():
    return "en"


def test_admin(company, shoot, tmp_path):
    version = publish_rules(RULES)
    Rep.objects.filter(pk=company.bruno.pk).update(paused=True)
    lead = receive(
        clean({"company": "Boulangeries Lenoir", "country": "FR", "score": 91, "city": "Lille"})
    ).lead
    raced = receive(clean({"company": "Kestrel Insurance", "country": "GB", "score": 30})).lead
    for rep in (company.chloe, company.amina, company.bruno):
        claim(raced, rep, via="page")
    for number in range(12):
        LeadFactory(company=f"Company {number}", pool=company.race)
    draft = new_draft(based_on=version, note="Belgium joins")
    rule = draft.rules.get(position=1)
    draft.rules.filter(name="Hot").update(when={})
    file = tmp_path / "leads.csv"
    file.write_text(FILE)

    def at(name, *args):
        return lambda page: page.goto(reverse(f"admin:leaddistrib_{name}", args=args))

    def wrong(page):
        at("rule_change", rule.pk)(page)
        page.get_by_label("Lowest").fill("900")
        page.locator("#id_steps-0-team").select_option("")
        page.get_by_role("button", name="Save", exact=True).click()

    def preview(page):
        at("lead_import")(page)
        page.get_by_label("File:").set_input_files(file)
        page.get_by_role("button", name="Preview").click()

    shoot("admin-rule", company.agnes, at("rule_change", rule.pk))
    shoot("admin-rule-errors", company.agnes, wrong)
    shoot("admin-draft", company.agnes, at("ruleset_change", draft.pk))
    shoot("admin-publish", company.agnes, at("ruleset_publish", draft.pk))
    shoot("admin-lead", company.agnes, at("lead_change", lead.pk))
    shoot("admin-lead-raced", company.agnes, at("lead_change", raced.pk))
    shoot("admin-lead-add", company.agnes, at("lead_add"))
    shoot("admin-leads", company.agnes, at("lead_changelist"))
    shoot("admin-reps", company.agnes, at("rep_changelist"))
    shoot("admin-import", company.agnes, preview)
