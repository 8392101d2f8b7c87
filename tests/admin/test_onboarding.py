"""Phases of onboarding are configured, and a rep begins, in the admin site (ON1, ON2)."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.models import Onboarding, OnboardingPolicy, PhaseChange
from leaddistrib.testing import RepFactory, TeamFactory, UserFactory, clock_at

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAY = (
    *("view_onboardingpolicy", "change_onboardingpolicy", "add_onboardingpolicy"),
    *("view_onboardingphase", "change_onboardingphase", "add_onboardingphase"),
    "delete_onboardingphase",
)


@pytest.fixture
def policy():
    made = OnboardingPolicy.objects.create()
    made.phases.create(position=1, name="Watching", weeks=4, competition=0)
    made.phases.create(position=2, name="Half", weeks=1, competition=50, cohort_only=True)
    made.phases.create(position=3, name="Full", weeks=4, least_leads=5)
    return made


def address(page, *args):
    return reverse(f"admin:leaddistrib_{page}", args=args)


def form(policy, positions, **changes):
    """The policy's page with its phases at these positions."""
    phases = list(policy.phases.order_by("pk"))
    sent = {
        "team": "",
        "active": "on",
        "phases-TOTAL_FORMS": len(phases),
        "phases-INITIAL_FORMS": len(phases),
    }
    for number, (phase, position) in enumerate(zip(phases, positions, strict=True)):
        row = {
            "id": phase.pk,
            "policy": policy.pk,
            "position": position,
            "name": phase.name,
            "weeks": phase.weeks,
            "competition": phase.competition,
            "least_leads": phase.least_leads,
        }
        sent |= {f"phases-{number}-{name}": value for name, value in row.items()}
    return sent | changes


def names(policy):
    return list(policy.phases.order_by("position").values_list("name", flat=True))


def test_the_page_says_who_does_what_for_how_long(signed_in, policy):
    page = signed_in(*MAY).get(address("onboardingpolicy_change", policy.pk)).content.decode()
    for sentence in (
        "Weeks 1 to 4, “Watching”: Assigned leads only. Races can be watched.",
        "Week 5, “Half”: Of any ten leads in a row, at most 5 from races",
        "At least 5 leads a week: until then, pushed leads come here first.",
        "From week 10 on all of the competition is open",
    ):
        assert sentence in page


def test_a_policy_without_phases_says_that_it_onboards_nobody(signed_in):
    OnboardingPolicy.objects.create()
    page = signed_in(*MAY).get(address("onboardingpolicy_changelist")).content.decode()
    assert "nobody is onboarded by it" in page


def test_phases_change_places(signed_in, policy):
    client = signed_in(*MAY)
    sent = form(policy, (3, 2, 1))
    assert client.post(address("onboardingpolicy_change", policy.pk), sent).status_code == 302
    assert names(policy) == ["Full", "Half", "Watching"]


@pytest.mark.parametrize("positions", [(1, 1, 2), (1, 2, 4), (2, 3, 4)])
def test_phases_are_numbered_from_one_on_each_number_once(signed_in, policy, positions):
    client = signed_in(*MAY)
    answer = client.post(
        address("onboardingpolicy_change", policy.pk), form(policy, positions)
    ).content.decode()
    assert "Number the phases from 1 on, each number once: 1, 2, 3." in answer
    assert names(policy) == ["Watching", "Half", "Full"]


def test_a_phase_in_which_somebody_is_cannot_be_deleted(signed_in, policy):
    with clock_at(NOON):
        begin(RepFactory(), MONDAY)
    client = signed_in(*MAY)
    sent = form(policy, (3, 1, 2), **{"phases-0-DELETE": "on"})
    assert client.post(address("onboardingpolicy_change", policy.pk), sent).status_code == 200
    assert policy.phases.count() == 3


# Reps

REPS = ("view_rep", "change_rep", "add_rep")


def rep_form(rep, **changes):
    empty = {
        f"{prefix}-{name}_FORMS": 0
        for prefix in ("working_hours", "time_off", "calendar")
        for name in ("TOTAL", "INITIAL")
    }
    return {
        **empty,
        "user": rep.user_id,
        "team": rep.team_id,
        "active": "on",
        "capacity": 50,
        "seniority": "standard",
        "weight": 1,
        "taper_days": 0,
        **changes,
    }


