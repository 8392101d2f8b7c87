"""New reps come into the competition phase by phase; managers hold or move them (ON1, ON2)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from leaddistrib.errors import WrongPhase
from leaddistrib.jobs.runs import run_due
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle import onboarding as lifecycle
from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import (
    AllocationPolicy,
    JobRun,
    Onboarding,
    OnboardingPolicy,
    PhaseChange,
    Quota,
    Rep,
)
from leaddistrib.queries.explanations import decisions_of, sentence, trace
from leaddistrib.queries.onboarding import holds_in, inside
from leaddistrib.queries.own.phase import cohort, own_phase
from leaddistrib.testing import LeadFactory, RepFactory, UserFactory, clock_at, publish_rules

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NIGHT = timedelta(hours=3)
DAILY = [job for job in JOBS if job.name == "onboarding"]
NAMES = ("Watching", "Half", "Full", "")


def at(weeks, days=0):
    """The night of a day so long after the Monday on which Amina began."""
    day = MONDAY + timedelta(weeks=weeks, days=days)
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC) + NIGHT


@pytest.fixture
def phases(cast, settings):
    """Four weeks of each, as ON1 has it."""
    settings.TIME_ZONE = "UTC"
    policy = OnboardingPolicy.objects.create()
    made = (
        {"name": "Watching", "competition": 0},
        {"name": "Half", "competition": 50, "cohort_only": True},
        {"name": "Full", "least_leads": 5},
    )
    return [
        policy.phases.create(position=number, weeks=4, **one)
        for number, one in enumerate(made, start=1)
    ]


@pytest.fixture
def mireille(db):
    return UserFactory(username="mireille")


@pytest.fixture
def begun(cast, phases, mireille):
    """Amina began on the Monday."""
    with clock_at(at(0)):
        lifecycle.begin(cast.amina, MONDAY, by=mireille)
    return cast.amina


def where(rep):
    """The phase's name, since when, and whether the rep is held."""
    found = Onboarding.objects.select_related("phase").get(rep=rep)
    return found.phase.name if found.phase else "", found.since, found.held


def told(rep):
    """What was kept of it, oldest first."""
    kept = PhaseChange.objects.filter(rep=rep).order_by("id")
    return list(kept.values_list("kind", "former", "phase", "reason"))


def test_a_new_rep_begins_in_the_first_phase_and_it_is_kept_who_said_so(begun, mireille):
    assert where(begun) == ("Watching", MONDAY, False)
    assert told(begun) == [("began", "", "Watching", "")]
    assert PhaseChange.objects.get().by == mireille


@pytest.mark.parametrize(
    ("weeks", "days", "phase"),
    [
        (0, 0, ("Watching", 0)),
        (3, 6, ("Watching", 0)),
        (4, 0, ("Half", 4)),
        (7, 6, ("Half", 4)),
        (8, 0, ("Full", 8)),
        (11, 6, ("Full", 8)),
        (12, 0, ("", 12)),
        (52, 0, ("", 12)),
    ],
)
def test_the_calendar_moves_on_over_all_that_has_passed(begun, weeks, days, phase):
    with clock_at(at(weeks, days)):
        lifecycle.move_phases(at(weeks, days))
        assert lifecycle.move_phases(at(weeks, days)) == 0
    name, since = phase
    assert where(begun) == (name, MONDAY + timedelta(weeks=since), False)
    assert told(begun)[1:] == ([("moved", "Watching", name, "")] if since else [])


def test_the_worker_does_so_once_a_day(begun):
    with clock_at(at(4)):
        assert [run_due(at(4), DAILY) for _worker in range(2)] == [1, 0]
    assert JobRun.objects.get().result == {"moved": 1}
    assert where(begun)[0] == "Half"


def test_a_rep_who_began_long_ago_elsewhere_comes_into_the_phase_of_today(cast, phases):
    with clock_at(at(5)):
        lifecycle.begin(cast.bruno, MONDAY)
    assert where(cast.bruno) == ("Half", MONDAY + timedelta(weeks=4), False)


def test_a_first_day_that_is_to_come_counts_from_then(cast, phases):
    with clock_at(at(0)):
        lifecycle.begin(cast.bruno, MONDAY + timedelta(weeks=2))
    with clock_at(at(5)):
        assert lifecycle.move_phases(at(5)) == 0
    assert where(cast.bruno)[0] == "Watching"


def test_who_is_held_stays_and_loses_nothing_of_the_phases_that_follow(begun, mireille):
    with clock_at(at(3)):
        lifecycle.hold(begun, mireille, "Was ill")
    with clock_at(at(10)):
        assert lifecycle.move_phases(at(10)) == 0
        assert where(begun) == ("Watching", MONDAY, True)
        lifecycle.free(begun, mireille, "Is well")
    assert where(begun) == ("Half", MONDAY + timedelta(weeks=10), False)
    assert told(begun)[1:] == [
        ("held", "Watching", "Watching", "Was ill"),
        ("freed", "Watching", "Watching", "Is well"),
        ("moved", "Watching", "Half", ""),
    ]


