"""Managers see what needs them, give leads to somebody, and hand over what a rep leaves behind."""

import re
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.db import transaction
from django.urls import reverse

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.alerting import open_alert, subject_of
from leaddistrib.lifecycle.crediting import charge_turns
from leaddistrib.lifecycle.left_behind import look_for_left_behind
from leaddistrib.models import Alert, Decision, HandOver, Lead, LogEntry, Rep, RuleSet, Turn
from leaddistrib.queries import clock
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    RepFactory,
    TerritoryFactory,
    publish_rules,
)
from leaddistrib.web.overseeing import HandOverForm
from leaddistrib.web.views import moving
from leaddistrib.web.views.leaving import PAGE
from tests.web.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def page(name, *arguments, **query):
    address = reverse(f"leaddistrib:{name}", args=arguments)
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def giving(*leads):
    return page("assign", lead=[lead.public_id for lead in leads])


def move(to, **more):
    return {"to": str(to.public_id), "reason": "She knows them", **more}


def give(browser, leads, to, *, follow=False, **more):
    """Look at the leads, and give them to somebody."""
    seen = browser.get(giving(*leads)).context["seen"]
    return browser.post(giving(*leads), move(to, seen=seen, **more), follow=follow)


@pytest.fixture
def mireille(cast):
    return signed_in(cast.mireille)


# Alerts


@pytest.fixture
def alert(cast):
    """Nobody of Paris was there for a lead that waits in “Everyone”."""
    publish_rules(
        [
            {
                "name": "Demos",
                "when": {},
                "then": {
                    "push": "round_robin",
                    "team": "Paris",
                    "fallback": [{"pool": "Everyone"}],
                },
            }
        ]
    )
    ruleset = RuleSet.objects.get(status="published")
    rule = ruleset.rules.get()
    lead = LeadFactory(pool=cast.pool, company="Fournil")
    Decision.objects.create(
        lead=lead,
        ruleset=ruleset,
        rule=rule,
        method="race",
        pool=cast.pool,
        explanation={"rule": 0, "misses": [], "steps": []},
        decided_at=clock.now(),
    )
    with transaction.atomic():
        return open_alert(
            Alert.Kind.NOBODY_AVAILABLE,
            subject_of(rule, cast.pool),
            moment=clock.now(),
            rule=rule,
            pool=cast.pool,
            teams=[cast.paris],
        )


def test_a_manager_sees_an_alert_of_the_team_and_the_leads_it_is_about(cast, mireille, alert):
    LeadFactory(owner=cast.amina, company="Elsewhere")

    text = mireille.get(page("manage")).content.decode()
    assert "Nobody was available" in text
    assert "1 lead waits" in text
    listed = mireille.get(page("manage", alert=alert.pk)).content.decode()
    assert "Fournil" in listed
    assert "Elsewhere" not in listed


def test_another_teams_alert_does_not_exist(cast, alert):
    oscar = cast.oscar
    cast.david.team.managers.add(oscar)

    browser = signed_in(oscar)
    assert "Nobody was available" not in browser.get(page("manage")).content.decode()
    assert browser.get(page("manage", alert=alert.pk)).status_code == 404


def test_an_admin_sees_every_alert(cast, alert):
    text = signed_in(cast.admin).get(page("manage")).content.decode()
    assert "Nobody was available" in text


def test_from_the_alert_of_what_a_rep_left_behind_it_is_one_tap_to_handing_over(cast, mireille):
    LeadFactory(owner=cast.amina)
    cast.amina.active = False
    cast.amina.save()
    look_for_left_behind(clock.now())

    text = mireille.get(page("manage")).content.decode()

    assert "A rep who is not active still has leads" in text
    assert page("leave", cast.amina.public_id) in text


def test_which_leads_nobody_called_is_told_of_the_own_team_only(cast, mireille):
    """David of London took one from the pool of Paris: that is his manager's to see."""
    cast.pool.reps.add(cast.david)
    own, taken = LeadFactory(owner=cast.amina), LeadFactory(pool=cast.pool)
    assert claim(taken, cast.david, via="page").result == "won"

    def listed(browser):
        answer = browser.get(page("manage", status="untouched"))
        return [row["id"] for row in answer.context["rows"]]

    assert listed(mireille) == [str(own.public_id)]
    assert listed(signed_in(cast.admin)) == [str(own.public_id), str(taken.public_id)]


