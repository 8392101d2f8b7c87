"""Responses as the log has them, and as they are kept in sums beside it (SL4).

The log is the truth: ``response.started`` says where a clock counts, ``lead.contacted`` with a
"response" that it was answered, ``response.lapsed`` that it lapsed. All of a rep's figures can be
made from that rep's entries alone, so they are compared, and made anew, rep by rep.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

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
    """What is summed up of the responses in a place. ``seconds`` are those of the answered ones,
    each in whole seconds."""

    started: int = 0
    answered: int = 0
    in_time: int = 0
    within_5: int = 0
    within_60: int = 0
    lapsed: int = 0
    seconds: int = 0

    @classmethod
    def of_answer(cls, seconds: int, in_time: bool) -> Self:
        """One response that took ``seconds``."""
        return cls(
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

    def values(self) -> tuple[int, ...]:
        """In the order of FIGURES."""
        return astuple(self)


FIGURES = tuple(field.name for field in fields(Sums))


@dataclass(slots=True)
class Run:
    """Quick answers of a rep, one after the other: how many now, and at most so far."""

    current: int = 0
    longest: int = 0
    longest_at: datetime | None = None

    def answered(self, seconds: int, at: datetime) -> None:
        """The next answer took ``seconds``, and was given ``at``."""
        self.current = self.current + 1 if seconds < QUICK else 0
        if self.current > self.longest:
            self.longest, self.longest_at = self.current, at

    def lapsed(self) -> None:
        self.current = 0


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
    entries = LogEntry.objects.filter(rep=rep, event__in=COUNTED).order_by("pk")
    placed: dict[int, Place] = {}
    sums: dict[Place, Sums] = defaultdict(Sums)
    run = Run()
    for event, detail in entries.values_list("event", "detail").iterator():
        if event == LogEntry.Event.CLOCK_STARTED:
            placed[detail["clock"]] = place_of(rep, detail)
            sums[placed[detail["clock"]]].started += 1
        elif event == LogEntry.Event.LAPSED:
            if detail["clock"] in placed:
                sums[placed[detail["clock"]]].lapsed += 1
            run.lapsed()
        elif "response" in detail:
            response = detail["response"]
            if response["clock"] in placed:
                one = Sums.of_answer(response["seconds"], response["in_time"])
                sums[placed[response["clock"]]] += one
            started = datetime.fromisoformat(response["started"])
            run.answered(response["seconds"], started + timedelta(seconds=response["seconds"]))
    return dict(sums), run


COUNTED = (LogEntry.Event.CLOCK_STARTED, LogEntry.Event.CONTACTED, LogEntry.Event.LAPSED)


def kept(rep: int) -> tuple[dict[Place, Sums], Run]:
    """What is kept of ``rep`` beside the log, in two queries."""
    rows = ResponseRollup.objects.filter(rep=rep).values_list(*Place._fields, *FIGURES)
    width = len(Place._fields)
    sums = {Place(*row[:width]): Sums(*row[width:]) for row in rows}
    run = ResponseRun.objects.filter(rep=rep).values_list("current", "longest", "longest_at")
    return sums, Run(*run[0]) if run else Run()
