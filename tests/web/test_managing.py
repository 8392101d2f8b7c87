"""Managers see what needs them, give leads to somebody, and hand over what a rep leaves behind."""

from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.urls import reverse

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.alerting import open_alert, subject_of
from leaddistrib.models import Alert, Decision, Lead, LogEntry, RuleSet, Turn
from leaddistrib.queries import clock
from leaddistrib.testing import AccountFactory, LeadFactory, PoolFactory, publish_rules
from tests.web.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def page(name, *arguments, **query):
    address = reverse(f"leaddistrib:{name}", args=arguments)
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def giving(*leads):
    return page("assign", lead=[lead.public_id for lead in leads])


def move(to, **more):
    return {"to": str(to.public_id), "reason": "She knows them", **more}


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


# Giving leads to somebody


def test_a_manager_gives_a_lead_to_somebody_with_a_reason(cast, mireille):
    lead = LeadFactory(owner=cast.bruno)
    assert mireille.get(giving(lead)).status_code == 200
    assert mireille.post(giving(lead), {"to": str(cast.amina.public_id)}).status_code == 400

    answer = mireille.post(giving(lead), move(cast.amina), follow=True)

    assert "Amina has 1 more lead." in answer.content.decode()
    lead.refresh_from_db()
    assert lead.owner == cast.amina
    told = signed_in(cast.amina).get(page("lead", lead.public_id)).content.decode()
    assert "Mireille" in told


def test_what_stands_against_it_is_shown_once_before_it_is_done(cast, mireille):
    cast.amina.paused = True
    cast.amina.save()
    lead = LeadFactory(owner=cast.bruno)

    asked = mireille.post(giving(lead), move(cast.amina))
    lead.refresh_from_db()
    assert lead.owner == cast.bruno
    assert "Paused" in asked.content.decode()
    assert "Give all the same" in asked.content.decode()

    mireille.post(giving(lead), move(cast.amina, despite=str(cast.amina.public_id)))
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_the_reason_may_name_the_contact_and_is_not_told_to_rivals(cast, mireille):
    lead = LeadFactory(pool=cast.pool)
    mireille.post(giving(lead), {**move(cast.amina), "reason": "Jeanne Lenoir asked for her"})

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

    mireille.post(giving(lead), move(cast.amina, despite=str(cast.bruno.public_id)))

    lead.refresh_from_db()
    assert lead.owner is None


def test_several_leads_are_given_at_once(cast, mireille):
    leads = [LeadFactory(owner=cast.bruno), LeadFactory(pool=cast.pool)]
    mireille.post(giving(*leads), move(cast.amina))
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
    assert mireille.post(giving(own), move(cast.david)).status_code == 400
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
    signed_in(cast.admin).post(giving(lead), move(cast.david))
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
    from leaddistrib.lifecycle.crediting import charge_turns

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

    mireille.post(answer.redirect_chain[-1][0])
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_what_came_otherwise_than_shown_is_said(cast, mireille, in_turn):
    LeadFactory(owner=cast.amina, company="Fournil")
    gone = LeadFactory(owner=cast.amina)
    address = page("leave", cast.amina.public_id)
    shown = mireille.get(address).context["shown"]
    cast.bruno.paused = True
    cast.bruno.save()
    mireille.post(giving(gone), move(cast.bruno, despite=str(cast.bruno.public_id)))

    answer = mireille.post(address, {"reason": "She leaves", "shown": shown}, follow=True)

    text = answer.content.decode()
    assert "1 lead went elsewhere than the preview said: Fournil." in text
    assert "1 lead of the preview was the rep&#x27;s no more." in text


def test_a_rep_who_leaves_is_set_inactive_and_the_accounts_go_to_a_successor(
    cast, mireille, in_turn
):
    account = AccountFactory(owner=cast.amina)
    mireille.post(
        page("leave", cast.amina.public_id),
        {"reason": "She leaves", "leaves": "on", "accounts_to": str(cast.bruno.public_id)},
    )
    cast.amina.refresh_from_db()
    account.refresh_from_db()
    assert not cast.amina.active
    assert account.owner == cast.bruno


def test_a_rep_of_another_team_does_not_exist_here(cast, mireille, in_turn):
    foreign = page("leave", cast.david.public_id)
    assert mireille.get(foreign).status_code == 404
    assert mireille.post(foreign, {"reason": "x"}).status_code == 404
    own = page("leave", cast.amina.public_id)
    assert mireille.get(f"{own}?accounts_to={cast.david.public_id}").status_code == 404
    successor = {"reason": "x", "accounts_to": str(cast.david.public_id)}
    assert mireille.post(own, successor).status_code == 400
    listed = mireille.get(page("reps")).content.decode()
    assert "David" not in listed
    assert "Amina" in listed
