"""What a rep who leaves has beside open leads, and what became of what was handed over (PU10)."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from leaddistrib.models import Contact, Decision, HandOver, Lead, LogEntry, Rep, Work
from leaddistrib.queries.standing import reached

WORKED_ON = (
    LogEntry.Event.CLAIMED,
    LogEntry.Event.CONTACTED,
    LogEntry.Event.ATTEMPTED,
    LogEntry.Event.RELEASED,
    LogEntry.Event.REASSIGNED,
    LogEntry.Event.CLOSED,
    LogEntry.Event.RECYCLED,
)
"""What somebody did with a lead, so that a hand-over of it is not taken back any more."""


def left_behind() -> QuerySet[Rep]:
    """Reps who are not active, or whose account is closed, and who still have open leads."""
    open_leads = Lead.objects.filter(owner=OuterRef("pk"), status=Lead.Status.OWNED)
    gone = Q(active=False) | Q(user__is_active=False)
    return Rep.objects.filter(gone, Exists(open_leads)).select_related("user").order_by("pk")


def covered_by(rep: Rep) -> QuerySet[Rep]:
    """The reps whose backup ``rep`` is, by name."""
    return Rep.objects.filter(backup=rep).select_related("user", "backup__user")


def coverable(rep: Rep, successor: Rep) -> QuerySet[Rep]:
    """Those of ``covered_by(rep)`` whose backup ``successor`` may become: not themselves, and not
    who covers for them in the end, as ``Rep.check_backup`` has it. One query, and the one that is
    returned, for any number of reps: locks may be held."""
    backups = dict(Rep.objects.exclude(backup=None).values_list("pk", "backup"))
    chain = [successor.pk]
    while (behind := backups.get(chain[-1])) and behind not in chain:
        chain.append(behind)
    return covered_by(rep).exclude(pk__in=chain)


def handed_over(handover: HandOver) -> QuerySet[LogEntry]:
    """How each of its leads left the rep, in order."""
    return LogEntry.objects.filter(
        event=LogEntry.Event.REASSIGNED,
        rep=handover.rep_id,
        detail__handover=str(handover.public_id),
    ).order_by("pk")


def set_inactive_by(handover: HandOver) -> bool:
    """Whether the rep is inactive, and by this hand-over: nobody set the rep active since."""
    rep = handover.rep
    if rep.active or not handover.retired or handover.taken_back_at is not None:
        return False
    return not rep.history.filter(active=True, history_date__gt=handover.at).exists()


def untouched(handover: HandOver) -> QuerySet[LogEntry]:
    """Those of ``handed_over`` whose leads are open, with somebody else or with nobody, and nobody
    worked on since: no contact, attempt or outcome, nobody at it, neither claimed nor handed on by
    anybody. A contact that was taken back is none. One query for any number of leads."""
    since = {"lead": OuterRef("lead")}
    by_hand = Q(event=LogEntry.Event.ASSIGNED, detail__method=Decision.Method.MANUAL)
    later = LogEntry.objects.filter(Q(event__in=WORKED_ON) | by_hand, pk__gt=OuterRef("pk"))
    slip = Q(event=LogEntry.Event.CONTACTED) & Exists(
        LogEntry.objects.filter(
            lead=OuterRef("lead"),
            event=LogEntry.Event.CONTACT_UNDONE,
            detail__contact=OuterRef("detail__contact"),
        )
    )
    return (
        handed_over(handover)
        .filter(
            ~Exists(later.filter(~slip, **since)),
            ~Exists(Contact.objects.filter(**since, at__gte=OuterRef("at"))),
            ~Exists(reached().filter(**since, at__gte=OuterRef("at"))),
            ~Exists(Work.objects.filter(**since, since__gte=OuterRef("at"))),
            lead__status__in=(Lead.Status.OWNED, Lead.Status.WAITING),
        )
        .exclude(lead__owner=handover.rep_id)
    )


def hand_overs(rep: Rep, newest: int) -> list[tuple[HandOver, int]]:
    """The ``newest`` hand-overs of ``rep``, each with the number of its leads. Two queries."""
    listed = list(HandOver.objects.filter(rep=rep).select_related("successor__user", "by")[:newest])
    entries = LogEntry.objects.filter(
        event=LogEntry.Event.REASSIGNED, rep=rep, detail__has_key="handover"
    )
    by_handover = entries.order_by().values(handover=KeyTextTransform("handover", "detail"))
    numbers = dict(
        by_handover.annotate(number=Count("lead", distinct=True)).values_list("handover", "number")
    )
    return [(one, numbers.get(str(one.public_id), 0)) for one in listed]
