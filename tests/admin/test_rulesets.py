"""The pages around a version of the rules: order, findings, tries, differences, publications."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.drafting import draft_of, new_draft, write_rule
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.publishing import put_in_force
from leaddistrib.models import (
    Assignment,
    Decision,
    Lead,
    Outcome,
    Publication,
    Rule,
    RuleReview,
    RuleSet,
    RuleStep,
    Turn,
)
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, UserFactory, publish_rules

pytestmark = pytest.mark.django_db

PUSH = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}


def leaf(country):
    return {"field": "country", "op": "eq", "value": country}


@pytest.fixture
def amina():
    return RepFactory(
        user__username="amina", user__first_name="Amina", team=TeamFactory(name="Paris")
    )


@pytest.fixture
def published(amina):
    PoolFactory(name="Everyone", reps=[amina])
    return publish_rules(
        [
            {"name": "French", "when": leaf("FR"), "then": PUSH},
            {"name": "Belgian", "when": leaf("BE"), "then": PUSH},
            {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )


@pytest.fixture
def draft(published):
    return draft_of(published)


@pytest.fixture
def editor(signed_in):
    """Olga may edit and publish rules, and look at leads."""
    names = [f"{act}_{model}" for act in ("add", "change", "view") for model in ("rule", "ruleset")]
    steps = [f"{act}_rulestep" for act in ("add", "change", "delete", "view")]
    return signed_in(*names, *steps, "view_lead", "view_publication")


@pytest.fixture
def onlooker(signed_in):
    return signed_in("view_rule", "view_ruleset")


def page(ruleset, name="change", *more):
    return reverse(f"admin:leaddistrib_ruleset_{name}", args=[ruleset.pk, *more])


def names(ruleset):
    return list(ruleset.rules.order_by("position").values_list("name", flat=True))


def ids(ruleset):
    return list(ruleset.rules.order_by("position").values_list("pk", flat=True))


# Order


def test_a_new_order_is_kept_as_it_was_dragged(editor, draft):
    french, belgian, rest = ids(draft)
    response = editor.post(page(draft, "order"), {"rule": [belgian, french, rest]})
    assert response.status_code == 200
    assert names(draft) == ["Belgian", "French", "The rest"]


def test_an_order_of_other_rules_than_the_drafts_is_refused_and_says_why(editor, draft):
    french, belgian, rest = ids(draft)
    for given in ([belgian, french], [belgian, french, rest, rest], [belgian, french, "x"]):
        response = editor.post(page(draft, "order"), {"rule": given})
        assert response.status_code == 409
        assert "changed meanwhile" in response.json()["problem"]
    assert names(draft) == ["French", "Belgian", "The rest"]


def test_a_version_in_force_takes_no_other_order(editor, published):
    assert editor.post(page(published, "order"), {"rule": ids(published)[::-1]}).status_code == 403
    assert names(published) == ["French", "Belgian", "The rest"]


# The list


def test_a_rule_shows_how_often_it_matched_with_its_leads_and_when_it_was_reviewed(
    editor, published
):
    receive(clean({"company": "Boulangeries Lenoir", "country": "FR"}))
    french = published.rules.get(name="French")
    RuleReview.objects.create(key=french.key, at=timezone.now(), by=editor.user, note="fine")
    copy = draft_of(published)
    for version in (published, copy):
        first, second, _rest = editor.get(page(version)).context["rules"]
        assert (first.matched, second.matched) == (1, 0)
        assert (first.review.note, second.review) == ("fine", None)
        [lead] = editor.get(first.leads).context["cl"].result_list
        assert lead.company == "Boulangeries Lenoir"


def test_findings_stand_beside_their_rule(editor, draft):
    TeamFactory(name="Nobody")
    rule = draft.rules.get(name="Belgian")
    nobody = RuleStep(push="round_robin", team=TeamFactory._meta.model.objects.get(name="Nobody"))
    write_rule(rule, [nobody])
    shown = {one.rule.name: one.findings for one in editor.get(page(draft)).context["rules"]}
    assert any(level == "error" and "nobody works" in text for level, text in shown["Belgian"]), (
        shown
    )
    assert any(level == "warning" and "fallback" in text for level, text in shown["Belgian"])
    assert not any(level == "error" for level, _text in shown["French"])


def test_the_page_of_a_version_costs_the_same_for_3_rules_as_for_30(editor, draft, amina):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert editor.get(page(draft)).status_code == 200
        return len(asked)

    queries()
    few = queries()
    for number in range(30):
        rule = Rule(ruleset=draft, name=f"Rule {number}", when=leaf(f"A{number}"))
        write_rule(rule, [RuleStep(push="round_robin", team=amina.team)])
    assert queries() <= few


# Publishing


def confirmed(client, ruleset, name="publish"):
    """What the page's form sends with its button, once its warnings were read."""
    shown = client.get(page(ruleset, name))
    sent: dict[str, object] = {one: shown.context[one] for one in ("confirmed", "seen")}
    for field, value in sent.items():
        assert f'name="{field}" value="{value}"' in shown.content.decode()
    if name == "publish":
        sent["acknowledged"] = shown.context["fingerprint"]
    return sent


