"""`make screenshots`: the admin pages that are more than a list and a form, to be looked at."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import claim, receive
from leaddistrib.lifecycle.drafting import move_rule, new_draft, write_rule
from leaddistrib.lifecycle.dryruns import ask, work_off
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.publishing import put_in_force
from leaddistrib.models import DryRun, Lead, Rep, Rule, RuleReview, RuleStep, Webhook
from leaddistrib.testing import (
    LeadFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
    publish_rules,
)
from tests.admin.company import company as something_of_everything
from tests.browser.screenshots import language as language
from tests.browser.screenshots import opening
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
        page.locator(".cond-value input[type=number]:visible").first.fill("900")
        page.locator("#id_steps-0-team").select_option("")
        page.locator("[name=_save]").click()

    def preview(page):
        at("lead_import")(page)
        page.locator("input[type=file]").set_input_files(file)
        page.locator("#content form [type=submit]").first.click()

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


TERRITORY = {"field": "territory", "op": "in", "value": ["Île-de-France"]}
EVERY_WIDGET = {
    "all": [
        {"field": "country", "op": "in", "value": ["FR", "BE"]},
        {"field": "subdivision", "op": "in", "value": ["FR-75", "FR-69"]},
        {"field": "industry", "op": "in", "value": ["bakery", "insurance"]},
        {"field": "source", "op": "eq", "value": "website"},
        {
            "any": [
                TERRITORY,
                {"field": "score", "op": "between", "value": [40, 79]},
                {"field": "attributes.event", "op": "eq", "value": "Bakery Fair"},
                {"not": {"field": "account_owner", "op": "is_blank", "value": False}},
            ]
        },
    ]
}


@pytest.fixture
def versions(company):
    """A published version with leads, and a draft that changes some of it."""
    published = publish_rules(RULES)
    for number in range(40):
        country = ("FR", "BE", "GB")[number % 3]
        city = ("Paris", "Lille")[number % 2]
        receive(
            clean(
                {
                    "company": f"Company {number}",
                    "country": country,
                    "score": 30 + 2 * number,
                    "city": city,
                    "employees": 300,
                    "source": "website",
                }
            )
        )
    lyon = TeamFactory(name="Lyon")
    Rep.objects.filter(pk=company.chloe.pk).update(team=lyon)
    draft = new_draft(based_on=published, note="Hot leads go to Lyon")
    first, hot, _rest = draft.rules.order_by("position")
    hot.name = "Hot leads"
    write_rule(hot, [RuleStep(push="weighted", team=lyon)])
    move_rule(first, 1)
    rule = Rule(ruleset=draft, name="Every widget", when=EVERY_WIDGET)
    TerritoryFactory(name="Île-de-France", team=lyon)
    steps = [
        RuleStep(push="territory_owner"),
        RuleStep(push="least_loaded", team=lyon, seniority="senior", attended=True),
        RuleStep(pool=company.queue),
    ]
    write_rule(rule, steps)
    published.refresh_from_db()
    RuleReview.objects.create(
        key=published.rules.all()[0].key, at=timezone.now(), by=company.agnes, note="Still right"
    )
    return published, draft


def test_rule_sets(company, versions, shoot):
    published, draft = versions
    rule = draft.rules.get(name="Every widget")
    now = timezone.now()
    since = now - timedelta(days=30)
    done = ask(draft, since=since, until=now + timedelta(days=1), actor=company.agnes)
    compared = ask(
        draft, since=since, until=now + timedelta(days=1), strategies=True, actor=company.agnes
    )
    work_off(now, limit=2)
    waits = ask(draft, since=since, until=now, actor=company.agnes)
    DryRun.objects.filter(pk=waits.pk).update(asked_at=now - timedelta(minutes=2))
    lead = Lead.objects.filter(country="FR")[0]

    def at(name, *args, **query):
        return lambda page: page.goto(reverse(f"admin:leaddistrib_{name}", args=args, query=query))

    shoot("rules-draft", company.agnes, at("ruleset_change", draft.pk))
    shoot("rules-published", company.agnes, at("ruleset_change", published.pk))
    shoot("rules-editor", company.agnes, at("rule_change", rule.pk))
    shoot("rules-publish", company.agnes, at("ruleset_publish", draft.pk))
    shoot("rules-differences", company.agnes, at("ruleset_differences", draft.pk))
    shoot("rules-try", company.agnes, at("ruleset_try", draft.pk, lead=lead.pk))
    shoot("rules-strategies", company.agnes, at("dryrun_change", compared.pk))
    shoot("rules-review", company.agnes, at("rule_review", published.rules.first().pk))
    shoot("dry-run-add", company.agnes, at("dryrun_add", ruleset=draft.pk))
    shoot("dry-run", company.agnes, at("dryrun_change", done.pk))
    shoot("dry-run-leads", company.agnes, at("dryrun_leads", done.pk))
    shoot("dry-run-waits", company.agnes, at("dryrun_change", waits.pk))
    write_rule(draft.rules.get(name="Hot leads"), [RuleStep(pool=company.queue)])
    put_in_force(draft, actor=company.agnes)
    shoot("rules-roll-back", company.agnes, at("ruleset_rollback", published.pk))
    shoot("publications", company.agnes, at("publication_changelist"))


def test_every_list_and_form(transactional_db, shoot):
    """Each model's list, the form for a new one, and the latest one, as an admin meets them."""
    agnes = UserFactory(username="agnes", is_staff=True, is_superuser=True, password=None)
    something_of_everything(6)
    request = RequestFactory().get("/")
    request.user = agnes
    for model, page in admin.site._registry.items():
        if model._meta.app_label != "leaddistrib":
            continue
        name = model._meta.model_name
        at = f"admin:leaddistrib_{name}_{{}}".format
        shoot(f"admin-{name}-list", agnes, opening(reverse(at("changelist"))))
        if page.has_add_permission(request):
            shoot(f"admin-{name}-new", agnes, opening(reverse(at("add"))))
        latest = model._default_manager.order_by("-pk").first()
        if latest is not None:
            shoot(f"admin-{name}-one", agnes, opening(reverse(at("change"), args=[latest.pk])))
    rotate = reverse("admin:leaddistrib_webhook_rotate", args=[Webhook.objects.latest("pk").pk])
    shoot("admin-webhook-rotate", agnes, opening(rotate))
    shoot("admin-account-import", agnes, opening(reverse("admin:leaddistrib_account_import")))