# Giving leads to somebody


def test_a_manager_gives_a_lead_to_somebody_with_a_reason(cast, mireille):
    lead = LeadFactory(owner=cast.bruno)
    assert mireille.get(giving(lead)).status_code == 200
    assert mireille.post(giving(lead), {"to": str(cast.amina.public_id)}).status_code == 400

    answer = give(mireille, [lead], cast.amina, follow=True)

    assert "Amina has 1 more lead." in answer.content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.amina
    told = signed_in(cast.amina).get(page("lead", lead.public_id)).content.decode()
    assert "Mireille" in told


def test_what_stands_against_it_is_shown_once_before_it_is_done(cast, mireille):
    cast.amina.paused = True
    cast.amina.save()
    lead = LeadFactory(owner=cast.bruno)

    asked = give(mireille, [lead], cast.amina)
    lead.refresh_from_db()
    assert lead.owner == cast.bruno
    assert "Paused" in asked.content.decode()
    assert "Give all the same" in asked.content.decode()

    give(mireille, [lead], cast.amina, despite=str(cast.amina.public_id))
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_a_manager_is_warned_that_the_rep_let_these_very_leads_lapse(cast, mireille):
    leads = [LeadFactory(owner=cast.bruno) for _ in range(2)]
    for lead in leads:
        lead.assignments.create(
            rep=cast.amina,
            method="push",
            started_at=lead.received_at,
            ended_at=lead.received_at,
            end="lapsed",
        )

    one = give(mireille, leads[:1], cast.amina).content.decode()
    both = give(mireille, leads, cast.amina).content.decode()

    assert "Did not answer this lead in time" in one
    assert "Did not answer 2 of these leads in time" in both
    assert not Lead.objects.filter(owner=cast.amina).exists()
    give(mireille, leads, cast.amina, despite=str(cast.amina.public_id))
    assert Lead.objects.filter(owner=cast.amina).count() == 2


def test_the_reason_may_name_the_contact_and_is_not_told_to_rivals(cast, mireille):
    lead = LeadFactory(pool=cast.pool)
    give(mireille, [lead], cast.amina, reason="Jeanne Lenoir asked for her")

    address = page("lead", lead.public_id)
    assert "Jeanne Lenoir asked" in signed_in(cast.amina).get(address).content.decode()
    assert "Jeanne Lenoir asked" in mireille.get(address).content.decode()
    rival = signed_in(cast.bruno).get(address).content.decode()
    assert "Mireille gave this lead to Amina by hand." in rival
    assert "Jeanne Lenoir asked" not in rival


def test_a_warning_about_one_rep_is_none_about_another(cast, mireille):
    cast.amina.paused = cast.bruno.paused = True
    cast.amina.save()
    cast.bruno.save()
    lead = LeadFactory(pool=cast.pool)

    give(mireille, [lead], cast.amina, despite=str(cast.bruno.public_id))

    lead.refresh_from_db()
    assert lead.owner is None


def test_what_changed_since_it_was_looked_at_is_shown_again_and_not_taken_from_anybody(
    cast, mireille
):
    lead = LeadFactory(pool=cast.pool)
    seen = mireille.get(giving(lead)).context["seen"]
    assert claim(lead, cast.bruno, via="page").result == "won"

    asked = mireille.post(giving(lead), move(cast.amina, seen=seen))

    assert asked.status_code == 409
    assert "This changed since you looked." in asked.content.decode()
    assert "Bruno" in asked.content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.bruno
    mireille.post(giving(lead), move(cast.amina, seen=asked.context["seen"]))
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_what_changes_at_the_last_moment_is_left_alone_and_named(cast, mireille, monkeypatch):
    """Another team's rep takes it between the look and the lock: then it is not theirs to move."""
    cast.pool.reps.add(cast.david)
    lead = LeadFactory(pool=cast.pool, company="Fournil")

    def claimed_meanwhile(*arguments):
        claim(lead, cast.david, via="page")
        return ()

    monkeypatch.setattr(moving, "objections", claimed_meanwhile)
    answer = give(mireille, [lead], cast.amina, follow=True)

    assert "Fournil was left alone" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.david


def test_several_leads_are_given_at_once(cast, mireille):
    leads = [LeadFactory(owner=cast.bruno), LeadFactory(pool=cast.pool)]
    give(mireille, leads, cast.amina)
    assert Lead.objects.filter(owner=cast.amina).count() == 2