def test_warnings_must_be_read_before_a_draft_is_published(editor, draft, amina):
    rule = draft.rules.get(name="Belgian")
    write_rule(rule, [RuleStep(push="round_robin", team=amina.team)])
    read = confirmed(editor, draft)
    refused = editor.post(page(draft, "publish"), {"publish": "1"})
    assert "Confirm that you have read the warnings" in refused.content.decode()
    other = editor.post(page(draft, "publish"), {"publish": "1", **read, "acknowledged": "x"})
    assert "The warnings have changed" in other.content.decode()
    assert RuleSet.objects.get(pk=draft.pk).status == RuleSet.Status.DRAFT
    editor.post(page(draft, "publish"), {"publish": "1", **read})
    assert RuleSet.objects.get(pk=draft.pk).status == RuleSet.Status.PUBLISHED
    assert Publication.objects.get(ruleset=draft).by == editor.user


def test_publishing_shows_what_changes(editor, published, draft):
    rule = draft.rules.get(name="Belgian")
    rule.when = leaf("LU")
    write_rule(rule, list(rule.steps.all()))
    shown = editor.get(page(draft, "publish"))
    [one] = shown.context["differences"]
    assert (one.name, one.changed) == ("Belgian", ("conditions",))
    text = shown.content.decode()
    assert "<del>Country is BE</del>" in text
    assert "<ins>Country is LU</ins>" in text


def test_a_draft_is_scheduled_for_a_moment_and_taken_off_again(editor, draft):
    read = confirmed(editor, draft)
    editor.post(page(draft, "publish"), {"schedule": "1", "at": "2031-05-01T08:30", **read})
    draft.refresh_from_db()
    assert draft.status == RuleSet.Status.DRAFT
    assert timezone.localtime(draft.scheduled_at).isoformat()[:16] == "2031-05-01T08:30"
    assert draft.scheduled_by == editor.user
    assert "comes into force by itself" in editor.get(page(draft)).content.decode()
    editor.post(page(draft, "unschedule"))
    draft.refresh_from_db()
    assert draft.scheduled_at is None


@pytest.mark.parametrize("at", ["", "2001-01-01T00:00"])
def test_a_moment_that_is_none_or_past_is_refused(editor, draft, at):
    sent = {"schedule": "1", "at": at, **confirmed(editor, draft)}
    shown = editor.post(page(draft, "publish"), sent)
    assert "still to come" in shown.content.decode()
    draft.refresh_from_db()
    assert (draft.status, draft.scheduled_at) == (RuleSet.Status.DRAFT, None)