def test_who_is_let_go_on_within_the_phase_stays_until_its_end(begun, mireille):
    with clock_at(at(1)):
        lifecycle.hold(begun, mireille, "Was ill")
        lifecycle.free(begun, mireille, "Is well")
    assert where(begun) == ("Watching", MONDAY, False)


def test_a_manager_moves_a_rep_on_which_ends_the_hold(begun, mireille):
    with clock_at(at(2)):
        lifecycle.hold(begun, mireille, "Was ill")
        lifecycle.advance(begun, mireille, "Knows the trade")
    assert where(begun) == ("Half", MONDAY + timedelta(weeks=2), False)
    assert told(begun)[-1] == ("advanced", "Watching", "Half", "Knows the trade")


def test_a_rep_is_moved_to_a_later_phase_or_out_of_the_last_one(begun, phases, mireille):
    with clock_at(at(2)):
        lifecycle.advance(begun, mireille, "Knows the trade", phases[2])
        assert where(begun)[0] == "Full"
        lifecycle.advance(begun, mireille, "Knows it all")
        assert where(begun)[0] == ""


def test_a_rep_is_put_back_by_one_phase_and_from_the_end_too(begun, phases, mireille):
    with clock_at(at(12)):
        lifecycle.move_phases(at(12))
        lifecycle.put_back(begun, mireille, "Was away")
        assert where(begun) == ("Full", MONDAY + timedelta(weeks=12), False)
        lifecycle.put_back(begun, mireille, "Was away", phases[0])
    assert where(begun)[0] == "Watching"
    assert told(begun)[-1] == ("put_back", "Full", "Watching", "Was away")


@pytest.mark.parametrize(
    ("act", "options", "says"),
    [
        ("free", {}, "is not held"),
        ("put_back", {}, "has not been past this phase"),
        ("put_back", {"phase": 2}, "has not been past this phase"),
        ("advance", {"phase": 0}, "is past this phase already"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    begun, phases, mireille, act, options, says
):
    chosen = {name: phases[number] for name, number in options.items()}
    with pytest.raises(WrongPhase, match=says):
        getattr(lifecycle, act)(begun, mireille, "Because", **chosen)
    assert len(told(begun)) == 1


@pytest.mark.parametrize("act", ["hold", "free", "advance", "put_back"])
def test_who_was_never_onboarded_is_left_alone(cast, phases, mireille, act):
    with pytest.raises(WrongPhase, match="is not being onboarded"):
        getattr(lifecycle, act)(cast.bruno, mireille, "Because")


@pytest.mark.parametrize("act", ["hold", "free", "advance"])
def test_who_is_through_is_neither_held_nor_moved_on(begun, mireille, act):
    with clock_at(at(12)):
        lifecycle.move_phases(at(12))
        with pytest.raises(WrongPhase, match="is through with onboarding"):
            getattr(lifecycle, act)(begun, mireille, "Because")


def test_to_hold_twice_or_without_a_reason_changes_nothing(begun, mireille):
    with pytest.raises(ValueError, match="says why"):
        lifecycle.hold(begun, mireille, "  ")
    assert not where(begun)[2]
    lifecycle.hold(begun, mireille, "Was ill")
    with pytest.raises(WrongPhase, match="is held already"):
        lifecycle.hold(begun, mireille, "Was ill")


def test_nobody_begins_twice_or_without_a_policy(begun, cast, phases):
    with pytest.raises(WrongPhase, match="was onboarded already"):
        lifecycle.begin(begun, MONDAY)
    OnboardingPolicy.objects.create(team=cast.lyon, active=False)
    with pytest.raises(WrongPhase, match="No onboarding policy"):
        lifecycle.begin(cast.chloe, MONDAY)
    assert not Onboarding.objects.filter(rep=cast.chloe).exists()


def test_a_team_with_phases_of_its_own_goes_through_them_also_after_a_change_of_team(cast, phases):
    own = OnboardingPolicy.objects.create(team=cast.lyon)
    own.phases.create(position=1, name="Shadowing", weeks=1)
    own.phases.create(position=2, name="Alone", weeks=1)
    with clock_at(at(0)):
        lifecycle.begin(cast.chloe, MONDAY)
    cast.chloe.team = cast.paris
    cast.chloe.save()
    with clock_at(at(1)):
        lifecycle.move_phases(at(1))
    assert where(cast.chloe)[0] == "Alone"


# What a rep is told


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "Assigned leads only. Races can be watched."),
        (1, "Of any ten leads in a row, at most 5 from races and at most 5 assigned."),
        (
            1,
            "Races only in pools whose members are all being onboarded, or were when the rep"
            " began.",
        ),
        (2, "All of the competition is open."),
        (2, "At least 5 leads a week: until then, pushed leads come here first."),
        (2, "What is done is measured, and counts neither in tiers nor leaderboards."),
    ],
)
def test_what_holds_in_a_phase_is_said_in_sentences(phases, number, said):
    assert said in holds_in(phases[number])


