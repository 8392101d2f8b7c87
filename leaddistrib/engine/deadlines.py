"""When so many minutes are up: by the calendar, or counting only somebody's working hours (SL1)."""

from datetime import UTC, datetime, timedelta

from leaddistrib.engine.availability import DAY, LOOK_AHEAD, WorkingWeek


def after(start: datetime, minutes: int, week: WorkingWeek | None = None) -> datetime:
    """The moment ``minutes`` after ``start`` (aware), in UTC.

    With ``week`` only its working hours count: minutes that begin outside them wait for the next
    ones, and what is up exactly at the end of a day's work is up then, not the next morning. A day
    on which the clocks change has as many minutes as it really has. Leave is not in a week: a lead
    does not wait until its owner is back. Where a week has too few hours for it within
    ``LOOK_AHEAD`` days, the calendar counts.
    """
    by_calendar = start.astimezone(UTC) + timedelta(minutes=minutes)
    if week is None:
        return by_calendar
    left = timedelta(minutes=minutes)
    today = start.astimezone(week.zone).date()
    for number in range(LOOK_AHEAD):
        for begins, ends in sorted(week.hours(today + number * DAY)):
            begins = max(begins, start)
            if begins >= ends:
                continue
            if begins + left <= ends:
                return (begins + left).astimezone(UTC)
            left -= ends - begins
    return by_calendar
