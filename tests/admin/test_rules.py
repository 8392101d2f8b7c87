"""Rules in the admin site: a draft is edited, looked at and put in force; a version stays."""

import pytest
from django.urls import reverse

from leaddistrib.lifecycle.drafting import draft_of, new_draft
from leaddistrib.lifecycle.publishing import put_in_force
from leaddistrib.models import Rule, RuleSet
from leaddistrib.queries import rulebook
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db

FRENCH = {"field": "country", "op": "eq", "value": "FR"}


@pytest.fixture
def published():
    amina = RepFactory(team=TeamFactory(name="Paris"))
    PoolFactory(name="Everyone", reps=[amina])
    return publish_rules(
        [
            {"name": "French", "when": FRENCH, "then": {"push": "round_robin", "team": "Paris"}},
            {
                "name": "Big",
                "when": {"not": {"field": "employees", "op": "lte", "value": 500}},
                "then": {"pool": "Everyone"},
            },
            {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )


@pytest.fixture
def draft(published):
    return draft_of(published)


@pytest.fixture
def editor(signed_in):
    """Olga may edit rules and nothing else."""
    names = [f"{act}_{model}" for act in ("add", "change", "view") for model in ("rule", "ruleset")]
    steps = [f"{act}_rulestep" for act in ("add", "change", "delete", "view")]
    return signed_in(*names, "delete_rule", *steps)


def page(ruleset, name="change", *more):
    return reverse(f"admin:leaddistrib_ruleset_{name}", args=[ruleset.pk, *more])


def rule_page(rule):
    return reverse("admin:leaddistrib_rule_change", args=[rule.pk])


def names(ruleset):
    return [rule.name for rule in ruleset.rules.order_by("position")]


def steps(*rows, initial=0):
    """The inline form of steps, as (id or "", order, team or None, pool or None)."""
    sent = {"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": initial}
    for number, (pk, order, team, pool) in enumerate(rows):
        sent |= {
            f"steps-{number}-id": pk,
            f"steps-{number}-order": order,
            f"steps-{number}-team": team.pk if team else "",
            f"steps-{number}-pool": pool.pk if pool else "",
        }
    return sent


def conditions(*leaves):
    sent = {"cond-root-match": "all", "cond-order": [str(n) for n in range(len(leaves))]}
    for number, (field, op, value) in enumerate(leaves):
        sent |= {
            f"cond-{number}-parent": "root",
            f"cond-{number}-field": field,
            f"cond-{number}-op": op,
            f"cond-{number}-value": value,
        }
    return sent


def places():
    return TeamFactory._meta.model.objects.get(name="Paris"), PoolFactory._meta.model.objects.get(
        name="Everyone"
    )


def test_a_version_in_force_is_read_in_plain_words_and_cannot_be_edited(editor, published):
    text = editor.get(page(published)).content.decode()
    assert "Country is FR" in text
    assert "Not (employees is at most 500)" in text
    assert "Team “Paris”, in turn (round-robin)" in text
    french = published.rules.get(name="French")
    read = editor.get(rule_page(french)).content.decode()
    assert "Country is FR" in read
    assert "cond-order" not in read
    assert editor.post(rule_page(french), {"name": "Other"}).status_code == 403
    assert editor.post(page(published, "up", french.pk)).status_code == 403
    assert editor.post(page(published), {"note": "x"}).status_code == 403
    assert names(RuleSet.objects.get(pk=published.pk)) == ["French", "Big", "The rest"]


def test_a_draft_is_made_from_a_version_with_one_button(editor, published):
    assert (
        f'formaction="{page(published, "draft")}"' in editor.get(page(published)).content.decode()
    )
    response = editor.post(page(published, "draft"))
    made = RuleSet.objects.get(status=RuleSet.Status.DRAFT)
    assert response["Location"] == page(made)
    assert rulebook.documents(made) == rulebook.documents(published)


def test_a_first_draft_begins_with_a_rule_that_takes_every_lead(editor):
    editor.post(reverse("admin:leaddistrib_ruleset_add"), {"note": "Our first rules"})
    made = RuleSet.objects.get()
    assert (made.status, made.note) == (RuleSet.Status.DRAFT, "Our first rules")
    [rule] = rulebook.documents(made)
    assert rule["when"] == {}


def test_rules_move_up_and_down_by_buttons(editor, draft):
    big = draft.rules.get(name="Big")
    editor.post(page(draft, "up", big.pk))
    assert names(draft) == ["Big", "French", "The rest"]
    editor.post(page(draft, "up", big.pk))
    assert names(draft) == ["Big", "French", "The rest"]
    editor.post(page(draft, "down", big.pk))
    editor.post(page(draft, "down", big.pk))
    assert names(draft) == ["French", "The rest", "Big"]


def test_rules_are_not_moved_by_a_link(editor, draft):
    big = draft.rules.get(name="Big")
    assert editor.get(page(draft, "up", big.pk)).status_code == 405


def test_a_rule_is_added_before_the_catch_all_with_its_places_in_order(editor, draft):
    paris, everyone = places()
    response = editor.post(
        reverse("admin:leaddistrib_rule_add"),
        {
            "ruleset": draft.pk,
            "name": "Hot",
            **conditions(("temperature", "in", ["hot", "warm"]), ("score", "between", ["1", "9"])),
            **steps(("", 2, None, everyone), ("", 1, paris, None)),
        },
    )
    assert response["Location"] == page(draft)
    assert names(draft) == ["French", "Big", "Hot", "The rest"]
    assert rulebook.documents(draft)[2] == {
        "name": "Hot",
        "when": {
            "all": [
                {"field": "temperature", "op": "in", "value": ["hot", "warm"]},
                {"field": "score", "op": "between", "value": [1, 9]},
            ]
        },
        "then": {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]},
    }


def test_an_existing_rule_is_edited_and_its_places_change_order(editor, draft):
    paris, _everyone = places()
    lyon = TeamFactory(name="Lyon")
    french = draft.rules.get(name="French")
    step = french.steps.get()
    response = editor.post(
        rule_page(french),
        {
            "name": "French and more",
            **conditions(("country", "in", ["FR", "BE"])),
            **steps((step.pk, 2, paris, None), ("", 1, lyon, None), initial=1),
        },
    )
    assert response.status_code == 302
    assert rulebook.documents(draft)[0] == {
        "name": "French and more",
        "when": {"all": [{"field": "country", "op": "in", "value": ["FR", "BE"]}]},
        "then": {
            "push": "round_robin",
            "team": "Lyon",
            "fallback": [{"push": "round_robin", "team": "Paris"}],
        },
    }


def test_a_wrong_condition_is_explained_in_its_row_and_nothing_is_saved(editor, draft):
    paris, _everyone = places()
    french = draft.rules.get(name="French")
    wrong = conditions(("score", "gte", "many"))
    response = editor.post(
        rule_page(french), {"name": "French", **wrong, **steps(("", 1, paris, None))}
    )
    text = response.content.decode()
    assert "Write the value as a number" in text
    assert 'value="many"' in text
    assert Rule.objects.get(pk=french.pk).when == FRENCH


def test_a_rule_without_a_place_or_with_one_after_a_pool_is_refused(editor, draft):
    paris, everyone = places()
    french = draft.rules.get(name="French")
    same = {"name": "French", **conditions(("country", "eq", "FR"))}
    nowhere = editor.post(rule_page(french), same | steps(("", "", None, None)))
    assert b"Say where the lead goes" in nowhere.content
    beyond = steps(("", 1, None, everyone), ("", 2, paris, None))
    assert b"Nothing can follow the pool" in editor.post(rule_page(french), same | beyond).content
    both = editor.post(rule_page(french), same | steps(("", 1, paris, everyone)))
    assert b"A pool takes no team" in both.content
    assert french.steps.get().team == paris


def test_a_form_without_the_editor_never_turns_a_rule_into_a_catch_all(editor, draft):
    paris, _everyone = places()
    french = draft.rules.get(name="French")
    step = french.steps.get()
    editor.post(rule_page(french), {"name": "F", **steps((step.pk, 1, paris, None), initial=1)})
    french.refresh_from_db()
    assert (french.name, french.when) == ("F", FRENCH)


def test_nobody_adds_a_rule_to_a_version_in_force(editor, published):
    _paris, everyone = places()
    response = editor.post(
        reverse("admin:leaddistrib_rule_add"),
        {"ruleset": published.pk, "name": "Late", **steps(("", 1, None, everyone))},
    )
    assert "ruleset" in response.context["adminform"].form.errors
    assert published.rules.count() == 3


def test_a_form_that_was_open_while_its_draft_was_published_changes_nothing(
    editor, draft, monkeypatch
):
    """The permission was asked for just before; the lock finds out."""
    paris, _everyone = places()
    french = draft.rules.get(name="French")
    monkeypatch.setattr("leaddistrib.admin.rules.in_draft", lambda rule: True)
    put_in_force(draft)
    same = conditions(("country", "eq", "BE"))
    step = french.steps.get()
    response = editor.post(
        rule_page(french), {"name": "French", **same, **steps((step.pk, 1, paris, None), initial=1)}
    )
    assert response["Location"] == reverse("admin:leaddistrib_ruleset_changelist")
    assert Rule.objects.get(pk=french.pk).when == FRENCH


def test_a_removed_rule_leaves_no_gap(editor, draft):
    french = draft.rules.get(name="French")
    editor.post(reverse("admin:leaddistrib_rule_delete", args=[french.pk]), {"post": "yes"})
    assert list(draft.rules.values_list("name", "position")) == [("Big", 1), ("The rest", 2)]


def test_publishing_shows_what_will_be_in_force_and_records_who(editor, published, draft):
    shown = editor.get(page(draft, "publish")).content.decode()
    assert "The rules are the same in both" in shown
    assert "instead of version 1" in shown
    assert RuleSet.objects.get(pk=published.pk).status == RuleSet.Status.PUBLISHED
    read = editor.get(page(draft, "publish")).context
    confirmed = {"acknowledged": read["fingerprint"], "confirmed": read["confirmed"]}
    editor.post(page(draft, "publish"), confirmed)
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == (RuleSet.Status.PUBLISHED, editor.user)
    assert RuleSet.objects.get(pk=published.pk).status == RuleSet.Status.ARCHIVED


def test_a_draft_without_a_catch_all_is_not_published_and_says_why(editor, published, draft):
    draft.rules.get(name="The rest").delete()
    for response in (editor.get(page(draft, "publish")), editor.post(page(draft, "publish"))):
        text = response.content.decode()
        assert "The last rule must take every lead" in text
        assert "cannot be published yet" in text
    assert RuleSet.objects.get(pk=published.pk).status == RuleSet.Status.PUBLISHED


def test_each_problem_of_a_draft_stands_beside_its_rule(editor, published, draft):
    french = draft.rules.get(name="French")
    Rule.objects.filter(pk=french.pk).update(when={})
    [first, *_others] = editor.get(page(draft)).context["rules"]
    assert first.rule == french
    assert ("error", True) in [
        (level, "never be reached" in text) for level, text in first.findings
    ]


def test_who_may_only_look_publishes_and_drafts_nothing(signed_in, published, draft):
    client = signed_in("view_ruleset", "view_rule")
    assert client.get(page(draft)).status_code == 200
    assert client.post(page(draft, "publish")).status_code == 403
    assert client.post(page(published, "draft")).status_code == 403
    assert RuleSet.objects.get(pk=draft.pk).status == RuleSet.Status.DRAFT


def test_a_draft_can_be_thrown_away_and_a_version_never(admin_client, published):
    draft = new_draft(based_on=published)
    delete = "admin:leaddistrib_ruleset_delete"
    admin_client.post(reverse(delete, args=[draft.pk]), {"post": "yes"})
    assert list(RuleSet.objects.all()) == [published]
    assert admin_client.post(reverse(delete, args=[published.pk])).status_code == 403
