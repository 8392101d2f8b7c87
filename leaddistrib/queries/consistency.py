"""What is kept twice must agree, and nothing may be forgotten (OP3).

Each check is one query for the rows that are wrong. The database's constraints make several of them
impossible; they are looked for all the same, because a table can be edited by hand or restored from
a backup of another moment.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import Alert, Decision, Lead, LogEntry
from leaddistrib.queries import duework
from leaddistrib.queries.agreement import (
    assignments_of_others,
    assignments_without_owner,
    assignments_without_win,
    leads_nowhere,
    leads_with_two_owners,
    owners_without_assignment,
    pools_behind,
    stale_offers,
    unowned_with_owner,
    wins_without_assignment,
)
from leaddistrib.queries.checking import Check, Finding
from leaddistrib.queries.handovers import left_behind
from leaddistrib.queries.ledger import (
    credits_that_differ,
    rotations_that_differ,
    seats_that_differ,
)

EXAMPLES = 20
ROUTED_WITHIN = timedelta(minutes=1)
TRIED_AGAIN_WITHIN = timedelta(minutes=15)
ATTENDED_WITHIN = timedelta(minutes=30)


def findings(moment: datetime) -> Iterator[Finding]:
    """What is wrong at ``moment``; nothing when all is well. One or two queries for each check,
    and at most EXAMPLES rows of each, however many leads there are."""
    for check in (*CHECKS, *duework.CHECKS):
        rows = check.rows(moment).order_by("pk")
        examples = [str(name) for name in rows.values_list(check.named, flat=True)[:EXAMPLES]]
        if examples:
            count = len(examples) if len(examples) < EXAMPLES else rows.count()
            yield Finding(check.code, str(check.message), str(check.remedy), count, tuple(examples))


def _unrouted(moment: datetime) -> QuerySet[Lead]:
    return Lead.objects.filter(
        status=Lead.Status.RECEIVED, owner=None, created_at__lt=moment - ROUTED_WITHIN
    )


def _undecided(moment: datetime) -> QuerySet[Lead]:
    """Not those that had another chance: their log says who opened them anew, and why."""
    decided = Decision.objects.filter(lead=OuterRef("pk"))
    recycled = LogEntry.objects.filter(lead=OuterRef("pk"), event=LogEntry.Event.RECYCLED)
    return Lead.objects.filter(~Exists(decided), ~Exists(recycled), status=Lead.Status.WAITING)


def _retry_overdue(moment: datetime) -> QuerySet[Lead]:
    return Lead.objects.filter(status=Lead.Status.WAITING, retry_at__lt=moment - TRIED_AGAIN_WITHIN)


def _unattended(moment: datetime) -> QuerySet[Lead]:
    """Not those that a rule sent there by name: the net may be a pool like any other besides."""
    known = Alert.objects.filter(pool=OuterRef("pool"), closed_at=None)
    sent_there = Decision.objects.filter(
        lead=OuterRef("pk"), pool=OuterRef("pool"), rule__steps__pool=OuterRef("pool")
    )
    return Lead.objects.filter(
        ~Exists(known),
        ~Exists(sent_there),
        status=Lead.Status.WAITING,
        pool__is_safety_net=True,
        opens_at__lt=moment - ATTENDED_WITHIN,
    )


CHECKS = (
    Check(
        "unrouted",
        _("Leads that were received and not routed"),
        _(
            "Route them, with leaddistrib.lifecycle.route in a transaction. Leads that were"
            " imported with --no-route are kept like this on purpose."
        ),
        _unrouted,
    ),
    Check(
        "no_owner_or_queue",
        _("Leads without owner or queue"),
        _(
            "Set their status to “received” and their owner to nothing, then route them with"
            " leaddistrib.lifecycle.route."
        ),
        leads_nowhere,
    ),
    Check(
        "owner_of_unowned",
        _("Leads that wait to be claimed and have an owner all the same"),
        _("Clear their owner, or set their status to “owned” if there is an open assignment."),
        unowned_with_owner,
    ),
    Check(
        "two_owners",
        _("Leads with two open assignments"),
        _(
            "Keep the assignment whose rep is the lead's owner and end the other. Then see that"
            " the constraint leaddistrib_one_open_assignment is there: `manage.py migrate`."
        ),
        leads_with_two_owners,
    ),
    Check(
        "owner_differs",
        _("Leads whose owner is not the rep of the open assignment"),
        _("The winning claim, or else the newest decision, names the right rep: set both to it."),
        assignments_of_others,
        "lead__public_id",
    ),
    Check(
        "owner_without_assignment",
        _("Leads with an owner and no open assignment"),
        _("Add an open assignment for the owner, as of the lead's last log entry."),
        owners_without_assignment,
    ),
    Check(
        "assignment_without_owner",
        _("Open assignments of leads that nobody owns"),
        _("End them, at the time of the lead's last log entry."),
        assignments_without_owner,
        "lead__public_id",
    ),
    Check(
        "left_behind",
        _("Reps who are not active and still have open leads"),
        _("Hand over what is open: /leads/manage/reps/, or the action on the rep in the admin."),
        lambda moment: left_behind(),
        "user__username",
    ),
    Check(
        "open_offers",
        _("Open offers of leads that cannot be claimed any more"),
        _("Set the offers' closed_at to now: nobody can claim by them."),
        stale_offers,
        "lead__public_id",
    ),
    Check(
        "no_explanation",
        _("Leads that wait without a decision that says why"),
        _("Set their retry_at to now: the worker asks the rules about them."),
        _undecided,
    ),
    Check(
        "retry_overdue",
        _("Waiting leads for which the rules should have been asked again by now"),
        _("See that leaddistrib_worker runs, and its log for the reason."),
        _retry_overdue,
    ),
    Check(
        "unattended",
        _("Leads that wait in the safety net, and no alert says so"),
        _(
            "Publish rules that take them: then they are tried again. Or give them to somebody by"
            " hand. See that the pool has members."
        ),
        _unattended,
    ),
    Check(
        "win_without_assignment",
        _("Claims that won and assigned nothing"),
        _("Compare with the lead's log: it says who owned the lead, and when."),
        wins_without_assignment,
        "lead__public_id",
    ),
    Check(
        "assignment_without_win",
        _("Assignments by claim without a claim that won"),
        _("Compare with the lead's log: it says who owned the lead, and when."),
        assignments_without_win,
        "lead__public_id",
    ),
    Check(
        "seat_differs",
        _("Seats that do not agree with the ledger of turns"),
        _(
            "The ledger is right: set turns to the number of its entries without credits, last_turn"
            " and virtual_time to number and finish of the latest of them, and credit to what was"
            " credited less what turns used."
        ),
        seats_that_differ,
        "rep__user__username",
    ),
    Check(
        "rotation_differs",
        _("Rotations that do not agree with the ledger of turns, or that have a gap in it"),
        _(
            "The ledger is right: set turns to the highest number, virtual_time to the highest"
            " start of a turn. A gap means that entries were deleted: restore them from a backup."
        ),
        rotations_that_differ,
        "name",
    ),
    Check(
        "credit_differs",
        _("Turns credited back for more or less than they took"),
        _("Set the credit's finish so that it gives back what its entry took, then the seat's."),
        credits_that_differ,
        "lead__public_id",
    ),
    Check(
        "pool_version",
        _("Pools whose version is behind what happened in them"),
        _("Set the version to a higher number: pages then fetch the pool anew."),
        pools_behind,
        "name",
    ),
)
