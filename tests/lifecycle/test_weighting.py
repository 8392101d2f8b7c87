"""Weights follow performance once a week, in the teams that chose it (PU1)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from leaddistrib.jobs.runs import run_due
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.jobs.work import weights
from leaddistrib.models import Assignment, JobRun, Lead, Outcome, Rep, Team
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory, clock_at

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 5, tzinfo=UTC)


def team(name: str, weighting: str) -> None:
    """Its Amina won 20 of 40 leads, its Bruno 5 of 40, and its Chloé had none yet."""
    paris = TeamFactory(name=name, weighting=weighting)
    for rep_name, won in (("amina", 20), ("bruno", 5)):
        rep = RepFactory(user__username=f"{rep_name}-{name}", team=paris)
        leads = [LeadFactory(owner=rep) for _ in range(40)]
        Outcome.objects.bulk_create(
            Outcome(lead=lead, rep=rep, stage=Outcome.Stage.WON, at=MONDAY) for lead in leads[:won]
        )
    RepFactory(user__username=f"chloé-{name}", team=paris)


def by_name() -> dict[str, Decimal]:
    return dict(Rep.objects.values_list("user__username", "weight"))


def test_the_weekly_job_weighs_the_teams_that_want_it_and_no_other() -> None:
    with clock_at(datetime(2026, 2, 20, tzinfo=UTC)):
        team("paris", Team.Weighting.PERFORMANCE)
        team("lyon", Team.Weighting.BY_HAND)
    Outcome.objects.update(at=datetime(2026, 2, 25, tzinfo=UTC))

    assert weights(MONDAY) == {"changed": 2}

    assert by_name() == {
        "amina-paris": Decimal("2.33"),
        "bruno-paris": Decimal("0.60"),
        "chloé-paris": Decimal(1),  # nothing is known of her
        **{f"{name}-lyon": Decimal(1) for name in ("amina", "bruno", "chloé")},
    }
    amina = Rep.objects.get(user__username="amina-paris")
    assert amina.history.latest().history_change_reason == "From performance: 20 won of 40 leads"
    assert weights(MONDAY) == {"changed": 0}


def test_what_is_longer_ago_than_the_period_counts_no_more() -> None:
    with clock_at(datetime(2025, 11, 1, tzinfo=UTC)):
        team("paris", Team.Weighting.PERFORMANCE)

    assert weights(MONDAY) == {"changed": 0}


def record(team: Team, name: str, leads: int, won: int) -> None:
    """A rep of ``team`` who had so many leads and won so many of them."""
    rep, at = RepFactory(user__username=name, team=team), datetime(2026, 2, 20, tzinfo=UTC)
    rows = Lead.objects.bulk_create(Lead(received_at=at) for _ in range(leads))
    Assignment.objects.bulk_create(
        Assignment(lead=lead, rep=rep, method="push", started_at=at) for lead in rows
    )
    Outcome.objects.bulk_create(
        Outcome(lead=lead, rep=rep, stage="won", at=at) for lead in rows[:won]
    )


def test_the_worker_gives_the_best_three_times_the_average_once_a_week() -> None:
    """Amina wins half of many leads, Bruno a tenth of as many; Chloé won her only one."""
    paris = TeamFactory(name="Paris", weighting=Team.Weighting.PERFORMANCE)
    for name, leads, won in (("amina", 2000, 1000), ("bruno", 2000, 200), ("chloé", 1, 1)):
        record(paris, name, leads, won)
    weekly = [job for job in JOBS if job.name == "weights"]

    assert [run_due(MONDAY, weekly) for _worker in range(2)] == [1, 0]

    # 2000 leads of her own against 20 of the average: 3, but for a hundredth of the way there.
    assert by_name() == {
        "amina": Decimal("2.98"),
        "bruno": Decimal("0.34"),
        "chloé": Decimal("1.33"),
    }
    assert JobRun.objects.get().result == {"changed": 3}
