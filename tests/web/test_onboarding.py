"""Managers look after their new reps; new reps watch races before they take part (ON1, ON2)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.errors import WrongPhase
from leaddistrib.lifecycle import onboarding as lifecycle
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Lead, Onboarding, OnboardingPolicy, PhaseChange, Rep
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, UserFactory
from leaddistrib.web.views import onboarding as views
from tests.web.conftest import signed_in
from tests.web.test_pages import queries

LIST = reverse("leaddistrib:onboarding")


@pytest.fixture
def phases(cast):
    policy = OnboardingPolicy.objects.create()
    return [
        policy.phases.create(position=1, name="Watching", weeks=4, competition=0),
        policy.phases.create(position=2, name="Full race", weeks=4, least_leads=5),
    ]


@pytest.fixture
def begun(cast, phases):
    """Amina of Paris and David of London began today."""
    for rep in (cast.amina, cast.david):
        lifecycle.begin(rep, timezone.localdate())
    return cast


def page_of(rep: Rep) -> str:
    return reverse("leaddistrib:onboarding-rep", args=[rep.public_id])


def send(cast, act, reason="Because", **more):
    return signed_in(cast.mireille).post(
        page_of(cast.amina), {"act": act, "reason": reason, **more}, follow=True
    )


def phase_of(rep):
    found = Onboarding.objects.select_related("phase").get(rep=rep)
    return found.phase.name if found.phase else ""


def test_a_manager_sees_the_own_new_reps_and_how_far_they_are(begun):
    text = signed_in(begun.mireille).get(LIST).content.decode()
    assert page_of(begun.amina) in text
    assert page_of(begun.david) not in text
    assert "Watching" in text
    assert "week 1 of 4" in text
    everybody = signed_in(begun.admin).get(LIST).content.decode()
    assert page_of(begun.david) in everybody


def test_leads_of_the_week_stand_beside_what_is_guaranteed(begun, phases):
    lifecycle.advance(begun.amina, begun.mireille, "Knows the trade")
    LeadFactory(owner=begun.amina)
    text = signed_in(begun.mireille).get(LIST).content.decode()
    assert "1 of 5 guaranteed" in text
    assert "0 raced, 1 assigned" in text


ALONE = "No race is open"


def test_a_new_rep_without_a_race_among_new_reps_is_not_stranded_silently(begun, phases):
    """Bruno is in every pool of Amina's; her manager and she herself read that it is closed."""
    pages = [(begun.mireille, LIST), (begun.mireille, page_of(begun.amina))]
    pages.append((begun.amina.user, reverse("leaddistrib:standing")))
    assert not any(ALONE in signed_in(who).get(page).content.decode() for who, page in pages)
    phases[0].competition, phases[0].cohort_only = 50, True
    phases[0].save()
    assert all(ALONE in signed_in(who).get(page).content.decode() for who, page in pages)
    PoolFactory(mode="race", reps=[begun.amina, begun.david])
    assert not any(ALONE in signed_in(who).get(page).content.decode() for who, page in pages)


def test_where_nobody_is_new_the_page_says_how_it_begins(cast):
    assert "Nobody is being onboarded" in signed_in(cast.mireille).get(LIST).content.decode()


def test_thirty_reps_cost_as_many_queries_as_one_and_are_paged(begun, phases, monkeypatch):
    phases[0].competition, phases[0].cohort_only = 50, True
    phases[0].save()
    client = signed_in(begun.mireille)
    few = queries(client, LIST)
    for _ in range(29):
        rep = RepFactory(team=begun.paris, user=UserFactory(password=None))
        first = Onboarding.objects.get(rep=begun.amina)
        Onboarding.objects.create(
            rep=rep, began_on=first.began_on, since=first.since, phase=first.phase
        )
    assert queries(client, LIST) <= few <= 21
    monkeypatch.setattr(views, "PAGE", 20)
    assert len(client.get(LIST).context["rows"]) == 20
    assert len(client.get(LIST, {"page": 2}).context["rows"]) == 10


