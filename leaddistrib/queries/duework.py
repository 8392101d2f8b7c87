"""What should have been done by now, and was not; and sums that do not agree with the log (OP3)."""

from datetime import datetime, timedelta

from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import (
    Alert,
    JobRun,
    LogEntry,
    Offer,
    OutboxMessage,
    Rep,
    ResponseClock,
    ResponseRollup,
)
from leaddistrib.queries.checking import Check
from leaddistrib.queries.clocks import running
from leaddistrib.queries.rollups import COUNTED

SENT_WITHIN = timedelta(minutes=15)
IN_FLIGHT_WITHIN = timedelta(hours=36)
"""Longer than all tries take, and than a night of quiet hours."""
DONE_WITHIN = timedelta(hours=2)
LOOKED_AT_WITHIN = timedelta(minutes=15)
"""A worker looks at a clock, or opens a window, within two seconds: it must be long gone."""


def _unsent() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(sent_at=None, dropped_at=None, dead_at=None)


def _windows_untold(moment: datetime) -> QuerySet[Offer]:
    return Offer.objects.filter(
        opened_at=None, closed_at=None, opens_at__lt=moment - LOOKED_AT_WITHIN
    )


def _clocks_overdue(moment: datetime) -> QuerySet[ResponseClock]:
    return ResponseClock.objects.filter(next_at__lt=moment - LOOKED_AT_WITHIN)


def _clocks_run_on(moment: datetime) -> QuerySet[ResponseClock]:
    others = Q(assignment__ended_at__isnull=False) | ~Q(rep=F("lead__owner"))
    return running().filter(others | Q(lead__owner=None))


def _late_and_forgotten(moment: datetime) -> QuerySet[ResponseClock]:
    """Whose time is up, without that being noted; for whom nobody will look again, although others
    are to be asked; and those for whom nobody is left, without an alert that says so."""
    team = Concat(Value("team:"), Coalesce(Cast("rep__team", CharField()), Value("")))
    told = Alert.objects.filter(
        kind=Alert.Kind.UNANSWERED, closed_at=None, subject=OuterRef("subject")
    )
    late = running().filter(due_at__lt=moment - LOOKED_AT_WITHIN).annotate(subject=team)
    return late.filter(
        Q(lapsed_at=None)
        | Q(next_at=None, stuck_at=None)
        | Q(~Exists(told), stuck_at__lt=moment - LOOKED_AT_WITHIN)
    )


STARTED = Q(event=LogEntry.Event.CLOCK_STARTED)
ANSWERED = Q(event=LogEntry.Event.CONTACTED, detail__has_key="response")
UNDONE = Q(event=LogEntry.Event.CONTACT_UNDONE, detail__has_key="response")


def _rollups_differ(moment: datetime) -> QuerySet[Rep]:
    """By their totals; ``leaddistrib_rollups --check`` compares every row. The log and the sums are
    each read once. Who differs may have been in the middle of a change, so those few are looked at
    again, in one statement that sees both at the same moment."""
    logged = LogEntry.objects.filter(rep__isnull=False, event__in=COUNTED).order_by()
    said = {
        rep: (started, answered - undone)
        for rep, started, answered, undone in logged.values_list("rep").annotate(
            started=Count("pk", filter=STARTED),
            answered=Count("pk", filter=ANSWERED),
            undone=Count("pk", filter=UNDONE),
        )
    }
    sums = ResponseRollup.objects.order_by().values_list("rep")
    kept = {rep: tuple(two) for rep, *two in sums.annotate(Sum("started"), Sum("answered"))}
    differing = [rep for rep in {*said, *kept} if said.get(rep, (0, 0)) != kept.get(rep, (0, 0))]
    return _differing_now(Rep.objects.filter(pk__in=differing))


def _differing_now(reps: QuerySet[Rep]) -> QuerySet[Rep]:
    def counted(which: Q) -> Coalesce:
        entries = LogEntry.objects.filter(which, rep=OuterRef("pk")).order_by().values("rep")
        return Coalesce(Subquery(entries.annotate(n=Count("pk")).values("n")), Value(0))

    def kept(name: str) -> Coalesce:
        rows = ResponseRollup.objects.filter(rep=OuterRef("pk")).order_by().values("rep")
        return Coalesce(Subquery(rows.annotate(n=Sum(name)).values("n")), Value(0))

    compared = reps.annotate(
        begun=counted(STARTED),
        spoken=counted(ANSWERED),
        undone=counted(UNDONE),
        started=kept("started"),
        answered=kept("answered"),
    )
    return compared.exclude(begun=F("started"), spoken=F("answered") + F("undone"))


WORKER = _("See that leaddistrib_worker runs, and its log for the reason.")

CHECKS = (
    Check(
        "message_overdue",
        _("Messages that should have been sent by now"),
        _("See that leaddistrib_worker runs, and that the channel's server answers."),
        lambda moment: _unsent().filter(due_at__lt=moment - SENT_WITHIN),
        "event",
    ),
    Check(
        "message_in_flight",
        _("Messages that are neither sent nor given up after a day and a half"),
        _(
            "See what their last error says, and that the channel's server answers. They are given"
            " up by themselves after the last try, and dropped when nobody needs them any more."
        ),
        lambda moment: _unsent().filter(created_at__lt=moment - IN_FLIGHT_WITHIN),
        "event",
    ),
    Check(
        "message_dead",
        _("Messages that were given up after every try"),
        _(
            "Mend what their last error says, then choose them in the admin's list of messages, and"
            " “Send given-up messages again”: what nobody needs any more is dropped then."
        ),
        lambda moment: OutboxMessage.objects.filter(dead_at__isnull=False),
        "event",
    ),
    Check(
        "window_overdue",
        _("Leads that opened for a rep who should have been told by now"),
        WORKER,
        _windows_untold,
        "lead__public_id",
    ),
    Check(
        "clock_overdue",
        _("Response clocks that should have been looked at by now"),
        WORKER,
        _clocks_overdue,
        "lead__public_id",
    ),
    Check(
        "clock_runs_on",
        _("Response clocks that run for a lead that is not the rep's any more"),
        _("“Look again now”, in the admin's list of response clocks: the worker stops them."),
        _clocks_run_on,
        "lead__public_id",
    ),
    Check(
        "past_sla",
        _("Leads past their response time that are neither answered nor passed on to anybody"),
        _(
            "“Look again now”, in the admin's list of response clocks: the worker looks for"
            " somebody, or tells the managers."
        ),
        _late_and_forgotten,
        "lead__public_id",
    ),
    Check(
        "rollups_differ",
        _("Reps whose sums of responses do not agree with the log"),
        _("The log is right: `manage.py leaddistrib_rollups --rebuild`."),
        _rollups_differ,
        "user__username",
    ),
    Check(
        "job_unfinished",
        _("Periodic jobs that began and did not end"),
        _(
            "See the worker's log for the reason. A worker takes them up again by itself, an hour"
            " after they began."
        ),
        lambda moment: JobRun.objects.filter(finished_at=None, started_at__lt=moment - DONE_WITHIN),
        "job",
    ),
)
