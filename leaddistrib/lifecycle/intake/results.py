"""What came of leads that are known, as another system tells it: a file of outcomes (OU1).

Each row names a lead by its external id, and a stage. What else the file says of leads is left
alone. So that a file imported twice changes nothing, an outcome that is kept already is found by
its stage and time; one that somebody undid stays undone. What has no time says how it is now: a
lead that was recycled since comes to that stage anew.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.contrib.auth.models import AbstractUser
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from leaddistrib import conf
from leaddistrib.errors import Closed, InvalidLead, Outdated
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.cleaning import TEXT_FIELDS
from leaddistrib.lifecycle.intake.history import Cells, past_moment, stage_of
from leaddistrib.lifecycle.intake.knowing import Identity
from leaddistrib.lifecycle.intake.receiving import Outcome as Came
from leaddistrib.lifecycle.intake.reps import Reps
from leaddistrib.lifecycle.intake.texts import one_line
from leaddistrib.lifecycle.reaching import Reached, against, keep
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Lead, LogEntry, Outcome
from leaddistrib.queries import clock
from leaddistrib.queries.standing import standing_of


@dataclass(frozen=True, slots=True)
class Result:
    """A row: the lead of this identity came to ``stage``, at a moment (None: now) and under a rep
    (a primary key; None: whoever owns it). ``value`` is in ``currency`` (ISO 4217)."""

    lead: Identity
    stage: str
    at: datetime | None
    rep: int | None
    value: Decimal | None
    currency: str


class Results:
    """How a file's rows are read as outcomes, and kept. Knows the reps of the moment it is made."""

    def __init__(self, actor: AbstractUser | None = None) -> None:
        self.actor = actor
        self.now = clock.now()
        self.reps = Reps()

    def clean(self, data: Mapping[str, object]) -> Result:
        """A row by outside names. Raises InvalidLead naming every wrong field at once (IN7)."""
        wrong: dict[str, list[str]] = {}
        read = Cells(data, wrong).read
        system = read("source_system", partial(one_line, max_length=TEXT_FIELDS["source_system"]))
        external_id = read("external_id", partial(one_line, max_length=TEXT_FIELDS["external_id"]))
        stage = read("stage", stage_of)
        at = read("closed_at", partial(past_moment, now=self.now))
        rep = read("owner", self.reps.find)
        value = read("deal_value", fields.amount)
        currency = read("deal_currency", fields.currency)
        for name, text in (("external_id", external_id), ("stage", stage)):
            if text is None and name not in wrong:
                wrong[name] = [_("This field is required.")]
        if wrong or external_id is None or stage is None:
            raise InvalidLead(wrong)
        paid_in = (currency or conf.settings.CURRENCY) if value is not None else ""
        return Result((system or "", external_id), stage, at, rep, value, paid_in)

    def receive(self, results: Sequence[Result]) -> list[Came | str]:
        """Keep a batch; what became of each row in its order, or why it is rejected.

        Raises:
            Busy: the database was locked through every retry; nothing was written.
        """
        return self._receive(results)

    @act(durable=False)
    def _receive(self, results: Sequence[Result]) -> list[Came | str]:
        known = _known(results)
        lock_reps(pk for pk in known.values_list("owner", flat=True) if pk is not None)
        rows = known.select_for_update(no_key=True, of=("self",)).order_by("pk")
        look = _Look(rows.select_related("pool", "owner__user"), clock.now())
        verdicts: list[Came | str] = [Came.UNCHANGED] * len(results)
        for turn in _turns(results):
            found = {number: look.at(results[number]) for number in turn}
            new = {number: one for number, one in found.items() if isinstance(one, Reached)}
            for outcome in keep(list(new.values()), look.now, by=self.actor):
                look.add(outcome)
            for number, one in found.items():
                verdicts[number] = Came.CREATED if isinstance(one, Reached) else one
        return verdicts

    def foresee(self, results: Sequence[Result]) -> list[Came | str]:
        """What ``receive`` would answer, without writing; of several rows about a lead, each by
        what is known of it now."""
        look = _Look(_known(results), clock.now())
        found = (look.at(one) for one in results)
        return [Came.CREATED if isinstance(one, Reached) else one for one in found]


class _Look:
    """Leads, where they stand, and every outcome that is kept of them."""

    def __init__(self, leads: QuerySet[Lead], now: datetime) -> None:
        self.now = now
        self.leads = {(lead.source_system, lead.external_id): lead for lead in leads}
        self.standing = standing_of(self.leads.values())
        self.kept: dict[tuple[int, str], list[Outcome]] = defaultdict(list)
        for outcome in Outcome.objects.filter(lead__in=self.leads.values()).order_by("pk"):
            self.kept[outcome.lead_id, outcome.stage].append(outcome)
        recycled = LogEntry.objects.filter(
            lead__in=self.leads.values(), event=LogEntry.Event.RECYCLED
        )
        last = recycled.order_by().values_list("lead").annotate(Max("at"))
        self.recycled: dict[int, datetime] = dict(last)

    def at(self, result: Result) -> Reached | Came | str:
        """What is to be kept of a row; UNCHANGED for one that is; else why it is rejected."""
        lead = self.leads.get(result.lead)
        if lead is None:
            return _("There is no lead “%(id)s” of the source system “%(system)s”.") % {
                "id": result.lead[1],
                "system": result.lead[0],
            }
        rep = lead.owner_id if result.rep is None else result.rep
        at = result.at or self.now
        one = Reached(lead, result.stage, rep, at, result.value, result.currency)
        for kept in self.kept[lead.pk, result.stage]:
            if self._same_time(result, kept) and (kept.value, kept.currency) == (
                result.value,
                result.currency,
            ):
                return Came.UNCHANGED
        try:
            against(one, self.standing.get(lead.pk))
        except Closed:
            return _("The lead is closed, and can only become won or lost.")
        except Outdated:
            return _("Something later than this is known of the lead.")
        return one

    def _same_time(self, result: Result, kept: Outcome) -> bool:
        """Whether a row may be about ``kept``; one without a time, about any since the lead was
        recycled last."""
        if result.at is not None:
            return kept.at == result.at
        recycled = self.recycled.get(kept.lead_id)
        return recycled is None or kept.at > recycled

    def add(self, outcome: Outcome) -> None:
        self.kept[outcome.lead_id, outcome.stage].append(outcome)
        before = self.standing.get(outcome.lead_id)
        if before is None or before.at <= outcome.at:
            self.standing[outcome.lead_id] = outcome


def _known(results: Sequence[Result]) -> QuerySet[Lead]:
    """The leads that the rows name."""
    by_system: dict[str, set[str]] = defaultdict(set)
    for one in results:
        system, external_id = one.lead
        by_system[system].add(external_id)
    named = Q(pk__in=())
    for system, ids in by_system.items():
        named |= Q(source_system=system, external_id__in=ids)
    return Lead.objects.filter(named)


def _turns(results: Sequence[Result]) -> Iterator[list[int]]:
    """The rows by number, such that no turn has two rows about one lead, and those of a lead follow
    each other as in the file."""
    turns: list[list[int]] = []
    seen: dict[Identity, int] = defaultdict(int)
    for number, one in enumerate(results):
        turn = seen[one.lead]
        seen[one.lead] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(number)
    return iter(turns)