def test_a_manager_holds_a_rep_and_lets_them_go_on_each_with_a_reason(begun):
    assert "Amina is held in “Watching”." in send(begun, "hold", "Was ill").content.decode()
    assert "Amina is in “Watching”, by the calendar." in send(begun, "free").content.decode()
    kept = PhaseChange.objects.filter(rep=begun.amina).order_by("id")
    assert list(kept.values_list("kind", "by__username", "reason"))[1:] == [
        ("held", "mireille", "Was ill"),
        ("freed", "mireille", "Because"),
    ]


def test_a_manager_moves_a_rep_on_back_and_through(begun, phases):
    watching, full = (phase.pk for phase in phases)
    for act, phase in (
        (f"on:{full}", "Full race"),
        (f"back:{watching}", "Watching"),
        (f"on:{full}", "Full race"),
        ("through", ""),
        (f"back:{full}", "Full race"),
    ):
        send(begun, act)
        assert phase_of(begun.amina) == phase


def test_without_a_reason_nothing_happens(begun, phases):
    answer = send(begun, f"on:{phases[1].pk}", "  ")
    assert answer.status_code == 400
    assert phase_of(begun.amina) == "Watching"


@pytest.mark.parametrize("act", ["free", "through", "on:0", "back:1", "everything"])
def test_only_what_can_happen_is_taken(begun, act):
    assert send(begun, act).status_code == 400
    assert PhaseChange.objects.filter(rep=begun.amina).count() == 1


def test_a_form_that_is_sent_twice_moves_nobody_twice(begun, phases):
    act = f"on:{phases[1].pk}"
    seen = signed_in(begun.mireille).get(page_of(begun.amina)).context["form"].seen
    send(begun, act, seen=seen)
    again = send(begun, act, seen=seen)
    assert again.status_code == 409
    assert "This changed since you looked" in again.content.decode()
    assert phase_of(begun.amina) == "Full race"


def test_what_a_colleague_did_at_the_same_moment_is_said(begun, monkeypatch):
    def too_late(*args):
        raise WrongPhase("Amina is held already.")

    monkeypatch.setattr(lifecycle, "hold", too_late)
    answer = send(begun, "hold")
    assert answer.status_code == 400
    assert "Amina is held already." in answer.content.decode()


def test_reps_of_other_teams_and_those_who_never_began_have_no_page(begun):
    client = signed_in(begun.mireille)
    assert client.get(page_of(begun.david)).status_code == 404
    assert client.get(page_of(begun.bruno)).status_code == 404


def test_what_happened_is_listed_with_reason_and_name(begun):
    send(begun, "hold", "Was ill")
    text = signed_in(begun.mireille).get(page_of(begun.amina)).content.decode()
    assert "“Was ill”" in text
    assert "Mireille" in text or "mireille" in text


# Watching


@pytest.mark.django_db(transaction=True)
def test_who_watches_sees_the_race_and_who_won_and_is_refused_in_words(begun, waiting):
    watcher = signed_in(begun.amina)
    pool = watcher.get(reverse("leaddistrib:pool")).content.decode()
    assert "Boulangerie Lenoir" in pool
    assert pool.count("You watch races in this phase of your onboarding") == 1

    refused = claim(waiting, begun.amina, via="page")
    assert refused.result == "refused"
    assert refused.refusals[0].code == "onboarding"
    assert claim(waiting, begun.bruno, via="page").result == "won"
    lead = watcher.get(reverse("leaddistrib:lead", args=[waiting.public_id])).content.decode()
    assert "Bruno" in lead


def test_who_takes_part_is_not_told_to_watch(begun, waiting):
    page = signed_in(begun.bruno).get(reverse("leaddistrib:pool")).content.decode()
    assert "You watch races" not in page


def test_a_rep_who_went_through_all_phases_is_told_nothing_more(begun, waiting):
    Onboarding.objects.filter(rep=begun.amina).update(
        since=timezone.localdate() - timedelta(weeks=9)
    )
    assert lifecycle.move_phases(timezone.now()) == 1
    assert phase_of(begun.amina) == ""
    page = signed_in(begun.amina).get(reverse("leaddistrib:pool")).content.decode()
    assert "You watch races" not in page
    assert Lead.objects.get() == waiting
