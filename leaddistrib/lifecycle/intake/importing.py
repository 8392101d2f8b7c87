"""A whole file of leads: read, mapped, cleaned, received in batches, what is wrong kept (IN7).

The admin's import and the command ``leaddistrib_import`` both call ``import_file``.
"""

import io
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidLead, UnreadableFile
from leaddistrib.lifecycle.intake.cleaning import LeadInput, clean, require_identity
from leaddistrib.lifecycle.intake.files import Table, read_rows
from leaddistrib.lifecycle.intake.history import History, Past
from leaddistrib.lifecycle.intake.knowing import (
    FIELDS,
    Identity,
    differing,
    find_known,
    identity,
)
from leaddistrib.lifecycle.intake.mapping import ColumnMap
from leaddistrib.lifecycle.intake.receiving import Outcome, receive_many
from leaddistrib.lifecycle.intake.rejects import RejectWriter
from leaddistrib.lifecycle.intake.results import Result, Results
from leaddistrib.lifecycle.intake.table import Row
from leaddistrib.models import ImportRun, Lead
from leaddistrib.queries import clock
from leaddistrib.queries.organisation import organisation

BATCH = 500
"""Rows of one transaction: what a crash in the middle of a file repeats at most."""

REJECTED = "rejected"

NAMED = 20
"""Rejected rows that the report names itself; all of them are in its CSV."""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as the preview shows it: ``outcome`` is created, updated, unchanged or rejected."""

    line: int
    cells: tuple[object, ...]
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file, or would become of it (``run`` is None for a dry run).

    ``rejects_csv`` is "" when nothing was rejected; written to a file in "utf-8-sig", spreadsheets
    know its encoding, and it can be mended and imported again. ``encoding`` is "" for a workbook.
    """

    created: int
    updated: int
    unchanged: int
    rejected: int
    rejects_csv: str
    encoding: str
    run: ImportRun | None
    headers: tuple[str, ...] = ()
    sample: tuple[SampleRow, ...] = ()
    first_rejects: tuple[SampleRow, ...] = ()


def import_file(
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    name: str,
    column_map: ColumnMap | None = None,
    source: str = "",
    dry_run: bool = False,
    routed: bool = True,
    history: bool = False,
    outcomes: bool = False,
    actor: AbstractUser | None = None,
    on_progress: Callable[[int], None] | None = None,
    sample: int = 0,
) -> ImportReport:
    """Import a CSV file or an Excel workbook of leads, by the path or from a seekable binary file.

    Good rows land, in transactions of ``BATCH`` rows; each rejected row is kept with its line and
    reason. Without a ``column_map``, columns named like fields are these fields. ``source`` is for
    leads whose map says nothing of a source. With ``history`` leads land as they were elsewhere,
    and are not routed; with ``outcomes`` rows say what came of leads that are known. ``dry_run``
    writes nothing. ``on_progress`` is called with the number of rows done so far. ``sample`` first
    rows are kept in the report.

    Raises:
        UnreadableFile: the file or its map is of no use; when it turns out damaged half-way, the
            rows before are kept, and the message says how many.
        Busy: the database stayed locked. The batches before are kept, and so is their count.
    """
    with read_rows(path_or_file, name) as table:
        past = history or outcomes
        mapping = column_map or ColumnMap.default_for(table.headers, history=past)
        mapping.check(table.headers)
        mapping.check_history(wanted=past, needed="stage" if outcomes else "owner")
        door: Door = _Arrivals(actor, routed)
        if past:
            door = Results(actor) if outcomes else History(actor)
        work = _Import(table, mapping, source, sample, door)
        if dry_run:
            foresee = door.foresee if isinstance(door, Results) else _Foresight().outcomes
            work.take(foresee, on_progress)
            return work.report(None)
        run = ImportRun.objects.create(
            file_name=name[:255],
            source=(source or str(mapping.constants.get("source", "")))[:100],
            by=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
            started_at=clock.now(),
        )
        try:
            work.take(door.receive, on_progress)
        except UnreadableFile as error:
            raise UnreadableFile(work.half_way(error)) from error
        finally:
            # Also after a failure: the rows before it are in, and somebody will ask which.
            _finish(run, work)
        return work.report(run)


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """Rows as leads that come in now."""

    actor: AbstractUser | None
    routed: bool

    def clean(self, data: Mapping[str, object]) -> LeadInput:
        lead = clean(data)
        require_identity(lead)
        return lead

    def receive(self, given: Sequence[LeadInput]) -> list[Outcome]:
        return [one.outcome for one in receive_many(given, actor=self.actor, routed=self.routed)]


Door = _Arrivals | History | Results
"""What cleans a row, and keeps what that gave."""