def test_a_rep_is_told_the_phase_what_is_next_and_how_long(begun):
    own = own_phase(begun, at(1))
    assert own is not None
    assert (own.name, own.week, own.weeks, own.next) == ("Watching", 2, 4, "Half")
    assert (own.since, own.until) == (MONDAY, MONDAY + timedelta(weeks=4))
    assert own.watching


def test_who_is_held_is_not_told_an_end(begun, mireille):
    lifecycle.hold(begun, mireille, "Was ill")
    own = own_phase(begun, at(1))
    assert own is not None
    assert (own.until, own.held) == (None, True)


def test_leads_of_the_week_are_held_against_what_is_guaranteed(begun, mireille):
    with clock_at(at(8)):
        lifecycle.move_phases(at(8))
        LeadFactory(owner=begun)
        LeadFactory(owner=begun)
    own = own_phase(begun, at(8, 1))
    assert own is not None
    assert (own.name, own.leads_week, own.least_leads, own.assigned) == ("Full", 2, 5, 2)
    later = own_phase(begun, at(9))
    assert later is not None
    assert later.leads_week == 0


def test_who_is_through_or_never_began_is_told_nothing(begun, cast):
    with clock_at(at(12)):
        lifecycle.move_phases(at(12))
    for rep in (begun, cast.bruno):
        assert own_phase(rep, at(12)) is None


def test_a_cohort_of_twenty_costs_as_many_queries_as_one_of_two(
    cast, phases, django_assert_max_num_queries
):
    def rows(number):
        for _ in range(number):
            lifecycle.begin(RepFactory(team=cast.paris), MONDAY)
        return inside()

    with clock_at(at(1)):
        few = rows(2)
        with django_assert_max_num_queries(5):
            assert len(cohort(few, at(1))) == 2
        many = rows(18)
        with django_assert_max_num_queries(5):
            assert len(cohort(many, at(1))) == 20


# Guaranteed leads


def test_guaranteed_leads_come_first_and_everybody_is_told_why(
    cast, phases, mireille, push_to_paris
):
    """Bruno is new and in his last phase; Amina has been here long, and it would be her turn."""
    publish_rules(push_to_paris())
    with clock_at(at(0)):
        lifecycle.begin(cast.bruno, MONDAY)
        lifecycle.advance(cast.bruno, mireille, "Knows the trade", phases[2])
        leads = [receive(clean({"company": f"Company {n}"})).lead for n in range(7)]
    got = [lead.owner for lead in leads]
    assert got == [cast.bruno] * 5 + [cast.amina] * 2

    [first] = decisions_of(leads[0])
    assert "you had had fewer leads this week than you are" in sentence(first, cast.bruno)
    assert "1 rep was before you: who has had fewer leads" in sentence(first, cast.amina)
    results = {one.name: one.result for one in trace(first).steps[0].candidates}
    assert results == {
        cast.bruno.name: "before the others: 5 guaranteed leads are still to come",
        cast.amina.name: "after who is still to get guaranteed leads",
    }
    [last] = decisions_of(leads[6])
    assert "whose turn it was" in sentence(last)


def test_who_is_through_in_mid_month_has_an_allocation_from_that_day_on(begun, cast, mireille):
    """… by what was attained in the month before; who is put back has none any more."""
    policy = AllocationPolicy.objects.create()
    policy.bands.create(from_percent=0, leads=10)
    Quota.objects.create(rep=begun, month=date(2026, 4, 1), amount=1000, currency="EUR")
    Rep.objects.filter(pk=cast.bruno.pk).update(allocation=7)

    def bound():
        reps = Rep.objects.filter(pk__in=[begun.pk, cast.bruno.pk]).order_by("pk")
        return list(reps.values_list("allocation", flat=True))

    for weeks, leads in ((11, None), (12, 10)):
        with clock_at(at(weeks)):
            lifecycle.move_phases(at(weeks))
        assert bound() == [leads, 7]
    with clock_at(at(12, 1)):
        lifecycle.put_back(begun, mireille, "Not yet")
        assert bound() == [None, 7]
        lifecycle.advance(begun, mireille, "Now")
    assert bound() == [10, 7]


def test_who_is_through_without_a_quota_in_the_month_before_is_not_limited(begun):
    AllocationPolicy.objects.create().bands.create(from_percent=0, leads=10)
    with clock_at(at(12)):
        assert lifecycle.move_phases(at(12)) == 1
    begun.refresh_from_db()
    assert begun.allocation is None


def test_a_rep_who_begins_on_the_last_day_of_the_calendar_stops_nobody(cast, phases):
    with clock_at(at(0)):
        lifecycle.begin(cast.amina, date.max)
        lifecycle.begin(cast.bruno, MONDAY)
        own = own_phase(cast.amina, at(0))
        assert own is not None
        assert own.until == date.max
    with clock_at(at(4)):
        assert lifecycle.move_phases(at(4)) == 1
    assert where(cast.amina) == ("Watching", date.max, False)
