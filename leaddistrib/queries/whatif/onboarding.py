"""New reps in other phases: who would be where, and which of their races would have been closed to
them (ON1)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation, first_refusal, phase
from leaddistrib.engine.onboarding import moved_on
from leaddistrib.models import Onboarding, OnboardingPhase, OnboardingPolicy, PhaseChange, Rep
from leaddistrib.queries.competing import reps_under
from leaddistrib.queries.localdays import midnight
from leaddistrib.queries.onboarding import day_of, facts_of
from leaddistrib.queries.whatif.events import DAYS, Stretch, claims_of, handed_to
from leaddistrib.queries.whatif.walking import Claimed, Event, Walker, in_order, walkers

BY_HAND = (
    PhaseChange.Kind.ADVANCED,
    PhaseChange.Kind.PUT_BACK,
    PhaseChange.Kind.HELD,
    PhaseChange.Kind.FREED,
)

Track = Mapping[int, OnboardingPhase]
"""Phases in their order, by primary key, or by a number below 0 where they are new."""

Refused = Counter[tuple[int, str]]
"""Claims by rep and the code of the gate that refuses them."""


@dataclass(frozen=True, slots=True)
class Where:
    """The phase that a rep is in as it is ``now``, and would be in ``then``; None: in none."""

    rep: Rep
    now: OnboardingPhase | None
    then: OnboardingPhase | None


@dataclass(frozen=True, slots=True)
class OnboardingTried:
    """``won`` claims in races by rep; those that would have been refused by the phases as they are
    ``now`` and ``then``, those that are tried. ``by_hand``: how many reps were held or moved by
    hand, whose claims are left out."""

    stretch: Stretch
    where: Sequence[Where]
    reps: Mapping[int, Rep]
    won: Counter[int]
    now: Refused
    then: Refused
    by_hand: int


def try_onboarding(
    policy: OnboardingPolicy, phases: Iterable[OnboardingPhase], moment: datetime
) -> OnboardingTried:
    """What ``policy`` makes of the reps who are onboarded by it if its phases are these, saved or
    not, and of their claims in the 30 days before ``moment``. Claims are looked at by the phases
    that follow from each rep's first day. Seven queries, however many reps and claims."""
    saved = OnboardingPolicy.objects.filter(pk=policy.pk, active=True)
    former = saved.prefetch_related("phases").first()
    now = track_of(former.phases.all() if former else ())
    then = track_of(phases if policy.active else ())
    today, begins = day_of(moment), moment - DAYS
    longest = max(_weeks(now), _weeks(then))
    through = Q(
        phase=None,
        rep__in=reps_under(policy).values("pk"),
        began_on__gt=day_of(begins) - min(timedelta(weeks=longest), day_of(begins) - date.min),
    )
    own = Q(phase__policy=policy.pk) if policy.pk else Q(pk__in=())
    everybody = list(
        Onboarding.objects.filter(own | through)
        .select_related("rep__user", "rep__team", "phase")
        .order_by("rep")
    )
    hands = PhaseChange.objects.filter(rep__in=[one.rep_id for one in everybody], kind__in=BY_HAND)
    by_hand = set(hands.order_by().values_list("rep", flat=True).distinct())
    by_hand |= {one.rep_id for one in everybody if one.held}
    begun = {one.rep_id: one.began_on for one in everybody if one.rep_id not in by_hand}
    # From the first day on, because a phase looks at the newest ten leads in it.
    first = min((*begun.values(), day_of(begins)))
    since = midnight(first, timezone.get_default_timezone())
    claims, stretch = claims_of(Rep.objects.filter(pk__in=begun), since)
    handed, stretch = handed_to(begun, stretch)
    whole = stretch.since <= begins
    stretch = Stretch(max(stretch.since, begins), cut=stretch.cut and not whole)
    raced = [one for one in claims if one.competitive and one.won]
    events = in_order((*raced, *handed))
    reps = {one.rep_id: one.rep for one in everybody}
    facts = {rep: RepFacts(rep, reps[rep].name) for rep in begun}
    zones = {rep: reps[rep].limits_zone for rep in begun}

    def side(track: Track) -> Refused:
        return replay(events, walkers(facts, zones, since), begun, track, stretch.since)

    return OnboardingTried(
        stretch,
        [
            Where(one.rep, one.phase if now else None, then.get(_today(one, then, today) or 0))
            for one in everybody
            if one.phase_id is not None
        ],
        reps,
        Counter(one.rep for one in raced if one.at > stretch.since),
        side(now),
        side(then),
        len(by_hand),
    )


def replay(
    events: Iterable[Event],
    walkers: Mapping[int, Walker],
    begun: Mapping[int, date],
    track: Track,
    since: datetime,
) -> Refused:
    """Ask the gate of phases for each claim, in order of time, and count those after ``since`` that
    it refuses; they count in nothing that follows. Who has ``begun`` on which day is in the phases
    of ``track`` one after the other. Pure."""
    found: Refused = Counter()
    lasting = [(pk, one.weeks) for pk, one in track.items()]
    facts = {pk: facts_of(one) for pk, one in track.items()}
    inside: dict[int, int | None] = {}
    for event in events:
        own = walkers[event.rep]
        day, pk = day_of(event.at), None
        if track and day >= begun[event.rep]:
            pk = moved_on(lasting, lasting[0][0], begun[event.rep], day)[0]
        known = own.at(event.at)
        if inside.get(event.rep) != pk:  # what came before a phase does not count in it
            inside[event.rep] = pk
            known = replace(known, counts=replace(known.counts, last_nine=()))
        own.facts = replace(known, phase=facts[pk] if pk else None)
        if isinstance(event, Claimed):
            asked = Situation(event.at, claiming=True, competitive=True)
            if refusal := first_refusal(own.facts, asked, (phase,)):
                found[event.rep, refusal.code] += event.at > since
                continue
        own.follow(event)
    return found


def track_of(phases: Iterable[OnboardingPhase]) -> Track:
    """``phases`` by their positions."""
    in_turn = sorted(phases, key=lambda one: one.position)
    return {one.pk or -number: one for number, one in enumerate(in_turn, start=1)}


def _weeks(track: Track) -> int:
    return sum(one.weeks for one in track.values())


def _today(onboarding: Onboarding, track: Track, today: date) -> int | None:
    """Where the rep is by the calendar, from the phase that the rep is in now on; who is held stays
    there."""
    if onboarding.held:
        return onboarding.phase_id
    lasting = [(pk, one.weeks) for pk, one in track.items()]
    return moved_on(lasting, onboarding.phase_id, onboarding.since, today)[0]