def test_a_manager_moves_neither_foreign_leads_nor_to_foreign_reps(cast, mireille):
    own, foreign = LeadFactory(owner=cast.bruno), LeadFactory(owner=cast.david)
    elsewhere = LeadFactory(pool=PoolFactory(name="London", reps=[cast.david]))
    cast.pool.reps.add(cast.david)
    taken = LeadFactory(pool=cast.pool)
    claim(taken, cast.david, via="page")

    for lead in (foreign, elsewhere, taken):
        assert mireille.get(giving(lead)).status_code == 404
        assert mireille.post(giving(own, lead), move(cast.amina)).status_code == 404
    assert give(mireille, [own], cast.david).status_code == 400
    own.refresh_from_db()
    assert own.owner == cast.bruno


@pytest.mark.parametrize("who", ["amina", "oscar"])
def test_whoever_manages_nobody_moves_nothing(cast, who):
    lead = LeadFactory(owner=cast.amina)
    browser = signed_in(getattr(cast, who))
    assert browser.post(giving(lead), move(cast.bruno)).status_code == 403
    assert browser.post(page("leave", cast.amina.public_id), {"reason": "x"}).status_code == 403
    assert browser.post(page("credit", lead.public_id), {"reason": "invalid"}).status_code == 403


def test_an_admin_gives_any_lead_to_anybody(cast):
    lead = LeadFactory(owner=cast.bruno)
    give(signed_in(cast.admin), [lead], cast.david)
    lead.refresh_from_db()
    assert lead.owner == cast.david


@pytest.mark.parametrize("named", ["", "lead=", "lead=nonsense", "lead=" + 36 * "0"])
def test_an_address_that_names_no_lead_is_none(mireille, named):
    assert mireille.get(f"{page('assign')}?{named}").status_code == 404


def test_the_way_there_is_on_the_leads_page_for_managers_only(cast, mireille):
    lead = LeadFactory(owner=cast.amina)
    link = giving(lead)
    assert link in mireille.get(page("lead", lead.public_id)).content.decode()
    assert link not in signed_in(cast.amina).get(page("lead", lead.public_id)).content.decode()


# Giving a turn back


def test_a_turn_is_given_back_once(cast, mireille, alert):
    lead = LeadFactory(owner=cast.amina)
    cast.paris.count_manual = True
    cast.paris.save()
    with transaction.atomic():
        cast.amina.refresh_from_db()
        charge_turns([lead], cast.amina, clock.now())
    address = page("credit", lead.public_id)
    assert mireille.get(address).status_code == 200

    assert (
        "given back" in mireille.post(address, {"reason": "no_show"}, follow=True).content.decode()
    )
    again = mireille.post(address, {"reason": "no_show"}, follow=True).content.decode()

    assert "no turn to give back" in again
    assert Turn.objects.filter(kind="credit").count() == 1
    assert lead.log.get(event=LogEntry.Event.CREDITED).actor == cast.mireille


# Handing over


@pytest.fixture
def in_turn(cast):
    publish_rules(
        [
            {
                "name": "In turn",
                "when": {},
                "then": {
                    "push": "round_robin",
                    "team": "Paris",
                    "fallback": [{"pool": "Everyone"}],
                },
            }
        ]
    )


def test_a_manager_sees_where_all_goes_before_anything_happens(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina, company="Fournil")
    AccountFactory(name="Boulangerie Lenoir", owner=cast.amina)

    shown = mireille.get(page("leave", cast.amina.public_id))

    text = shown.content.decode()
    assert "Fournil" in text
    assert "Boulangerie Lenoir" in text
    assert shown.context["receivers"] == [("Bruno", 1)]
    assert Lead.objects.get().owner == cast.amina


def test_what_a_rep_leaves_behind_is_handed_over_and_taken_back(cast, mireille, in_turn):
    lead = LeadFactory(owner=cast.amina, company="Fournil")
    address = page("leave", cast.amina.public_id)
    shown = mireille.get(address).context["shown"]

    answer = mireille.post(address, {"reason": "She leaves", "shown": shown}, follow=True)

    text = answer.content.decode()
    assert "1 lead was handed over." in text
    assert "elsewhere" not in text
    lead.refresh_from_db()
    assert lead.owner == cast.bruno
    cast.amina.refresh_from_db()
    assert cast.amina.active

    page_after = answer.redirect_chain[-1][0]
    assert "1 lead would come back." in text
    again = mireille.post(page_after, follow=True).content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.amina
    assert "1 lead was taken back." in again
    assert "Nothing is left to be taken back." in again


