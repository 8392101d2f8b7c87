"""What came of a lead, on pages: recorded, undone, another chance, the customer's answer, and the
report (OU1, OU2, DB2)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.errors import Answered, Busy
from leaddistrib.lifecycle import record_outcome, undo_outcome
from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.lifecycle.satisfying import answer
from leaddistrib.lifecycle.transactions import lock_reps
from leaddistrib.models import Lead, Organisation, Outcome, Rep, Satisfaction
from leaddistrib.notify.links import survey_token
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.web.conftest import signed_in


def page(name, *args):
    return reverse(f"leaddistrib:{name}", args=args)


@pytest.fixture
def lead(cast):
    return LeadFactory(owner=cast.amina, company="Lenoir", contact_name="CANARY-NAME")


def say(who, lead, stage, **more):
    return signed_in(who).post(page("outcome", lead.public_id), {"stage": stage, **more})


def test_the_owner_records_a_stage_with_its_value_and_reads_it_on_the_leads_page(cast, lead):
    answered = say(cast.amina, lead, "opportunity", value="1200.50", currency="chf", reason="Two")

    assert answered.url == page("lead", lead.public_id)
    outcome = Outcome.objects.get()
    assert (outcome.rep, outcome.value, outcome.currency, outcome.reason) == (
        cast.amina,
        Decimal("1200.50"),
        "CHF",
        "Two",
    )
    html = signed_in(cast.amina).get(answered.url).content.decode()
    assert "<b>Opportunity</b> · 1,200.50 CHF · Amina" in html
    assert page("outcome-undo", lead.public_id) in html


def test_won_closes_it_and_keeps_what_the_customer_said(cast, lead):
    """Its page comes next: it is in no list of Amina's any more, and there it can be undone."""
    answered = say(cast.amina, lead, "won", csat="4")

    assert answered.url == page("lead", lead.public_id)
    html = signed_in(cast.amina).get(answered.url).content.decode()
    assert page("outcome-undo", lead.public_id) in html
    lead.refresh_from_db()
    assert lead.status == "closed"
    assert Satisfaction.objects.get().score == 4


def test_looking_at_the_form_changes_nothing(cast, lead):
    assert signed_in(cast.amina).get(page("outcome", lead.public_id)).status_code == 200
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "stage"),
        ({"stage": "sold"}, "stage"),
        ({"stage": "won", "value": "much"}, "value"),
        ({"stage": "won", "currency": "money"}, "currency"),
        ({"stage": "won", "csat": "9"}, "csat"),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_kept(cast, lead, sent, field):
    answered = signed_in(cast.amina).post(page("outcome", lead.public_id), sent)

    assert answered.status_code == 400
    assert list(answered.context["form"].errors) == [field]
    assert not Outcome.objects.exists()


def test_a_closed_lead_can_only_become_won_or_lost(cast, lead):
    say(cast.amina, lead, "lost")
    form = signed_in(cast.amina).get(page("outcome", lead.public_id)).context["form"]
    assert [value for value, _label in form.fields["stage"].choices] == ["won", "lost"]


def test_a_manager_records_it_for_the_owner_and_a_rival_does_not(cast, lead):
    assert say(cast.bruno, lead, "won").status_code == 404
    assert say(cast.mireille, lead, "won").url == page("lead", lead.public_id)
    outcome = Outcome.objects.get()
    assert (outcome.rep, outcome.by) == (cast.amina, cast.mireille)


def test_a_slip_is_undone_and_the_lead_is_the_reps_again(cast, lead):
    say(cast.amina, lead, "won")
    outcome = Outcome.objects.get()
    client, undo = signed_in(cast.amina), page("outcome-undo", lead.public_id)

    assert client.get(undo).context["choices"] == [outcome]
    assert Outcome.objects.get().undone_at is None
    assert client.post(undo, {"outcome": outcome.pk})["Location"] == page("lead", lead.public_id)

    outcome.refresh_from_db()
    lead.refresh_from_db()
    assert (outcome.undone_by, lead.status) == (cast.amina.user, "owned")


