"""Many reps reach for the same leads at once, from several processes (RA2)."""

import pytest

from leaddistrib.models import Assignment, Claim, Lead, Pool
from leaddistrib.testing import publish_rules
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)


def test_200_claimers_of_200_leads_never_share_one(race, hire, open_leads, dice, on_sqlite):
    """Each claimer tries 25 of the leads, in an order of its own: all would be 40,000 attempts.
    On SQLite, where writes follow each other, each tries one of 20."""
    reps = hire(200)
    leads = open_leads(20 if on_sqlite else 200, reps[0].team)
    tries = 1 if on_sqlite else 25

    history = race(
        [("claim", lead.pk, rep.pk) for lead in dice.sample(leads, tries)] for rep in reps
    )

    assert faults(history) == []
    assert len(history.of("claim")) == 200 * tries
    contested = Claim.objects.values("lead").distinct().count()
    assert Assignment.objects.count() == Lead.objects.exclude(owner=None).count() == contested


def test_of_200_claimers_of_one_lead_one_wins_and_all_others_learn_who(race, hire, open_leads):
    reps = hire(200)
    [lead] = open_leads(1, reps[0].team)

    history = race([("claim", lead.pk, rep.pk)] for rep in reps)

    assert faults(history) == []
    [won] = history.of("claim", "won")
    lost = history.of("claim", "lost")
    assert {answer["taken_by"] for answer in lost} == {won["rep"]}
    assert {answer["taken_at"] for answer in lost} == {won["taken_at"]}
    assert len(lost) == 199


def test_twenty_reps_with_ten_sessions_each_stay_within_their_capacity(
    race, hire, open_leads, dice, on_sqlite
):
    """All sessions of a rep reach for leads at the same time, spread over the processes: for so
    many that each rep finds three that nobody else has."""
    reps = hire(20, capacity=3)
    leads = open_leads(200, reps[0].team)
    tries = 2 if on_sqlite else 8

    history = race(
        [("claim", lead.pk, rep.pk) for lead in dice.sample(leads, tries)]
        for rep in reps
        for _ in range(10)
    )

    assert faults(history) == []
    assert [rep.leads.count() for rep in reps] == [3] * 20
    refused = history.of("claim", "refused")
    assert {tuple(answer["reasons"]) for answer in refused} == {("at_capacity",)}


def test_leads_that_are_given_back_while_others_claim_have_one_owner_at_a_time(
    race, hire, open_leads, dice, on_sqlite
):
    reps = hire(24, capacity=4)
    leads = open_leads(6, reps[0].team)
    rounds = 2 if on_sqlite else 8

    history = race(
        [("claim_and_give_back", dice.choice(leads).pk, rep.pk) for _ in range(rounds)]
        for rep in reps
    )

    assert faults(history) == []
    won = history.of("claim", "won")
    assert len(history.of("give back", "given back")) == len(won)
    # Whoever wins gives back: the leads went round, and wait again at the end.
    assert Claim.objects.filter(result="won", period__gt=1).exists()
    assert set(Lead.objects.values_list("status", flat=True)) == {"waiting"}


def test_pushes_and_claims_together_stay_within_the_capacity(race, hire, open_leads, dice):
    """A rep's last place is filled either by a claim or by a push."""
    reps = hire(4, capacity=5)
    leads = open_leads(30, reps[0].team)
    Pool.objects.create(name="Overflow", mode="queue").reps.set(reps)
    publish_rules(
        [
            {
                "name": "In turn",
                "when": {},
                "then": {
                    "push": "round_robin",
                    "team": "Paris",
                    "fallback": [{"pool": "Overflow"}],
                },
            }
        ]
    )

    claims = [[("claim", lead.pk, rep.pk) for lead in dice.sample(leads, 6)] for rep in reps]
    pushes = [[("receive", "", "")] * 6 for _ in range(4)]
    history = race([*claims, *claims, *pushes])

    assert faults(history) == []
    assert [rep.leads.count() for rep in reps] == [5] * 4
    assert {assignment.method for assignment in Assignment.objects.all()} == {"push", "claim"}
    assert Lead.objects.filter(pool__name="Overflow").exists()