def test_what_came_otherwise_than_shown_is_said(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina, company="Fournil")
    gone = LeadFactory(owner=cast.amina)
    LeadFactory(owner=cast.amina, company="", contact_name="Jeanne", contact_title="Director")
    address = page("leave", cast.amina.public_id)
    shown = mireille.get(address).context["shown"]
    cast.bruno.paused = True
    cast.bruno.save()
    give(mireille, [gone], cast.bruno, despite=str(cast.bruno.public_id))

    answer = mireille.post(address, {"reason": "She leaves", "shown": shown}, follow=True)

    text = answer.content.decode()
    assert "2 leads went elsewhere than the preview said: Fournil, Director." in text
    assert "Jeanne" not in text
    assert "1 lead of the preview was the rep&#x27;s no more." in text


def test_a_rep_who_leaves_is_set_inactive_and_the_accounts_go_to_a_successor(
    cast, mireille, in_turn
):
    account = AccountFactory(owner=cast.amina)
    mireille.post(
        page("leave", cast.amina.public_id),
        {"reason": "She leaves", "leaves": "on", "successor": str(cast.bruno.public_id)},
    )
    cast.amina.refresh_from_db()
    account.refresh_from_db()
    assert not cast.amina.active
    assert account.owner == cast.bruno


def test_a_hand_over_by_mistake_is_undone_by_the_manager_alone(cast, mireille, in_turn):
    """The tick “The rep leaves” is there by default."""
    LeadFactory(owner=cast.amina)
    account = AccountFactory(owner=cast.amina)
    done = mireille.post(
        page("leave", cast.amina.public_id),
        {"reason": "She leaves", "leaves": "on", "successor": str(cast.bruno.public_id)},
        follow=True,
    )
    assert "Amina is set active again." in done.content.decode()

    answer = mireille.post(done.redirect_chain[-1][0], follow=True)

    assert "1 lead was taken back." in answer.content.decode()
    assert "accounts 1" in answer.content.decode()
    cast.amina.refresh_from_db()
    account.refresh_from_db()
    assert cast.amina.active
    assert account.owner == cast.amina


def test_the_form_sent_twice_is_one_hand_over_which_is_found_again(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina)
    address = page("leave", cast.amina.public_id)
    shown = mireille.get(address)
    sent = {
        "public_id": number_in(shown),
        "shown": shown.context["shown"],
        "reason": "She leaves",
    }

    first = mireille.post(address, sent, follow=True)
    second = mireille.post(address, sent, follow=True)

    assert first.redirect_chain == second.redirect_chain
    for answer in (first, second):
        assert "1 lead was handed over." in answer.content.decode()
        assert "no more" not in answer.content.decode()
    listed = mireille.get(address)
    assert [number for _, number in listed.context["past"]] == [1]
    assert first.redirect_chain[-1][0] in listed.content.decode()


def number_in(answer):
    """The number of the hand-over that the form on the page would begin."""
    [number] = re.findall(r'name="public_id" value="([^"]*)"', answer.content.decode())
    return number


def test_who_goes_back_to_the_form_and_changes_it_is_told_and_hands_over_anew(
    cast, mireille, in_turn
):
    LeadFactory(owner=cast.amina)
    account = AccountFactory(owner=cast.amina)
    address = page("leave", cast.amina.public_id)
    sent = {"public_id": number_in(mireille.get(address)), "reason": "She leaves"}
    mireille.post(address, sent)
    sent |= {"leaves": "on", "successor": str(cast.bruno.public_id)}

    told = mireille.post(address, sent, follow=True)

    assert told.status_code == 400
    assert "This was handed over already, by what it was begun with." in told.content.decode()
    account.refresh_from_db()
    assert account.owner == cast.amina
    anew = mireille.post(address, sent | {"public_id": number_in(told)}, follow=True)
    assert anew.status_code == 200
    cast.amina.refresh_from_db()
    account.refresh_from_db()
    assert (cast.amina.active, account.owner) == (False, cast.bruno)
    assert HandOver.objects.count() == 2