def test_rolling_back_is_confirmed_and_recorded(editor, published, draft):
    put_in_force(draft, actor=editor.user)
    shown = editor.get(page(published, "rollback"))
    assert f"instead of version {draft.version}" in shown.content.decode()
    assert RuleSet.objects.get(pk=draft.pk).status == RuleSet.Status.PUBLISHED
    editor.post(page(published, "rollback"), confirmed(editor, published, "rollback"))
    assert RuleSet.objects.get(status=RuleSet.Status.PUBLISHED) == published
    latest = Publication.objects.latest("at", "pk")
    assert (latest.ruleset, latest.kind, latest.by) == (published, "rolled_back", editor.user)
    history = editor.get(reverse("admin:leaddistrib_publication_changelist")).content.decode()
    assert "Rolled back to" in history
    assert "Rolled back to" in editor.get(page(published)).content.decode()


@pytest.fixture
def ben():
    return UserFactory(username="ben")


@pytest.mark.parametrize("button", [{"publish": "1"}, {"schedule": "1", "at": "2031-05-01T08:30"}])
def test_a_draft_that_was_edited_while_it_was_read_is_shown_again_with_the_edit(
    editor, draft, ben, button
):
    read = confirmed(editor, draft)
    rule = draft.rules.get(name="Belgian")
    rule.when = leaf("LU")
    write_rule(rule, list(rule.steps.all()), actor=ben)

    shown = editor.post(page(draft, "publish"), {**button, **read})

    text = shown.content.decode()
    assert "This is not what you confirmed" in text
    assert "Belgian (ben)" in text
    assert "<del>country is BE</del> → <ins>country is LU</ins>" in text
    draft.refresh_from_db()
    assert (draft.status, draft.scheduled_at) == (RuleSet.Status.DRAFT, None)

    again = {one: shown.context[one] for one in ("confirmed", "seen")}
    again["acknowledged"] = shown.context["fingerprint"]
    assert editor.post(page(draft, "publish"), {**button, **again}).status_code == 302


def test_a_forged_number_of_what_was_seen_is_no_error(editor, draft):
    forged = {**confirmed(editor, draft), "confirmed": "", "seen": "9" * 5000}
    shown = editor.post(page(draft, "publish"), {"publish": "1", **forged})
    assert "This is not what you confirmed" in shown.content.decode()


def test_a_draft_is_not_published_in_place_of_a_version_that_nobody_compared_it_with(
    editor, published, draft, ben
):
    read = confirmed(editor, draft)
    newer = put_in_force(draft_of(published), actor=ben)

    shown = editor.post(page(draft, "publish"), {"publish": "1", **read}).content.decode()

    assert "This is not what you confirmed" in shown
    assert f"instead of version {newer.version}" in shown
    assert RuleSet.objects.get(status=RuleSet.Status.PUBLISHED) == newer


def test_a_roll_back_is_not_done_in_place_of_a_version_that_came_meanwhile(
    editor, published, draft, ben
):
    put_in_force(draft, actor=ben)
    read = confirmed(editor, published, "rollback")
    newer = put_in_force(draft_of(published), actor=ben)

    unread: dict[str, object] = {}

    for sent in (read, unread):
        shown = editor.post(page(published, "rollback"), sent).content.decode()
        assert "This is not what you confirmed" in shown
        assert f"instead of version {newer.version}" in shown
    assert RuleSet.objects.get(status=RuleSet.Status.PUBLISHED) == newer


def test_a_draft_cannot_be_rolled_back_to(editor, draft):
    assert editor.post(page(draft, "rollback")).status_code == 403


# Trying


def facts():
    return [
        list(model.objects.order_by("pk").values()) for model in (Lead, Decision, Assignment, Turn)
    ]