def test_a_member_of_a_shared_pool_finds_the_way_to_undo_a_slip(cast):
    """The lead is closed, nobody's, and a preview for the members. A colleague finds nothing."""
    shared = PoolFactory(mode="shared", ownership="shared", reps=[cast.amina, cast.bruno])
    lead = LeadFactory(pool=shared, contact_name="CANARY-NAME")
    undo = page("outcome-undo", lead.public_id)

    answered = say(cast.amina, lead, "lost", reason="They withdrew")

    html = signed_in(cast.amina).get(answered.url).content.decode()
    assert "They withdrew" in html
    assert undo in html
    assert "CANARY" not in html
    for_bruno = signed_in(cast.bruno).get(answered.url).content.decode()
    assert undo not in for_bruno
    assert "They withdrew" not in for_bruno
    signed_in(cast.amina).post(undo, {"outcome": Outcome.objects.get().pk})
    assert Lead.objects.get(pk=lead.pk).status == "waiting"


def test_a_busy_database_keeps_the_outcome_and_says_what_it_did_not_keep(cast, lead, monkeypatch):
    def busy(*args, **kwargs):
        raise Busy("Too much at once.")

    sent = {"stage": "won", "csat": "4"}
    with monkeypatch.context() as now:
        now.setattr("leaddistrib.web.views.results.tell_satisfaction", busy)
        page_after = signed_in(cast.amina).post(page("outcome", lead.public_id), sent, follow=True)
    assert "What the customer said was not kept" in page_after.content.decode()
    assert Outcome.objects.get().stage == "won"
    assert not Satisfaction.objects.exists()

    say(cast.amina, lead, **sent)
    assert Outcome.objects.count() == 1
    assert Satisfaction.objects.get().score == 4


def test_a_rep_undoes_own_records_only_and_a_manager_any(cast, lead):
    outcome = record_outcome(lead, "won", by=cast.mireille)
    undo = page("outcome-undo", lead.public_id)

    signed_in(cast.amina).post(undo, {"outcome": outcome.pk})
    assert Outcome.objects.get().undone_at is None
    assert signed_in(cast.mireille).post(undo, {"outcome": "77"}).status_code == 400
    signed_in(cast.mireille).post(undo, {"outcome": outcome.pk})
    assert Outcome.objects.get().undone_at is not None


def test_the_history_says_of_an_undone_outcome_that_the_rep_was_not_in_touch(cast):
    """Her manager undid it: it is not Amina who took anything back."""
    lead = LeadFactory(owner=cast.amina, lead_type="demo_request")
    start_clocks([lead.assignments.get()], timezone.now())
    outcome = record_outcome(lead, "qualified", rep=cast.amina, by=cast.amina.user)

    undo_outcome(outcome, cast.mireille)

    html = signed_in(cast.mireille).get(page("lead", lead.public_id)).content.decode()
    assert f"{cast.amina.name} was not in touch after all" in html
    assert "took the contact back" not in html


def test_a_manager_gives_a_lost_lead_another_chance(cast, lead):
    pool = PoolFactory(name="Second chance", teams=[cast.paris])
    foreign = PoolFactory(name="London pool", teams=[cast.david.team])
    say(cast.amina, lead, "lost")
    client, address = signed_in(cast.mireille), f"{page('recycle')}?lead={lead.public_id}"

    shown = client.get(address)
    offered = shown.context["form"].fields["pool"].queryset
    assert pool in offered
    assert foreign not in offered
    sent = {"pool": pool.public_id, "reason": "New budget", "seen": shown.context["seen"]}
    assert client.post(address, sent)["Location"] == page("manage")

    lead.refresh_from_db()
    assert (lead.status, lead.pool) == ("waiting", pool)
    assert lead.log.get(event="lead.recycled").actor == cast.mireille


def test_what_changed_since_it_was_looked_at_is_shown_again(cast, lead):
    client, address = signed_in(cast.mireille), f"{page('recycle')}?lead={lead.public_id}"
    seen = client.get(address).context["seen"]
    say(cast.amina, lead, "lost")

    answered = client.post(
        address, {"pool": cast.pool.public_id, "reason": "Nobody called", "seen": seen}
    )
    assert answered.status_code == 409
    assert Lead.objects.get(pk=lead.pk).status == "closed"


def test_a_lead_whose_rep_moves_to_another_team_at_that_very_moment_stays(cast, lead, monkeypatch):
    """When it is locked, Mireille does not look after it any more."""

    def lock_a_moment_too_late(reps):
        Rep.objects.filter(pk=cast.amina.pk).update(team=cast.david.team)
        lock_reps(reps)

    pool = PoolFactory(name="Second chance", teams=[cast.paris])
    client, address = signed_in(cast.mireille), f"{page('recycle')}?lead={lead.public_id}"
    seen = client.get(address).context["seen"]
    monkeypatch.setattr("leaddistrib.lifecycle.recycling.lock_reps", lock_a_moment_too_late)

    sent = {"pool": pool.public_id, "reason": "New budget", "seen": seen}
    shown = client.post(address, sent, follow=True).content.decode()

    assert "was left alone" in shown
    assert Lead.objects.get(pk=lead.pk).owner == cast.amina


