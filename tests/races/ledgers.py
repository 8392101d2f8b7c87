"""What must be true of the turns of each rotation, and of what was recycled, after any race."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from leaddistrib.models import Assignment, Contact, Decision, LogEntry, Rotation, Seat, Turn


def turns() -> Iterator[str]:
    """Entries are numbered without a gap, one for each push, and seats are as theirs left them."""
    for rotation in Rotation.objects.all():
        ledger = list(rotation.ledger.order_by("number"))
        if [entry.number for entry in ledger] != list(range(1, rotation.turns + 1)):
            yield f"rotation {rotation}: the ledger does not count to {rotation.turns}"
        if rotation.virtual_time != max(
            (entry.start for entry in ledger if entry.kind == "turn"), default=0
        ):
            yield f"rotation {rotation}: its time is not that of its furthest turn"
        by_seat: dict[int, list[Turn]] = defaultdict(list)
        for entry in ledger:
            by_seat[entry.seat_id].append(entry)
        for seat in rotation.seats.all():
            yield from _seat(seat, by_seat[seat.pk])
    pushed = Counter(Decision.objects.filter(method="push").values_list("lead", flat=True))
    counted = Turn.objects.exclude(kind="credit").values_list("lead", flat=True)
    if pushed != Counter(counted):
        yield "there is not one entry in the ledger for each push"


def _seat(seat: Seat, ledger: list[Turn]) -> Iterator[str]:
    counted = [entry for entry in ledger if entry.kind != "credit"]
    credited = sum(entry.finish - entry.start for entry in ledger if entry.kind == "credit")
    said = (seat.turns, seat.last_turn, seat.virtual_time)
    if counted and said != (len(counted), counted[-1].number, counted[-1].finish):
        yield f"seat {seat} is not as its turns left it"
    if seat.credit != credited - sum(entry.used for entry in counted):
        yield f"seat {seat} has another credit than its ledger"
    if any(after.start + after.used < before.finish for before, after in pairwise(counted)):
        yield f"seat {seat} took a turn before its time"


def recycled() -> Iterator[str]:
    """Nothing was recycled for not being worked that its owner had just called."""
    taken = LogEntry.objects.filter(event="lead.recycled", detail__why="unworked")
    for lead, rep, at in taken.values_list("lead", "rep", "at"):
        held = Assignment.objects.get(lead=lead, rep=rep, ended_at=at)
        calls = Contact.objects.filter(lead=lead, rep=rep, at__range=(held.started_at, at))
        if calls.exists():
            yield f"lead {lead} was recycled although rep {rep} had called it"