def test_a_lead_that_is_there_is_tried_with_every_reason_and_nothing_is_written(
    editor, published, draft, amina
):
    lead = receive(clean({"company": "Boulangeries Lenoir", "country": "BE"})).lead
    rule = draft.rules.get(name="Belgian")
    write_rule(rule, [RuleStep(pool=PoolFactory(name="Benelux", reps=[amina]))])
    before = facts()
    shown = editor.get(page(draft, "try"), {"lead": lead.pk})
    by_draft, by_published = shown.context["tried"]
    assert (by_draft.pool.name, by_published.owner) == ("Benelux", amina)
    french, belgian = by_draft.trace.rules
    assert (french.matched, belgian.matched) == (False, True)
    assert french.reasons
    assert "Amina" in shown.content.decode()
    assert facts() == before


def test_leads_are_searched(editor, draft):
    receive(clean({"company": "Boulangeries Lenoir", "country": "BE"}))
    found = editor.post(page(draft, "try"), {"q": "lenoir"})
    assert [lead.company for lead in found.context["found"]] == ["Boulangeries Lenoir"]
    assert "No lead was found" in editor.post(page(draft, "try"), {"q": "zzz"}).content.decode()


def test_a_lead_that_is_made_up_is_read_as_intake_reads_it(editor, draft, amina):
    before = facts()
    made_up = {"try": "1", "country": "France", "employees": "1 200"}
    shown = editor.post(page(draft, "try"), made_up)
    [tried, _published] = shown.context["tried"]
    assert tried.owner == amina
    wrong = editor.post(page(draft, "try"), {"try": "1", "country": "Atlantis", "score": "many"})
    assert {"country", "score"} <= set(wrong.context["form"].errors)
    assert wrong.context["tried"] == []
    assert facts() == before


def test_a_leads_page_leads_to_what_the_newest_draft_would_do(editor, published, draft):
    lead = receive(clean({"company": "Boulangeries Lenoir", "country": "BE"})).lead
    address = reverse("admin:leaddistrib_lead_change", args=[lead.pk])
    link = f"{reverse('admin:leaddistrib_ruleset_try_newest')}?lead={lead.pk}"
    assert link in editor.get(address).content.decode()
    assert editor.get(link)["Location"] == f"{page(draft, 'try')}?lead={lead.pk}"


def test_who_may_not_see_leads_tries_made_up_ones_only(onlooker, draft, amina):
    lead = receive(clean({"company": "Boulangeries Lenoir", "country": "FR"})).lead
    for shown in (
        onlooker.get(page(draft, "try"), {"lead": lead.pk}),
        onlooker.post(page(draft, "try"), {"q": "lenoir"}),
    ):
        assert "Boulangeries" not in shown.content.decode()
    assert onlooker.post(page(draft, "try"), {"try": "1", "country": "FR"}).context["tried"]


def test_nothing_about_a_person_stands_in_an_address(editor, draft):
    """Of what is typed, nothing is taken from an address, and the forms put nothing there."""
    receive(clean({"company": "Boulangeries Lenoir", "country": "BE"}))
    person = {"q": "lenoir", "try": "1", "contact_email": "jeanne@lenoir.example"}
    shown = editor.get(page(draft, "try"), person)
    assert (shown.context["found"], shown.context["tried"]) == ([], [])
    assert 'method="get"' not in shown.content.decode()
    newest = editor.get(reverse("admin:leaddistrib_ruleset_try_newest"), {**person, "lead": 1})
    assert newest["Location"] == f"{page(draft, 'try')}?lead=1"


def test_trying_a_lead_costs_the_same_for_2_rules_as_for_30(editor, draft, amina):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            editor.post(page(draft, "try"), {"try": "1", "country": "FR"})
        return len(asked)

    queries()
    few = queries()
    for number in range(30):
        rule = Rule(ruleset=draft, name=f"Rule {number}", when=leaf(f"A{number}"))
        write_rule(rule, [RuleStep(push="round_robin", team=TeamFactory())])
        RepFactory(team=amina.team)
    assert queries() <= few


