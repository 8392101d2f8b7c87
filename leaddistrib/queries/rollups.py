"""Responses as the log has them, and as they are kept in sums beside it (SL4).

The log is the truth: ``response.started`` says where a clock counts, ``lead.contacted`` with a
"response" that it was answered, ``contact.undone`` with one that it was not after all, and
``response.lapsed`` that it lapsed. All of a rep's figures can be made from that rep's entries
alone, so they are compared, and made anew, rep by rep.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db.models import Q

from leaddistrib.models import LogEntry, ResponseClock, ResponseRollup, ResponseRun

QUICK = 600
"""Seconds: answers under ten minutes make a run (SL4)."""


class Place(NamedTuple):
    """Where a response counts: the row of the sums that it belongs to. ``rep`` is a primary key."""

    day: date
    hour: int
    rep: int
    source: str
    lead_type: str


@dataclass(slots=True)
class Sums:
    """What is summed up of the responses in a place. ``lapsed`` are those whose deadline passed and
    that were not answered afterwards either; ``seconds`` are those of the answered ones, each in
    whole seconds."""

    started: int = 0
    answered: int = 0
    in_time: int = 0
    within_5: int = 0
    within_60: int = 0
    lapsed: int = 0
    seconds: int = 0

    @classmethod
    def of_answer(cls, seconds: int, in_time: bool, lapsed: bool) -> Self:
        """One response that took ``seconds``. One that had ``lapsed`` is late, and lapsed no
        more."""
        return cls(
            lapsed=-int(lapsed),
            answered=1,
            in_time=int(in_time),
            within_5=int(seconds <= 300),
            within_60=int(seconds <= 3600),
            seconds=seconds,
        )

    def __iadd__(self, other: "Sums") -> Self:
        for name in FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def __neg__(self) -> "Sums":
        return Sums(*(-value for value in self.values()))

    def values(self) -> tuple[int, ...]:
        """In the order of FIGURES."""
        return astuple(self)


FIGURES = tuple(field.name for field in fields(Sums))


@dataclass(slots=True)
class Run:
    """Quick answers of a rep, one after the other: how many now, and at most so far. A slower one
    ends the run, and so does a lapse, whatever comes afterwards."""

    current: int = 0
    longest: int = 0
    longest_at: datetime | None = None

    def reaches(self, current: int, at: datetime) -> None:
        """The run is ``current`` answers long, the last of which was given ``at``."""
        self.current = current
        if current > self.longest:
            self.longest, self.longest_at = current, at


def place_of(rep: int, detail: Mapping[str, Any]) -> Place:
    """Where a response counts, as the ``response.started`` entry of its clock says it."""
    day = date.fromisoformat(detail["day"])
    return Place(day, detail["hour"], rep, detail["source"], detail["lead_type"])


def places(clocks: Iterable[ResponseClock]) -> dict[int, Place]:
    """Where each of ``clocks`` counts, by primary key: as it was when it started, whatever became
    of the lead's source since. One query."""
    wanted = {clock.pk: clock for clock in clocks}
    rows = LogEntry.objects.filter(
        lead__in={clock.lead_id for clock in wanted.values()}, event=LogEntry.Event.CLOCK_STARTED
    )
    return {
        detail["clock"]: place_of(wanted[detail["clock"]].rep_id, detail)
        for detail in rows.values_list("detail", flat=True)
        if detail["clock"] in wanted
    }


def from_log(rep: int) -> tuple[dict[Place, Sums], Run]:
    """What the log says of ``rep`` (a primary key), in one query. Entries of one rep are written
    under that rep's lock, so their ids are in the order in which things happened."""
    placed: dict[int, Place] = {}
    sums: dict[Place, Sums] = defaultdict(Sums)
    lapsed: set[int] = set()
    told: list[Mapping[str, Any] | None] = []
    for event, clock, detail in _entries(rep):
        if event == LogEntry.Event.CLOCK_STARTED:
            placed[clock] = place_of(rep, detail)
            sums[placed[clock]].started += 1
            continue
        if event == LogEntry.Event.CONTACT_UNDONE:
            # Nearly always one of the last: looked for from the end.
            del told[next(at for at in reversed(range(len(told))) if told[at] == detail)]
            if clock in placed:
                sums[placed[clock]] += -_answered(detail, clock in lapsed)
            continue
        answer = detail if event == LogEntry.Event.CONTACTED else None
        told.append(answer)
        if clock in placed and answer is not None:
            sums[placed[clock]] += _answered(answer, clock in lapsed)
        elif clock in placed:
            sums[placed[clock]].lapsed += 1
            lapsed.add(clock)
    return dict(sums), _run(told)


def _answered(response: Mapping[str, Any], lapsed: bool) -> Sums:
    return Sums.of_answer(response["seconds"], response["in_time"], lapsed)


COUNTED = (
    LogEntry.Event.CLOCK_STARTED,
    LogEntry.Event.CONTACTED,
    LogEntry.Event.CONTACT_UNDONE,
    LogEntry.Event.LAPSED,
)
OF_CONTACTS = {LogEntry.Event.CONTACTED, LogEntry.Event.CONTACT_UNDONE}
OF_RUNS = Q(event=LogEntry.Event.LAPSED) | Q(event__in=OF_CONTACTS, detail__has_key="response")
"""Entries by which a run is counted."""


def _entries(rep: int) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """What concerns clocks of ``rep``, oldest first: the event, the clock's primary key, and the
    detail; of a contact that of its response."""
    entries = LogEntry.objects.filter(rep=rep, event__in=COUNTED).order_by("pk")
    for event, detail in entries.values_list("event", "detail").iterator():
        said = detail.get("response") if event in OF_CONTACTS else detail
        if said:  # otherwise a contact that answered no clock
            yield event, said["clock"], said


def _run(told: Sequence[Mapping[str, Any] | None]) -> Run:
    """The run after answers, and lapses (None), in their order."""
    run = Run()
    for answer in told:
        if answer is None or answer["seconds"] >= QUICK:
            run.current = 0
        else:
            started = datetime.fromisoformat(answer["started"])
            run.reaches(run.current + 1, started + timedelta(seconds=answer["seconds"]))
    return run


def kept(rep: int) -> tuple[dict[Place, Sums], Run]:
    """What is kept of ``rep`` beside the log, in two queries."""
    rows = ResponseRollup.objects.filter(rep=rep).values_list(*Place._fields, *FIGURES)
    width = len(Place._fields)
    sums = {Place(*row[:width]): Sums(*row[width:]) for row in rows}
    run = ResponseRun.objects.filter(rep=rep).values_list("current", "longest", "longest_at")
    return sums, Run(*run[0]) if run else Run()