@pytest.fixture
def asked(cast, lead):
    return Satisfaction.objects.create(lead=lead, rep=cast.amina, asked_at=timezone.now())


def survey(asked):
    return page("survey", survey_token(asked))


def test_the_customer_answers_without_signing_in_once(cast, lead, asked, client):
    shown = client.get(survey(asked))
    assert shown.status_code == 200
    assert (shown["Referrer-Policy"], "no-store" in shown["Cache-Control"]) == ("no-referrer", True)
    assert not any(word in shown.content.decode() for word in ("CANARY", "Lenoir", "Amina"))
    assert Satisfaction.objects.get().answered_at is None

    assert client.post(survey(asked), {"score": 5, "comment": "Quick"}).status_code == 200
    client.post(survey(asked), {"score": 1})

    told = Satisfaction.objects.get()
    assert (told.score, told.comment, told.by_customer) == (5, "Quick", True)
    assert "Thank you" in client.get(survey(asked)).content.decode()


def test_a_form_sent_without_an_answer_keeps_none(asked, client):
    """As a mail scanner sends it."""
    assert client.post(survey(asked), {}).status_code == 400
    assert client.post(survey(asked), {"score": "6"}).status_code == 400
    assert Satisfaction.objects.get().answered_at is None


def test_a_link_that_is_cut_or_asked_about_no_more_says_so(asked, client):
    link = survey(asked)
    assert client.get(link[:-4] + "/").status_code == 404
    asked.delete()
    assert client.get(link).status_code == 404
    assert client.post(link, {"score": 5}).status_code == 404


def test_recommendation_is_asked_from_0_to_10(cast, lead, client):
    nps = Satisfaction.objects.create(lead=lead, measure="nps")
    html = client.get(survey(nps)).content.decode()
    assert "recommend" in html
    client.post(survey(nps), {"score": 0})
    assert Satisfaction.objects.get().score == 0


def test_the_question_is_in_the_leads_language(cast, lead, asked, client):
    Lead.objects.update(language="fr")
    assert '<html lang="fr"' in client.get(survey(asked)).content.decode()


def test_an_answer_that_a_rep_told_may_be_given_by_the_customer(cast, lead, asked, client):
    asked.score, asked.answered_at, asked.by = 5, timezone.now(), cast.amina.user
    asked.save()
    client.post(survey(asked), {"score": 2})
    assert Satisfaction.objects.get().score == 2
    say(cast.amina, lead, "won", csat="5")
    assert Satisfaction.objects.get().score == 2


def test_the_report_tells_what_becomes_of_leads_and_opens_them(cast, lead):
    say(cast.amina, lead, "won")
    LeadFactory(owner=cast.david, source="website")
    client = signed_in(cast.mireille)

    shown = client.get(page("conversion"))
    [row] = shown.context["rows"]
    assert (row.line.name, row.line.leads, row.line.won, row.percent) == ("website", 1, 1, 100)
    assert "100.0%" in shown.content.decode()
    [behind] = client.get(row.behind["won"]).context["page"].object_list
    assert behind == lead
    assert client.get(page("conversion-leads"), {"figure": "sold"}).status_code == 404


def test_a_win_before_the_lead_came_in_is_flagged(cast, lead):
    before = lead.received_at - timedelta(days=2)
    record_outcome(lead, "won", by=cast.mireille, at=before)

    html = signed_in(cast.mireille).get(page("conversion")).content.decode()
    assert "1 lead was won before it came in." in html


def test_the_organisations_asking_reaches_the_customer(cast, client):
    """From the win to the answer, by the link that is sent."""
    Organisation.objects.create(pk=1, satisfaction="won")
    lead = LeadFactory(owner=cast.amina, contact_email="ines@acme.example")
    say(cast.amina, lead, "won")

    [asked] = Satisfaction.objects.all()
    client.post(survey(asked), {"score": 3})
    asked.refresh_from_db()
    assert (asked.score, asked.rep) == (3, cast.amina)
    with pytest.raises(Answered):
        answer(asked, 5)
