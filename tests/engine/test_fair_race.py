"""Whatever is offered, claimed, pushed and given back, over midnights and weeks: no limit of a fair
race is ever passed. All that a rep got is recounted from a diary, by the calendar (GU1, GU5, AL1,
ON1)."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from leaddistrib.engine.facts import Counts, Guardrails, RepFacts
from leaddistrib.engine.gates import Situation, refusals
from leaddistrib.engine.onboarding import PhaseFacts

PARIS = ZoneInfo("Europe/Paris")
SATURDAY = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""The day before Paris loses an hour."""


@dataclass
class Got:
    """A lead that the rep got: ``day`` is Paris's, ``raced`` for, assigned (``given``) or neither;
    how many leads that were ``assigned`` in its week the rep had kept until then."""

    day: date
    temperature: str
    raced: bool
    given: bool
    assigned: int
    back: bool = False

    @property
    def week(self) -> tuple[int, int]:
        year, week, _ = self.day.isocalendar()
        return year, week


class FairRace(RuleBasedStateMachine):
    """Amina, by what the gates are told of her, which is counted on as she goes, and a diary."""

    @initialize(
        daily=st.none() | st.integers(1, 6),
        hot=st.none() | st.integers(1, 3),
        assigned=st.none() | st.integers(1, 6),
        cold=st.none() | st.integers(1, 3),
        allocation=st.none() | st.integers(3, 25),
        share=st.none() | st.integers(0, 100),
    )
    def begin(self, daily, hot, assigned, cold, allocation, share):
        self.now = SATURDAY
        self.diary: list[Got] = []
        self.rep = RepFacts(
            1,
            "Amina",
            capacity=10**6,
            allocation=allocation,
            guardrails=Guardrails(daily, hot, assigned, cold),
            phase=None if share is None else PhaseFacts(1, "Weeks 5–8", share),
        )

    @rule(
        temperature=st.sampled_from(["hot", "hot", "warm", "cold", ""]),
        mode=st.sampled_from(["race", "race", "race", "queue"]),
        tries=st.integers(1, 4),
    )
    def claims(self, temperature, mode, tries):
        for _ in range(tries):
            raced = mode == "race"
            situation = Situation(
                self.now, claiming=True, competitive=raced, temperature=temperature
            )
            if not refusals(self.rep, situation):
                self.write(temperature, raced=raced, given=False)
                self.rep = self.rep.claimed(competitive=raced, temperature=temperature)

    @rule(tries=st.integers(1, 4))
    def is_pushed(self, tries):
        for _ in range(tries):
            if not refusals(self.rep, Situation(self.now)):
                self.write("hot", raced=False, given=True)
                self.rep = self.rep.handed()

    @rule(choice=st.integers(0, 50))
    def gives_back(self, choice):
        held = [one for one in self.diary if not one.back]
        if held:
            one = held[choice % len(held)]
            one.back = True
            if one.given and one.week == self.week():
                kept = self.rep.counts.assigned - 1
                self.rep = replace(self.rep, counts=replace(self.rep.counts, assigned=kept))

    @rule(hours=st.sampled_from([1, 3, 3, 23, 24, 25, 7 * 24]))
    def time_passes(self, hours):
        day, week = self.today(), self.week()
        self.now += timedelta(hours=hours)
        counts = self.rep.counts
        if self.today() != day:
            counts = replace(counts, competitive_today=0)
        if self.week() != week:
            counts = Counts(
                cold_last_week=counts.cold,
                competed_last_week=counts.competitive > 0,
                last_nine=counts.last_nine,
            )
        self.rep = replace(self.rep, counts=counts)

    def write(self, temperature, *, raced, given):
        kept = sum(one.given and not one.back for one in self.of(self.week()))
        self.diary.append(Got(self.today(), temperature, raced, given, kept))

    def today(self):
        return self.now.astimezone(PARIS).date()

    def week(self):
        year, week, _ = self.today().isocalendar()
        return year, week

    def of(self, week):
        return [one for one in self.diary if one.week == week]

    @invariant()
    def no_day_has_more_races_than_its_limit(self):
        limit = self.rep.guardrails.daily_claims
        days = Counter(one.day for one in self.diary if one.raced)
        assert limit is None or max(days.values(), default=0) <= limit

    @invariant()
    def no_week_has_more_leads_than_the_allocation(self):
        weeks = Counter(one.week for one in self.diary)
        allocation = self.rep.allocation
        assert allocation is None or max(weeks.values(), default=0) <= allocation

    @invariant()
    def hot_and_assigned_leads_keep_to_their_ratios(self):
        limits = self.rep.guardrails
        for week in {one.week for one in self.diary}:
            hot = warm = raced = 0
            for one in self.of(week):
                hot += one.raced and one.temperature == "hot"
                warm += not one.given and one.temperature == "warm"
                raced += one.raced
                if limits.hot_per_warm:
                    assert hot <= limits.hot_per_warm * (warm + 1)
                if limits.claims_per_assigned and one.raced:
                    assert raced <= limits.claims_per_assigned * (one.assigned + 1)

    @invariant()
    def whoever_left_cold_leads_makes_up_for_it_first(self):
        wanted = self.rep.guardrails.weekly_cold
        weeks = sorted({one.week for one in self.diary})
        for former, week in pairwise(weeks):
            monday = date.fromisocalendar(*week, 1)
            follows = date.fromisocalendar(*former, 1) + timedelta(days=7) == monday
            competed = any(one.raced for one in self.of(former))
            if not (wanted and follows and competed) or self.cold(self.of(former)) >= wanted:
                continue
            own = self.of(week)
            for number, one in enumerate(own):
                if one.raced and one.temperature in ("hot", "warm"):
                    assert self.cold(own[:number]) >= wanted

    @staticmethod
    def cold(some):
        return sum(one.temperature == "cold" and not one.given for one in some)

    @invariant()
    def any_ten_leads_in_a_row_are_mixed_as_the_phase_says(self):
        phase = self.rep.phase
        if phase is None:
            return
        row = [one.raced for one in self.diary if one.raced or one.given]
        for start in range(max(0, len(row) - 9)):
            raced = sum(row[start : start + 10])
            assert raced <= phase.competition / 10 + 0.5
            if phase.mixed:
                assert 10 - raced <= 10 - phase.competitive
        if phase.competition < 5:
            assert True not in row


FairRace.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestFairRace = FairRace.TestCase
