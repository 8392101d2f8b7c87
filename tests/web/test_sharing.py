"""The pages of a shared pool: contacts, who is at a lead, and who did how much (PO1–PO3)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import log_contact, start
from leaddistrib.models import Contact, Lead, Outcome, Pool, Work
from leaddistrib.policy import Policy, View
from leaddistrib.queries.contributions import Figure, contributions
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.web.conftest import signed_in


@pytest.fixture
def shared(cast):
    return PoolFactory(name="Inside sales", mode="shared", teams=[cast.paris])


@pytest.fixture
def lead(shared):
    return LeadFactory(pool=shared, company="Lenoir", contact_phone="+33140203040")


def at(name, lead):
    return reverse(f"leaddistrib:{name}", args=[lead.public_id])


def log(who, lead, **data):
    client = signed_in(who)
    return client.post(at("contacts", lead), {"channel": "call", **data}, follow=True)


def test_the_first_contact_is_one_tap(cast, lead):
    answer = log(cast.amina, lead, note="Wants a demo")
    body = answer.content.decode()
    assert "Noted. You were first: this lead is yours." in body
    assert "Amina called" in body
    assert "Wants a demo" in body
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_who_is_second_reads_who_was_first(cast, lead):
    log(cast.amina, lead)
    assert "Amina took it" in log(cast.bruno, lead).content.decode()


def test_a_refused_rep_reads_why(cast, lead):
    cast.amina.paused = True
    cast.amina.save()
    assert "You are paused." in log(cast.amina, lead).content.decode()
    assert not Contact.objects.exists()


def test_a_lead_that_stays_shared_says_so(cast, lead, shared):
    shared.ownership = Pool.Ownership.SHARED
    shared.save()
    body = log(cast.amina, lead).content.decode()
    assert "Noted." in body
    assert "The lead stays shared, and the contact counts for you." in body


def test_members_read_the_number_and_others_of_the_page_do_not(cast, lead):
    assert "+33140203040" in signed_in(cast.bruno).get(at("lead", lead)).content.decode()
    log(cast.amina, lead)
    assert "+33140203040" not in signed_in(cast.bruno).get(at("lead", lead)).content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [({"channel": "pigeon"}, "Say how you were in touch."), ({"note": "x" * 501}, "it has 501")],
)
def test_what_is_no_contact_is_not_logged_and_nothing_written_is_lost(cast, lead, data, said):
    answer = log(cast.amina, lead, **{"note": "Wants a demo", **data})
    body = answer.content.decode()
    assert answer.status_code == 400
    assert said in body
    assert f'value="{data.get("note", "Wants a demo")}"' in body
    assert not Contact.objects.exists()


def test_strangers_log_nothing(cast, lead):
    assert log(cast.david, lead).status_code == 404
    assert log(cast.oscar, lead).status_code == 404


class Discreet(Policy):
    """A host that does not say the company in the lists and pages of its reps."""

    def fields(self, view: View) -> tuple[str, ...]:
        return tuple(field for field in super().fields(view) if field != "company")


def test_a_form_that_comes_back_shows_no_more_than_the_policy_says(cast, lead, settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "POLICY": f"{__name__}.Discreet"}
    answer = log(cast.amina, lead, channel="pigeon")
    assert answer.status_code == 400
    assert "Lenoir" not in answer.content.decode()


@pytest.mark.parametrize("owned", [False, True])
def test_who_sees_a_preview_gets_no_form_that_can_never_be_sent(cast, waiting, owned):
    if owned:
        Lead.objects.filter(pk=waiting.pk).update(status="owned", owner=cast.bruno)
    answer = log(cast.amina, waiting, channel="")
    assert answer.redirect_chain == [(at("lead", waiting), 302)]
    assert "This lead is not yours (any more)." in answer.content.decode()


def test_a_lead_of_a_race_takes_no_contact(cast, waiting):
    assert "not yours" in log(cast.amina, waiting).content.decode()


def test_work_begins_and_ends_without_scripts(cast, lead):
    amina = signed_in(cast.amina)
    body = amina.post(at("working", lead), follow=True).content.decode()
    assert 'data-state="mine"' in body
    other = signed_in(cast.bruno).get(at("lead", lead)).content.decode()
    assert 'data-state="other"' in other
    assert "Amina" in other
    answer = signed_in(cast.bruno).post(at("working", lead), follow=True)
    assert "Amina is on it until" in answer.content.decode()
    amina.post(at("working", lead), {"stop": "1"})
    assert 'data-state="free"' in signed_in(cast.bruno).get(at("lead", lead)).content.decode()


def test_work_that_lapsed_is_not_shown_to_who_reloads(cast, lead):
    start(lead, cast.amina)
    now, minute = timezone.now(), timedelta(minutes=1)
    Lead.objects.update(opens_at=now - 60 * minute)
    Work.objects.update(since=now - 16 * minute, until=now - minute)
    assert 'data-state="free"' in signed_in(cast.bruno).get(at("lead", lead)).content.decode()
    rows = signed_in(cast.bruno).get(reverse("leaddistrib:pool")).context["rows"]
    assert [row["working"] for row in rows] == [None]


def test_a_list_shows_who_is_at_a_lead_and_offers_no_claim(cast, lead):
    start(lead, cast.amina)
    answer = signed_in(cast.bruno).get(reverse("leaddistrib:pool"))
    [row] = answer.context["rows"]
    assert (row["shared"], row["working"]["by"]) == (True, "Amina")


def test_a_shared_lead_is_closed_by_a_member(cast, lead):
    client = signed_in(cast.bruno)
    assert client.get(at("close", lead)).status_code == 200
    answer = client.post(at("close", lead), {"reason": "Not interested"}, follow=True)
    assert "You closed Lenoir." in answer.content.decode()
    assert Lead.objects.get(pk=lead.pk).status == "closed"


def test_a_lead_left_lying_is_marked(cast):
    pool = PoolFactory(name="Cold", mode="queue", stale_minutes=30, reps=[cast.amina])
    fresh, old = LeadFactory(pool=pool), LeadFactory(pool=pool)
    Lead.objects.filter(pk=old.pk).update(opens_at=timezone.now() - timedelta(hours=1))
    answer = signed_in(cast.amina).get(reverse("leaddistrib:pool"), {"sort": "oldest"})
    shown = [(row["id"], row["stale"]) for row in answer.context["rows"]]
    assert shown == [(str(old.public_id), True), (str(fresh.public_id), False)]
    assert answer.content.decode().count("is-stale") == 1


# --- Contributions


def figures(pool, since=timedelta(days=30)):
    now = timezone.now()
    return {
        one.rep.user.username: (*(one.figures[figure] for figure in Figure), round(one.share, 2))
        for one in contributions(pool, now - since, now + timedelta(seconds=1))
    }


@pytest.fixture
def worked(cast, shared):
    """Amina: three contacts with two leads, both first, one won. Bruno: one contact, after her."""
    shared.ownership = Pool.Ownership.SHARED
    shared.save()
    first, second = LeadFactory(pool=shared, company="First"), LeadFactory(pool=shared)
    for rep, lead in (
        (cast.amina, first),
        (cast.amina, first),
        (cast.bruno, first),
        (cast.amina, second),
    ):
        log_contact(lead, rep, "call")
    Outcome.objects.create(lead=first, rep=cast.amina, stage="won", at=timezone.now())
    return shared


def test_each_members_part_is_counted(worked):
    #        leads, contacts, first, won, share
    assert figures(worked) == {
        "amina": (2, 3, 2, 1, 0.75),
        "bruno": (1, 1, 0, 0, 0.25),
    }


def test_what_is_outside_the_period_counts_not(worked):
    Contact.objects.update(at=timezone.now() - timedelta(days=60))
    Outcome.objects.update(at=timezone.now() - timedelta(days=60))
    assert figures(worked) == {"amina": (0, 0, 0, 0, 0), "bruno": (0, 0, 0, 0, 0)}


def test_who_left_the_pool_keeps_what_was_done(cast, worked):
    cast.bruno.team = cast.david.team
    cast.bruno.save()
    assert figures(worked)["bruno"] == (1, 1, 0, 0, 0.25)


def test_contacts_in_other_pools_count_there(cast, worked):
    other = PoolFactory(name="Other", mode="shared", reps=[cast.amina])
    log_contact(LeadFactory(pool=other), cast.amina, "call")
    assert figures(worked)["amina"][1] == 3
    assert figures(other) == {"amina": (1, 1, 1, 0, 1.0)}


def test_what_was_done_in_a_pool_stays_there_when_the_leads_move_on(cast, worked):
    """The leads are handed over, which takes them out of the pool."""
    Lead.objects.update(pool=None, status="owned", owner=cast.bruno)
    assert figures(worked) == {
        "amina": (2, 3, 2, 1, 0.75),
        "bruno": (1, 1, 0, 0, 0.25),
    }


def test_a_win_is_the_pools_that_the_winner_was_in_touch_through(cast, worked):
    """Bruno won what Amina worked in the pool, and he by himself."""
    lead = LeadFactory(owner=cast.bruno)
    Outcome.objects.create(lead=lead, rep=cast.bruno, stage="won", at=timezone.now())
    assert figures(worked)["bruno"][3] == 0
    log_contact(lead, cast.bruno, "call")
    Outcome.objects.create(lead=lead, rep=cast.bruno, stage="won", at=timezone.now())
    assert figures(worked)["bruno"][3] == 0
    assert figures(worked)["amina"][3] == 1


def test_contributions_cost_the_same_for_few_and_for_many(cast, worked, django_assert_num_queries):
    for _ in range(20):
        log_contact(LeadFactory(pool=worked), cast.bruno, "email")
    with django_assert_num_queries(7):
        figures(worked)


def test_a_manager_sees_everybody_and_opens_the_leads_behind(cast, worked):
    client = signed_in(cast.mireille)
    where = at("contributions", worked)
    answer = client.get(where)
    assert [one[0].rep.name for one in answer.context["members"]] == ["Amina", "Bruno"]
    answer = client.get(where, {"rep": str(cast.bruno.public_id), "figure": "contacts"})
    assert [lead["company"] for lead in answer.context["leads"]] == ["First"]
    for figure, number in (("leads", 2), ("firsts", 2), ("won", 1)):
        answer = client.get(where, {"rep": str(cast.amina.public_id), "figure": figure})
        assert len(answer.context["leads"]) == number


def test_a_member_sees_the_own_part_only(cast, worked):
    client = signed_in(cast.bruno)
    where = at("contributions", worked)
    answer = client.get(where)
    assert [one[0].rep for one in answer.context["members"]] == [cast.bruno]
    assert "Amina" not in answer.content.decode()
    foreign = {"rep": str(cast.amina.public_id), "figure": "contacts"}
    assert client.get(where, foreign).status_code == 404


@pytest.mark.parametrize(
    "query", [{"figure": "lies"}, {"figure": "won"}, {"figure": "won", "rep": "x"}]
)
def test_a_figure_that_there_is_not_is_not_found(cast, worked, query):
    assert signed_in(cast.mireille).get(at("contributions", worked), query).status_code == 404
