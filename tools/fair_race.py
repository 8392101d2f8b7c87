"""Who is told of a lead when, and who may claim it: one lead and three tiers, onboarding reps and a
priority window, by the numbers that policies begin with (TI1, GU4, ON1).

    make fair-race             prints the tables
    python -m tools.fair_race --write    and puts them into docs/fair-race.md

Nothing of it is worked out here: leads come in by published rules, the clock is moved, windows are
opened as the worker opens them, and each rep claims, through the app's own functions. The database
that the settings name must be migrated and empty. A test runs the same and compares it with what
stands in the page.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import django
from django.apps import apps
from django.utils import translation

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from leaddistrib.admin.tiers import USUAL
from leaddistrib.lifecycle import claim, receive_many
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.lifecycle.prioritising import rotate
from leaddistrib.lifecycle.waves import drawn
from leaddistrib.models import (
    GuardrailPolicy,
    Lead,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    Pool,
    PriorityWindow,
    Rep,
    Team,
    Tier,
    TierPolicy,
)
from leaddistrib.queries.claimable import against, opening_times
from leaddistrib.queries.membership import is_member
from leaddistrib.queries.visibility import exists_for
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, clock_at, publish_rules
from tools import fair_limits

PAGE = Path(__file__).parent.parent / "docs" / "fair-race.md"
BEGIN, END = "<!-- make fair-race -->", "<!-- end of make fair-race -->"

TUESDAY = datetime(2026, 3, 3, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MINUTES = (0, 5, 15, 20, 60, 65)
PHASES = (  # ON1, of four weeks each
    {"name": "weeks 1–4", "competition": 0},
    {"name": "weeks 5–8", "competition": 50, "cohort_only": True},
    {"name": "weeks 9–12", "competition": 100, "least_leads": 5},
)
IN_TIERS = (("Amina", 1), ("Bruno", 2), ("Gaëlle", 2), ("Chloé", 3))
NEW = ("David", "Élise", "Farid")
WITH_WINDOW = "Gaëlle"


class Member(NamedTuple):
    """A rep, and what the rep is: the tier or the phase of onboarding."""

    rep: Rep
    called: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for a rep so many minutes after a lead opened: whether it exists for them, whether
    they were told until then, and the codes against a claim."""

    minutes: float
    exists: bool
    told: bool
    codes: tuple[str, ...]

    @property
    def claims(self) -> bool:
        return self.exists and not self.codes

    @property
    def worth_trying(self) -> bool:
        """At each moment of the table, and just before them as long as there is nothing to see."""
        return self.minutes in MINUTES or not self.exists

    @property
    def shown(self) -> str:
        if not self.exists:
            return "–"
        return ", ".join(f"`{code}`" for code in self.codes) or "claims"


def company() -> list[Member]:
    """A team with the usual policies: a rep in each tier, one who is to have a priority window, and
    one in each phase of onboarding."""
    team = TeamFactory(name="Paris", time_zone="Europe/Paris")
    tiers = TierPolicy.objects.create(team=team)
    Tier.objects.bulk_create(Tier(policy=tiers, **fields) for fields in USUAL)
    GuardrailPolicy.objects.create(team=team)
    phases = OnboardingPolicy.objects.create(team=team)
    found = []
    called = {tier.level: str(tier.name).lower() for tier in tiers.tiers.all()}
    for name, level in IN_TIERS:
        found.append(Member(_rep(name, team, level), called[level]))
    for position, (fields, name) in enumerate(zip(PHASES, NEW, strict=True), start=1):
        phase = OnboardingPhase.objects.create(policy=phases, position=position, weeks=4, **fields)
        rep = _rep(name, team)
        began = (TUESDAY - timedelta(weeks=4 * (position - 1))).date()
        Onboarding.objects.create(rep=rep, phase=phase, began_on=began, since=TUESDAY.date())
        found.append(Member(rep, phase.name))
    return found


def _rep(name: str, team: Team, tier: int | None = None) -> Rep:
    user = {"user__username": name, "user__first_name": name, "user__password": None}
    rep: Rep = RepFactory(team=team, tier=tier, **user)
    return rep


def pools(team: Team, members: Sequence[Member], *, priority: bool) -> list[Pool]:
    """A standard pool, a premium one, and one of the new colleagues alone; all of them by tier. In
    the last one nobody has a ``priority`` window."""
    after = " in a priority window" if priority else ""
    new = [one.rep for one in members if one.rep.tier is None]
    tiered = {"tiered": True, "priority": priority}
    found: list[Pool] = [
        PoolFactory(name=f"standard{after}", teams=[team], **tiered),
        PoolFactory(name=f"premium{after}", teams=[team], premium=True, **tiered),
    ]
    if not priority:
        found.append(PoolFactory(name="new colleagues", reps=new, **tiered))
    publish_rules(
        [
            {
                "name": pool.name,
                "when": {"field": "source", "op": "eq", "value": pool.name},
                "then": {"pool": pool.name},
            }
            for pool in found
        ]
        + [{"name": "All", "when": {}, "then": {"pool": found[0].name}}]
    )
    return found


