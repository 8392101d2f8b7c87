"""Public holidays of a region, and the weeks that keep them (PU2)."""

import subprocess
import sys
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.models import WorkingHours
from leaddistrib.queries import holidays as module
from leaddistrib.queries import wording
from leaddistrib.queries.holidays import NoHolidays, check_region, holidays
from leaddistrib.queries.weeks import working_weeks
from leaddistrib.testing import RepFactory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_part_of_a_country_has_its_own_holidays_beside_the_countrys():
    epiphany, unity = date(2026, 1, 6), date(2026, 10, 3)

    assert holidays("DE", [2026]) >= {unity}
    assert epiphany not in holidays("DE", [2026])
    assert holidays("DE-BY", [2026, 2027]) >= {epiphany, unity, date(2027, 1, 6)}
    assert date(2026, 7, 14) in holidays("FR", [2026])


@pytest.mark.parametrize("region", ["XX", "FR-75", "fr", "FR-", "DE_BY", "-"])
def test_a_region_that_is_not_known_is_said_to_be_unknown(region):
    with pytest.raises(NoHolidays) as refused:
        check_region(region)
    sentence = wording.holiday_problem(refused.value)
    assert region in sentence
    assert "FR" in sentence or "DE" in sentence


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", missing)
    with pytest.raises(NoHolidays) as refused:
        check_region("FR")
    assert "leaddistrib[calendar]" in wording.holiday_problem(refused.value)


def test_nobody_pays_for_the_package_who_does_not_ask_for_holidays():
    program = (
        "import os, sys, django\n"
        "os.environ.update(DEBUG='1', DJANGO_SETTINGS_MODULE='config.settings')\n"
        "django.setup()\n"
        "import leaddistrib.urls, leaddistrib.jobs.due\n"
        "sys.exit(any(name in sys.modules for name in"
        " ('holidays', 'icalendar', 'recurring_ical_events')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.django_db
def test_weeks_of_many_reps_cost_one_query_and_have_zone_hours_and_holidays():
    always, mornings, bavarian, lost = (
        RepFactory(),
        RepFactory(time_zone="Asia/Tokyo"),
        RepFactory(holiday_region="DE-BY"),
        RepFactory(holiday_region="XX", time_zone="Mars/Olympus"),
    )
    WorkingHours.objects.create(rep=mornings, weekday=0, starts=time(9), ends=time(12))

    with CaptureQueriesContext(connection) as captured:
        weeks = working_weeks([always, mornings, bavarian, lost], NOON)

    assert len(captured) == 1
    assert set(weeks) == {mornings.pk, bavarian.pk, lost.pk}
    assert weeks[mornings.pk].zone == ZoneInfo("Asia/Tokyo")
    assert weeks[mornings.pk].blocks == ((0, time(9), time(12)),)
    assert date(2027, 1, 6) in weeks[bavarian.pk].holidays
    assert weeks[lost.pk].is_at_work(NOON)
