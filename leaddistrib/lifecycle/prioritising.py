"""Priority windows are given out for the next working days, and swapped when somebody is away
(GU4)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django.db.models import Q

from leaddistrib.engine.rota import rota
from leaddistrib.lifecycle.transactions import act, lock_scope
from leaddistrib.models import GuardrailPolicy, PriorityWindow, Rep, Team, TimeOff
from leaddistrib.queries import clock
from leaddistrib.queries.competing import policies_for, policy_for
from leaddistrib.queries.localdays import Span, midnight
from leaddistrib.queries.weeks import working_weeks

DAYS = 3
"""Days, today included, that windows are given out for: those on which anybody works."""
AHEAD = 10
"""Days of the calendar that are searched for them."""

Windows = Mapping[tuple[int, date], Span]
"""When whose window is, by rep and day."""


def rotate(moment: datetime) -> int:
    """Give out the windows of the coming working days in every team; returns how many were written
    or taken away. Doing it again changes nothing (GU4).

    Raises:
        Busy: the database was locked through every retry; the teams before it are done.
    """
    teams = list(Team.objects.order_by("pk"))
    holds = policies_for(GuardrailPolicy, [team.pk for team in teams])
    nowhere = PriorityWindow.objects.filter(rep__team=None, starts_at__gt=moment)
    gone, _each = nowhere.delete()
    return gone + sum(_give_out(team, holds[team.pk], moment) for team in teams)


def swap(team: int) -> int:
    """Do so for one team, by its primary key, now that somebody is away or is not any more. Windows
    that have begun stay whose they are.

    Locks the whole team: not for a transaction that holds one of its reps already.

    Raises:
        Busy: the database was locked through every retry; the next night's round does it.
    """
    found = Team.objects.filter(pk=team).first()
    return _give_out(found, policy_for(GuardrailPolicy, team), clock.now()) if found else 0


@act(durable=False)
def _give_out(team: Team, policy: GuardrailPolicy | None, moment: datetime) -> int:
    lock_scope(Rep.objects.filter(team=team))  # two at once would write a day's window twice
    wanted = _wanted(team, policy, moment) if policy else {}
    today = moment.astimezone(team.zone).date()
    coming = Q(day__gte=today) | Q(starts_at__gt=moment)
    had = {
        (window.rep_id, window.day): window
        for window in PriorityWindow.objects.filter(coming, rep__team=team)
    }
    stay = {key for key, window in had.items() if _stays(window, wanted.get(key), moment)}
    gone = [window.pk for key, window in had.items() if key not in stay]
    new = [
        PriorityWindow(rep_id=rep, day=day, starts_at=span.start, ends_at=span.end)
        for (rep, day), span in wanted.items()
        if (rep, day) not in stay and span.start > moment
    ]
    PriorityWindow.objects.filter(pk__in=gone).delete()
    PriorityWindow.objects.bulk_create(new)
    return len(gone) + len(new)


def _stays(window: PriorityWindow, wanted: Span | None, moment: datetime) -> bool:
    """Whether it has begun, is where it is wanted, or would be at an hour that is over."""
    if window.starts_at <= moment:
        return True
    if wanted is None:
        return False
    return wanted.start <= moment or wanted == (window.starts_at, window.ends_at)


def _wanted(team: Team, policy: GuardrailPolicy, moment: datetime) -> Windows:
    """Whose window is when on the next days on which anybody works; also of those that are over
    today. A window lasts as long on a day on which the clocks change as on any other."""
    minutes = policy.priority_minutes
    if not minutes:
        return {}
    found = {}
    for day, members, away in islice(_working_days(team, moment), DAYS):
        hours = policy.priority_from, policy.priority_until
        for rep, begins in rota(members, day, *hours, minutes, away):
            start = datetime.combine(day, begins, tzinfo=team.zone).astimezone(UTC)
            found[rep, day] = Span(start, start + timedelta(minutes=minutes))
    return found


def _working_days(team: Team, moment: datetime) -> Iterator[tuple[date, list[int], set[int]]]:
    """The next days on which anybody works who competes, from today on by the team's calendar, with
    who competes, and who of them is away: on leave at any time of the day, or not at work."""
    # Whoever only watches races in a phase of onboarding has no use for a window.
    watching = {
        "onboarding__phase__competition__lt": 5,  # of ten leads that is none
        "onboarding__phase__policy__active": True,
    }
    members = list(Rep.objects.filter(team=team, active=True).exclude(**watching).order_by("pk"))
    first = moment.astimezone(team.zone).date()
    days = [first + timedelta(days=number) for number in range(AHEAD)]
    spans = {day: _span(day, team) for day in days}
    whole = Span(spans[days[0]].start, spans[days[-1]].end)
    leave = list(
        TimeOff.objects.filter(
            rep__in=members,
            kind=TimeOff.Kind.LEAVE,
            starts_at__lt=whole.end,
            ends_at__gt=whole.start,
        ).values_list("rep", "starts_at", "ends_at")
    )
    weeks = working_weeks(members, *whole)
    everybody = [rep.pk for rep in members]
    for day, span in spans.items():
        away = {rep for rep, start, end in leave if start < span.end and end > span.start}
        away |= {rep for rep, week in weeks.items() if not week.hours(day)}
        if away != set(everybody):
            yield day, everybody, away


def _span(day: date, team: Team) -> Span:
    return Span(midnight(day, team.zone), midnight(day + timedelta(days=1), team.zone))