@pytest.mark.parametrize("active", [True, False])
def test_who_leaves_is_handed_over_once_by_the_form_sent_twice(cast, mireille, in_turn, active):
    Rep.objects.filter(pk=cast.amina.pk).update(active=active)
    LeadFactory(owner=cast.amina)
    address = page("leave", cast.amina.public_id)
    sent = {"public_id": number_in(mireille.get(address)), "reason": "x", "leaves": "on"}
    for _time in range(2):
        answer = mireille.post(address, sent, follow=True)
        assert "1 lead was handed over." in answer.content.decode()
    assert HandOver.objects.get().retired is active


def test_a_form_of_another_hand_over_says_so_and_is_sent_again(cast, mireille, in_turn):
    LeadFactory(owner=cast.bruno)
    others = page("leave", cast.amina.public_id)
    number = number_in(mireille.get(others))
    mireille.post(others, {"public_id": number, "reason": "x"})
    address = page("leave", cast.bruno.public_id)
    for wrong in (number, "made up"):
        told = mireille.post(address, {"public_id": wrong, "reason": "x"})
        assert told.status_code == 400
        assert "This was the form of another hand-over" in told.content.decode()
        assert "successor" not in told.context["form"].errors
    mireille.post(address, {"public_id": number_in(told), "reason": "x"})
    assert [one.rep for one in HandOver.objects.order_by("pk")] == [cast.amina, cast.bruno]


def test_everything_of_the_rep_is_named_with_what_becomes_of_it(cast, mireille, in_turn):
    AccountFactory(name="Boulangerie Lenoir", owner=cast.amina)
    alone, shared = TerritoryFactory(name="North"), TerritoryFactory(name="South")
    alone.reps.add(cast.amina)
    shared.reps.add(cast.amina, cast.bruno)
    cast.bruno.backup = cast.amina
    cast.bruno.save()
    address = page("leave", cast.amina.public_id)

    text = mireille.get(address).content.decode()
    assert "They stay with Amina." in text
    assert "nobody else works it: its leads go to the next step of the rule" in text
    assert "is worked on by Bruno" in text
    assert "nobody covers once Amina is not active" in text

    emma = RepFactory(team=cast.paris, user__first_name="Emma")
    as_if = mireille.post(address, {"show": "1", "successor": str(emma.public_id), "reason": ""})
    text = as_if.content.decode()
    assert as_if.status_code == 200
    assert "They go to Emma." in text
    assert text.count("goes to Emma") == 2
    assert "will be covered by Emma" in text
    assert not HandOver.objects.exists()
    own = mireille.get(f"{address}?successor={cast.bruno.public_id}").content.decode()
    assert "cannot be covered by Bruno" in own


def test_a_successor_who_is_not_there_any_more_is_said_and_nothing_is_done(cast, mireille, in_turn):
    account = AccountFactory(owner=cast.amina)
    cast.bruno.active = False
    cast.bruno.save()

    answer = mireille.post(
        page("leave", cast.amina.public_id),
        {"reason": "She leaves", "successor": str(cast.bruno.public_id)},
    )

    assert answer.status_code == 400
    assert "Select a valid choice" in answer.content.decode()
    account.refresh_from_db()
    assert account.owner == cast.amina
    assert not HandOver.objects.exists()


def test_why_a_colleague_left_is_not_told_to_those_who_get_the_leads(cast, mireille, in_turn):
    lead = LeadFactory(owner=cast.amina)
    mireille.post(page("leave", cast.amina.public_id), {"reason": "Dismissed, see HR"})

    address = page("lead", lead.public_id)
    receiver = signed_in(cast.bruno).get(address).content.decode()
    assert "Passed on from Amina" in receiver
    assert "Dismissed" not in receiver
    assert "Dismissed, see HR" in mireille.get(address).content.decode()


def test_what_went_to_another_team_is_not_pulled_out_of_it(cast, mireille):
    then = {"push": "round_robin", "team": "London", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "London", "when": {}, "then": then}])
    lead = LeadFactory(owner=cast.amina)
    done = mireille.post(
        page("leave", cast.amina.public_id), {"reason": "Another market"}, follow=True
    )
    lead.refresh_from_db()
    assert lead.owner == cast.david
    text = done.content.decode()
    assert "A lead that is another team's now" in text
    assert "David" not in text

    answer = mireille.post(done.redirect_chain[-1][0], follow=True)

    assert "0 leads were taken back." in answer.content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.david