@dataclass
class _Import:
    """One file on its way in, by one ``door``."""

    table: Table
    mapping: ColumnMap
    source: str
    sample_size: int
    door: Door
    counts: Counter[str] = field(default_factory=Counter)
    sample: list[SampleRow] = field(default_factory=list)
    first_rejects: list[SampleRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stream = io.StringIO(newline="")
        self.rejects = RejectWriter(self.stream, self.table.headers, self.table.delimiter)
        says_source = "source" in self.mapping.columns or "source" in self.mapping.constants
        self.added = {} if says_source or not self.source else {"source": self.source}

    def take(
        self,
        receive: Callable[[Sequence[Any]], Sequence[Outcome | str]],
        on_progress: Callable[[int], None] | None,
    ) -> None:
        """Clean every row and hand the good ones to ``receive``, batch by batch."""
        rows = iter(self.table)
        for batch in _batches(rows):
            cleaned = [self._clean(row) for row in batch]
            good = [one for one in cleaned if not isinstance(one, str)]
            outcomes = iter(receive(good) if good else ())
            for row, one in zip(batch, cleaned, strict=True):
                verdict = one if isinstance(one, str) else next(outcomes)
                if isinstance(verdict, Outcome):
                    self._count(row, verdict.value)
                else:
                    self.rejects.add(row, verdict)
                    self._count(row, REJECTED, verdict)
            if on_progress:
                on_progress(self.counts.total())

    def _clean(self, row: Row) -> LeadInput | Past | Result | str:
        """What the row says, or what is wrong with it."""
        if row.reason:
            return row.reason
        try:
            return self.door.clean({**self.added, **self.mapping.apply(row)})
        except InvalidLead as error:
            columns: dict[str, list[str]] = {}
            for name, messages in error.fields.items():
                column = self.mapping.columns.get(name, name)
                columns.setdefault(" ".join(messages), []).append(f"“{column}”")
            return " ".join(
                _("%(columns)s: %(reason)s") % {"columns": ", ".join(named), "reason": reason}
                for reason, named in columns.items()
            )

    def _count(self, row: Row, outcome: str, reason: str = "") -> None:
        self.counts[outcome] += 1
        cells = tuple(row.values.get(header, "") for header in self.table.headers)
        if len(self.sample) < self.sample_size:
            self.sample.append(SampleRow(row.line, cells, outcome, reason))
        if outcome == REJECTED and len(self.first_rejects) < NAMED:
            self.first_rejects.append(SampleRow(row.line, cells, outcome, reason))

    def half_way(self, error: UnreadableFile) -> str:
        return _(
            "%(problem)s The rows before that were taken: %(created)d created, %(updated)d "
            "updated, %(unchanged)d unchanged, %(rejected)d rejected."
        ) % {"problem": error, **self.totals()}

    def totals(self) -> dict[str, int]:
        return {name: self.counts[name] for name in (*Outcome, REJECTED)}

    def rejects_csv(self) -> str:
        return self.stream.getvalue() if self.rejects.count else ""

    def report(self, run: ImportRun | None) -> ImportReport:
        return ImportReport(
            **self.totals(),
            rejects_csv=self.rejects_csv(),
            encoding=self.table.encoding,
            run=run,
            headers=tuple(self.table.headers),
            sample=tuple(self.sample),
            first_rejects=tuple(self.first_rejects),
        )


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Lists of up to ``BATCH`` rows. If the file turns out damaged, the rows before it are given
    first, and then the error."""
    while True:
        batch: list[Row] = []
        try:
            batch.extend(islice(rows, BATCH))
        except UnreadableFile:
            if batch:
                yield batch
            raise
        if not batch:
            return
        yield batch


def _finish(run: ImportRun, work: _Import) -> None:
    for name, count in work.totals().items():
        setattr(run, name, count)
    run.rejects = work.rejects_csv()
    run.finished_at = clock.now()
    run.save(
        update_fields=("created", "updated", "unchanged", "rejected", "rejects", "finished_at")
    )


class _Foresight:
    """What ``receive_many`` would answer, without writing."""

    def __init__(self) -> None:
        # What earlier rows said of a lead, as a hash: a file may hold 200,000 of them.
        self._said: dict[Identity | None, int] = {}
        self._rules_score = organisation().scoring_replaces

    def outcomes(self, rows: Sequence[LeadInput | Past]) -> list[Outcome]:
        given = [one.lead if isinstance(one, Past) else one for one in rows]
        known = {identity(lead): lead for lead in find_known(given)}
        return [self._outcome(one, known) for one in given]

    def _outcome(self, one: LeadInput, known: dict[Identity | None, Lead]) -> Outcome:
        if not one.external_id:
            return Outcome.CREATED
        name = identity(one)
        says = hash(repr([getattr(one, name) for name in FIELDS]))
        before, lead = self._said.get(name), known.get(name)
        self._said[name] = says
        if before is not None:
            return Outcome.UNCHANGED if before == says else Outcome.UPDATED
        if lead is None:
            return Outcome.CREATED
        news = differing(lead, one, rules_score=self._rules_score)
        return Outcome.UPDATED if news else Outcome.UNCHANGED