# Comparing


def test_a_draft_is_compared_with_the_version_in_force_and_with_any_other(editor, published, draft):
    Rule.objects.filter(ruleset=draft, name="French").update(name="France")
    shown = editor.get(page(draft, "differences"))
    assert shown.context["old"] == published
    assert [one.name for one in shown.context["differences"]] == ["France"]
    other = new_draft(note="from scratch")
    shown = editor.get(page(draft, "differences"), {"old": other.pk})
    assert {one.kind for one in shown.context["differences"]} == {"added", "removed"}


def test_the_version_in_force_is_compared_with_the_one_before_it(editor, published, draft):
    put_in_force(draft)
    assert editor.get(page(draft, "differences")).context["old"] == published


def test_strategies_are_compared_by_a_dry_run_of_the_days_that_were_asked_for(
    signed_in, published, draft
):
    client = signed_in("view_ruleset", "add_dryrun", "view_dryrun")
    asked = {"first": "2026-03-01", "last": "2026-03-31"}
    form = client.get(page(published, "strategies"), asked, follow=True).context["adminform"].form
    wanted = {name: form[name].value() for name in ("ruleset", "compare", "first", "last")}
    assert wanted == {"ruleset": str(published.pk), "compare": "strategies", **asked}


# Permissions


def test_who_may_only_look_reads_and_changes_nothing(onlooker, published, draft):
    for name in ("differences", "try"):
        assert onlooker.get(page(draft, name)).status_code == 200
    for name in ("publish", "order", "unschedule"):
        assert onlooker.post(page(draft, name)).status_code == 403
    put_in_force(draft)
    assert onlooker.post(page(published, "rollback")).status_code == 403
    assert RuleSet.objects.get(pk=draft.pk).status == RuleSet.Status.PUBLISHED


def test_who_has_no_permission_sees_none_of_the_pages(signed_in, draft):
    client = signed_in("view_lead")
    for name in ("change", "publish", "differences", "strategies", "try", "rollback"):
        assert client.get(page(draft, name)).status_code == 403
    assert client.get(reverse("admin:leaddistrib_ruleset_try_newest")).status_code == 403
    assert client.get(reverse("admin:leaddistrib_rule_known")).status_code == 403


@pytest.mark.parametrize("name", ["order", "unschedule"])
def test_what_changes_something_is_no_link(editor, draft, name):
    assert editor.get(page(draft, name)).status_code == 405


# Reviewing


def review_page(rule):
    return reverse("admin:leaddistrib_rule_review", args=[rule.pk])


def test_a_rule_in_force_is_reviewed_with_a_note_beside_what_it_did(editor, published):
    receive(clean({"company": "Boulangeries Lenoir", "country": "FR"}))
    french = published.rules.get(name="French")
    assert review_page(french) in editor.get(page(published)).content.decode()
    shown = editor.get(review_page(french))
    assert (shown.context["did"].volume, shown.context["did"].pushed) == (1, 1)
    assert "No outcomes are recorded." in shown.content.decode()
    Outcome.objects.create(lead=Lead.objects.get(), stage="won", at=timezone.now())
    text = editor.get(review_page(french)).content.decode()
    assert "won of 1 that were won or lost, a conversion of 100%" in text
    editor.post(review_page(french), {"note": "Still two reps in Paris"})
    kept = RuleReview.objects.get()
    assert (kept.key, kept.by, kept.note) == (french.key, editor.user, "Still two reps in Paris")
    assert "Still two reps in Paris" in editor.get(page(published)).content.decode()


def test_only_a_rule_in_force_is_reviewed_and_only_by_who_may_change_rules(
    editor, published, draft
):
    assert editor.post(review_page(draft.rules.first())).status_code == 403
    editor.user.user_permissions.clear()
    assert editor.post(review_page(published.rules.first())).status_code == 403
    assert not RuleReview.objects.exists()
