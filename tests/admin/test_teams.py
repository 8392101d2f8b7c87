"""A team's page: weights by performance, before they count and when they do."""

from decimal import Decimal

import pytest
from django.urls import reverse

from leaddistrib.models import Assignment, Outcome, Rep, Team
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    """Amina won 20 of her 40 leads, Bruno 5 of his 40."""
    team = TeamFactory(name="Paris", weighting=Team.Weighting.PERFORMANCE)
    for name, won in (("amina", 20), ("bruno", 5)):
        rep = RepFactory(user__username=name, team=team)
        leads = [LeadFactory(owner=rep) for _ in range(40)]
        Outcome.objects.bulk_create(
            Outcome(lead=lead, rep=rep, stage=Outcome.Stage.WON, at=clock.now())
            for lead in leads[:won]
        )
    return team


def weights():
    return {rep.user.username: rep.weight for rep in Rep.objects.all()}


def test_the_page_shows_what_performance_would_make_of_the_weights(signed_in, team):
    page = signed_in("view_team").get(reverse("admin:leaddistrib_team_change", args=[team.pk]))
    rows = [
        (row.rep.user.username, row.record.leads, row.record.won, row.weighed.weight)
        for row in page.context["performance"]
    ]
    assert rows == [("amina", 40, 20, Decimal("2.33")), ("bruno", 40, 5, Decimal("0.60"))]
    assert weights() == {"amina": 1, "bruno": 1}


def test_an_admin_puts_them_in_force_and_it_is_on_record_why(signed_in, team):
    client = signed_in("view_team", "change_team", "change_rep")
    for _twice in range(2):
        client.post(reverse("admin:leaddistrib_team_weigh", args=[team.pk]))
    assert weights() == {"amina": Decimal("2.33"), "bruno": Decimal("0.60")}
    amina = Rep.objects.get(user__username="amina")
    changed = amina.history.filter(history_type="~").get()
    assert changed.history_user == client.user
    assert changed.history_change_reason == "From performance: 20 won of 40 leads"


def test_weights_set_by_hand_are_left_alone(signed_in, team):
    Team.objects.update(weighting=Team.Weighting.BY_HAND)
    client = signed_in("view_team", "change_team", "change_rep")
    address = reverse("admin:leaddistrib_team_weigh", args=[team.pk])
    assert client.post(address).status_code == 403
    assert weights() == {"amina": 1, "bruno": 1}


def test_who_may_not_change_reps_changes_no_weights(signed_in, team):
    client = signed_in("view_team", "change_team")
    address = reverse("admin:leaddistrib_team_weigh", args=[team.pk])
    assert client.post(address).status_code == 403


def test_a_lead_that_two_reps_had_is_won_by_the_one_who_won_it(team):
    from leaddistrib.queries.performance import performance

    bruno = Rep.objects.get(user__username="bruno")
    lead = Outcome.objects.filter(rep__user__username="amina")[0].lead
    Assignment.objects.filter(lead=lead).update(ended_at=clock.now(), end="released")
    Assignment.objects.create(lead=lead, rep=bruno, method="push", started_at=clock.now())
    rows = {row.rep.user.username: row.record for row in performance(team, clock.now())}
    assert (rows["bruno"].leads, rows["bruno"].won) == (41, 5)