def test_long_lists_come_in_pages_and_the_preview_names_no_numbers_of_rows(cast, mireille, in_turn):
    for _ in range(PAGE + 1):
        LeadFactory(owner=cast.amina)
    address = page("leave", cast.amina.public_id)

    first = mireille.get(address)
    assert first.context["receivers"] == [("Bruno", PAGE), ("Everyone", 1)]
    assert len(first.context["page"]) == PAGE
    assert len(mireille.get(f"{address}?page=2").context["page"]) == 1
    shown = signing.loads(
        first.context["shown"],
        salt=f"leaddistrib.hand-over:{cast.amina.public_id}:{cast.mireille.pk}",
    )
    assert set(shown) == {lead.public_id.hex for lead in Lead.objects.all()}
    assert f"rep:{cast.bruno.public_id}" in shown.values()
    done = mireille.post(address, {"reason": "She leaves"}, follow=True)
    assert len(done.context["leads"]) == PAGE


def test_who_is_inactive_for_another_reason_has_to_be_set_active_first(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina)
    done = mireille.post(page("leave", cast.amina.public_id), {"reason": "x"}, follow=True)
    cast.amina.active = False
    cast.amina.save()

    answer = mireille.post(done.redirect_chain[-1][0], follow=True)

    assert "Set the rep active again first" in answer.content.decode()
    assert Lead.objects.get().owner == cast.bruno


def test_an_old_hand_over_offers_nothing_once_the_rep_was_set_active_and_left(
    cast, mireille, in_turn
):
    leaves = {"reason": "x", "leaves": "on"}
    done = mireille.post(page("leave", cast.amina.public_id), leaves, follow=True)
    assert "Amina is set active again." in done.content.decode()
    for active in (True, False):
        cast.amina.active = active
        cast.amina.save()

    text = mireille.get(done.redirect_chain[-1][0]).content.decode()

    assert "Amina is set active again." not in text
    assert "Nothing is left to be taken back." in text


def test_whoever_is_set_inactive_at_the_very_moment_gets_nothing(cast, mireille, monkeypatch):
    """Between the form and the lock."""
    lead = LeadFactory(owner=cast.bruno)
    account = AccountFactory(owner=cast.bruno)

    def leaves_meanwhile(*arguments):
        Rep.objects.filter(pk=cast.amina.pk).update(active=False)
        return ()

    monkeypatch.setattr(moving, "objections", leaves_meanwhile)
    assert give(mireille, [lead], cast.amina).status_code == 400
    Rep.objects.update(active=True)
    monkeypatch.setattr(HandOverForm, "is_valid", _then(HandOverForm.is_valid, leaves_meanwhile))
    successor = {"reason": "x", "successor": str(cast.amina.public_id)}
    assert mireille.post(page("leave", cast.bruno.public_id), successor).status_code == 400

    account.refresh_from_db()
    lead.refresh_from_db()
    assert account.owner == lead.owner == cast.bruno
    assert not HandOver.objects.exists()


def _then(function, after):
    def both(*arguments):
        found = function(*arguments)
        after()
        return found

    return both


def test_a_hand_over_of_another_rep_is_not_found_under_this_one(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina)
    done = mireille.post(page("leave", cast.amina.public_id), {"reason": "x"}, follow=True)
    handover = done.context["handover"]
    assert (
        mireille.get(page("handed-over", cast.bruno.public_id, handover.public_id)).status_code
        == 404
    )


def test_the_list_of_reps_says_of_which_seniority_each_is(cast, mireille):
    cast.amina.seniority = Rep.Seniority.SDR
    cast.amina.save()
    text = mireille.get(page("reps")).content.decode()
    assert re.search(r"Amina <span[^>]*>SDR<", text)
    assert re.search(r"Bruno <span[^>]*>Standard<", text)


def test_a_rep_of_another_team_does_not_exist_here(cast, mireille, in_turn):
    foreign = page("leave", cast.david.public_id)
    assert mireille.get(foreign).status_code == 404
    assert mireille.post(foreign, {"reason": "x"}).status_code == 404
    own = page("leave", cast.amina.public_id)
    assert mireille.get(f"{own}?successor={cast.david.public_id}").status_code == 404
    successor = {"reason": "x", "successor": str(cast.david.public_id)}
    assert mireille.post(own, successor).status_code == 400
    listed = mireille.get(page("reps")).content.decode()
    assert "David" not in listed
    assert "Amina" in listed