def prefixes(client, page):
    """How the page's parts are called, whatever they are."""
    formsets = client.get(page).context["inline_admin_formsets"]
    return [one.formset.prefix for one in formsets]


def post_rep(client, page, rep, **changes):
    sent = rep_form(rep, **changes)
    for prefix in prefixes(client, page):
        sent |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return client.post(page, sent)


def test_a_new_rep_begins_today_unless_the_day_is_taken_away(signed_in, policy):
    client, team = signed_in(*REPS), TeamFactory()
    with clock_at(NOON):
        page = client.get(address("rep_add"))
        assert page.context["adminform"].form["onboarding_on"].initial == MONDAY
        for username, on in (("amina", MONDAY), ("bruno", "")):
            rep = RepFactory.build(user=UserFactory(username=username), team=team)
            assert post_rep(client, address("rep_add"), rep, onboarding_on=on).status_code == 302
    [begun] = Onboarding.objects.all()
    assert (begun.rep.user.username, str(begun.phase)) == ("amina", "Watching")
    assert PhaseChange.objects.get().by == client.user


def test_where_no_policy_holds_a_new_rep_does_not_begin_and_an_elder_one_cannot(signed_in):
    client, team = signed_in(*REPS), TeamFactory()
    with clock_at(NOON):
        new = RepFactory.build(user=UserFactory(username="amina"), team=team)
        assert post_rep(client, address("rep_add"), new, onboarding_on=MONDAY).status_code == 302
        bruno = RepFactory(user__username="bruno", team=team)
        page = address("rep_change", bruno.pk)
        answer = post_rep(client, page, bruno, onboarding_on=MONDAY)
    assert "No onboarding policy holds" in answer.content.decode()
    assert not Onboarding.objects.exists()


def test_a_rep_who_was_there_before_begins_when_somebody_says_so(signed_in, policy):
    client, bruno = signed_in(*REPS), RepFactory(user__username="bruno")
    page = address("rep_change", bruno.pk)
    with clock_at(NOON):
        assert post_rep(client, page, bruno).status_code == 302
        assert not Onboarding.objects.exists()
        assert post_rep(client, page, bruno, onboarding_on=MONDAY).status_code == 302
        begun = Onboarding.objects.get()
        assert address("onboarding_change", begun.pk) in client.get(page).content.decode()
        again = post_rep(client, page, bruno, onboarding_on="2026-06-01")
    assert again.status_code == 302
    assert Onboarding.objects.get().began_on == MONDAY


@pytest.mark.parametrize(
    ("on", "said"), [("2027-03-03", []), ("2027-03-04", ["day"]), ("9999-12-31", ["day"])]
)
def test_a_day_that_is_a_slip_of_the_pen_is_refused_at_its_field(signed_in, policy, on, said):
    client, bruno = signed_in(*REPS), RepFactory(user__username="bruno")
    with clock_at(NOON):
        answer = post_rep(client, address("rep_change", bruno.pk), bruno, onboarding_on=on)
    if not said:
        assert answer.status_code == 302
        return
    [error] = answer.context["adminform"].form.errors["onboarding_on"]
    assert error == "Onboarding begins within a year from now: on 03/03/2027 at the latest."
    assert not Onboarding.objects.exists()


# Who is where


def test_the_action_leads_to_the_page_that_asks_why_for_one_rep(signed_in, policy):
    with clock_at(NOON):
        rows = [begin(RepFactory(), MONDAY) for _ in range(2)]
    client = signed_in("view_onboarding")

    def act(*chosen):
        sent = {"action": "hold_or_move", "_selected_action": [row.pk for row in chosen]}
        return client.post(address("onboarding_changelist"), sent)

    where = reverse("leaddistrib:onboarding-rep", args=[rows[0].rep.public_id])
    assert act(rows[0])["Location"] == where
    both = act(*rows)
    assert "Choose one rep" in str(list(get_messages(both.wsgi_request))[-1])


def test_what_happened_is_listed_with_who_did_it_and_why(signed_in, policy):
    amina, mireille = RepFactory(user__username="amina"), UserFactory(username="mireille")
    with clock_at(NOON):
        begin(amina, MONDAY, by=mireille)
    page = signed_in("view_phasechange").get(address("phasechange_changelist")).content.decode()
    assert "amina" in page
    assert "mireille" in page