def opened(pool: Pool, number: int) -> list[Lead]:
    """So many leads that come in for ``pool`` now, of those that wait for the tiers (one lead in
    ten, drawn by lot, does not)."""
    percent = TierPolicy.objects.get().floor_percent
    receive_many([clean({"company": "Kestrel", "source": pool.name}) for _ in range(20)])
    waiting = Lead.objects.filter(pool=pool).order_by("pk")
    return [lead for lead in waiting if not drawn(lead, percent)][:number]


def course(pool: Pool, members: Sequence[Member], began: datetime) -> dict[int, list[Moment]]:
    """What holds for each member, by primary key, as time goes on after a lead opened.

    Of the lead that the table is about nobody takes hold. What the gates say of it is tried with
    another one, of the same moment, for each rep: a claim must come to the same.
    """
    found: dict[int, list[Moment]] = {one.rep.pk: [] for one in members}
    with clock_at(began):
        lead, *others = opened(pool, 1 + len(members))
    for minutes in moments():
        now = began + minutes * MINUTE
        with clock_at(now):
            while tell_due(now):
                pass
            for one, other in zip(members, others, strict=True):
                row = found[one.rep.pk]
                row.append(asked(lead, one.rep, minutes, now))
                if row[-1].worth_trying and not any(said.claims for said in row[:-1]):
                    tried(other, one.rep, row[-1])
    return found


def moments() -> list[float]:
    """Those of the table, and a second before each."""
    return [at for minutes in MINUTES for at in (minutes - 1 / 60, minutes) if at >= 0]


def asked(lead: Lead, rep: Rep, minutes: float, now: datetime) -> Moment:
    """What the pages say of ``lead`` to ``rep``."""
    lead = Lead.objects.select_related("pool").get(pk=lead.pk)
    pool, opens_at = lead.pool_id or 0, opening_times(rep, [lead])
    told = lead.offers.filter(rep=rep, opened_at__isnull=False).exists()
    if not exists_for(rep, lead):
        return Moment(minutes, False, told, ())
    stands = against(rep, [lead], opens_at, now, member=is_member(rep, pool))
    return Moment(minutes, True, told, tuple(refusal.code for refusal in stands[lead.pk]))


def tried(lead: Lead, rep: Rep, said: Moment) -> None:
    """The rep claims, and gets or does not get ``lead`` as it was ``said``.

    Raises:
        AssertionError: a claim comes to something else than what pages say.
    """
    result = claim(lead, rep, via="page")
    codes = tuple(refusal.code for refusal in result.refusals)
    if (result.result == "won") != said.claims or (said.exists and codes != said.codes):
        raise AssertionError(f"{rep} at {said.minutes} min: {said}, and the claim: {result}")


def table(priority: bool, began: datetime, members: Sequence[Member]) -> Iterator[str]:
    """Of each pool and member: when told, and what holds at each of the MINUTES."""
    team = Team.objects.get()
    yield "| pool | rep | told | " + " | ".join(f"{one} min" for one in MINUTES) + " |"
    yield "|---" * (3 + len(MINUTES)) + "|"
    for pool in pools(team, members, priority=priority):
        inside = [one for one in members if is_member(one.rep, pool.pk)]
        for rep, row in course(pool, inside, began).items():
            called = next(one for one in inside if one.rep.pk == rep)
            yield "| " + " | ".join((pool.name.split(" in ")[0], named(called), *cells(row))) + " |"


def named(one: Member) -> str:
    return f"{one.rep.name}, {one.called}"


def cells(row: Sequence[Moment]) -> list[str]:
    """When the rep was told, then what is shown at each of the MINUTES. Nothing may change between
    them but at one of them: a second before each it is as it was at the one before."""
    exact = [one for one in row if one.minutes in MINUTES]
    between = [one for one in row if one.minutes not in MINUTES]
    for before, former in zip(between, exact[:-1], strict=True):
        if (before.shown, before.told) != (former.shown, former.told):
            raise AssertionError(f"It changes between: {former}, {before}")
    told = next((f"{one.minutes:.0f} min" for one in exact if one.told), "–")
    return [told, *(one.shown for one in exact)]


def tables() -> str:
    """All of it, as it stands in the page. Writes into the database, which must be empty."""
    with translation.override("en"):
        members = company()
        plain = "\n".join(table(False, TUESDAY, members))
        rotate(TUESDAY + timedelta(days=6))
        own = PriorityWindow.objects.filter(rep__user__username=WITH_WINDOW).earliest("starts_at")
        first = "\n".join(table(True, own.starts_at, members))
        limits, allocations = fair_limits.tables()
    return (
        f"Pools *by tier*, without priority windows:\n\n{plain}\n\n"
        "Pools *by tier* with *priority windows*,"
        f" while {WITH_WINDOW} has the window:\n\n{first}\n\n"
        "Who claims one lead after the other in races, of these temperatures in turn:\n\n"
        f"{limits}\n\n"
        "Leads a week by what was attained in the month before:\n\n"
        f"{allocations}"
    )


def in_page(text: str) -> str:
    """What stands in ``text``, that of the page, between the markers."""
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip()


def write(made: str) -> None:
    """Put ``made`` between the markers of the page."""
    text = PAGE.read_text("utf-8")
    head, rest = text.split(BEGIN, 1)
    PAGE.write_text(f"{head}{BEGIN}\n\n{made}\n\n{END}{rest.split(END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    made = tables()
    sys.stdout.write(made + "\n")
    if "--write" in sys.argv:
        write(made)
