"""A new rep comes into the competition phase by phase: by the calendar, unless a manager holds them
or moves them on (ON1, ON2)."""

from datetime import date, datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _

from leaddistrib.engine.onboarding import moved_on
from leaddistrib.errors import WrongPhase
from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.lifecycle.availability import availability_changed
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Onboarding, OnboardingPhase, PhaseChange, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.onboarding import day_of, phases_for, phases_of, track

Kind = PhaseChange.Kind


@act(durable=False)
def begin(rep: Rep, on: date, by: AbstractUser | None = None) -> Onboarding:
    """The rep begins in the first phase of the policy that holds for their team, on the day ``on``
    by the organisation's calendar. Phases that have passed since are walked over at once.

    Raises:
        WrongPhase: the rep was onboarded before, or no policy with phases holds for their team.
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    if Onboarding.objects.filter(rep=rep).exists():
        raise WrongPhase(_("%(rep)s was onboarded already.") % {"rep": rep.name})
    phases = phases_for(rep.team_id)
    if not phases:
        raise WrongPhase(_("No onboarding policy holds for this rep's team."))
    begun = Onboarding.objects.create(rep=rep, began_on=on, phase=phases[0], since=on)
    _record(begun, Kind.BEGAN, "", by)
    _by_the_calendar(begun, day_of(clock.now()))
    _limits_changed(rep)
    return begun


def move_phases(moment: datetime) -> int:
    """Move on everybody whose phase is over at ``moment`` and who is not held; returns how many.

    After downtime several phases may be over: the rep comes into the one of today. Doing it again
    changes nothing (ON2).

    Raises:
        Busy: the database was locked through every retry; the reps before are moved on.
    """
    going = Onboarding.objects.filter(phase__isnull=False, held=False)
    inside = list(going.select_related("phase", "rep__user").order_by("rep"))
    tracks = phases_of({one.phase.policy_id for one in inside if one.phase})
    today = day_of(moment)
    over = [
        one.rep
        for one in inside
        if one.phase and _today(one, tracks[one.phase.policy_id], today)[0] != one.phase_id
    ]
    return sum(_move(rep, today) for rep in over)


@act(durable=False)
def _move(rep: Rep, today: date) -> bool:
    """Look again with the rep locked: a manager may have held or moved them meanwhile."""
    onboarding = _locked(rep)
    if onboarding.held or not _by_the_calendar(onboarding, today):
        return False
    _limits_changed(rep)
    return True


@act(durable=False)
def hold(rep: Rep, by: AbstractUser | None, reason: str) -> Onboarding:
    """The rep stays in the phase, however long, until somebody lets them go on (ON2).

    Raises:
        ValueError: no reason was given.
        WrongPhase: the rep is in no phase, or held already.
        Busy: the database was locked through every retry; nothing was written.
    """
    onboarding = _inside(rep)
    if onboarding.held:
        raise WrongPhase(_("%(rep)s is held already.") % {"rep": rep.name})
    onboarding.held = True
    onboarding.save(update_fields=("held",))
    _record(onboarding, Kind.HELD, onboarding.phase, by, reason)
    return onboarding


@act(durable=False)
def free(rep: Rep, by: AbstractUser | None, reason: str) -> Onboarding:
    """The rep goes on by the calendar again. If the phase was over meanwhile, the next one begins
    today, in full: being held takes nothing from the phases that follow (ON2).

    Raises:
        ValueError, WrongPhase, Busy: as of ``hold``; the rep is not held.
    """
    onboarding = _inside(rep)
    if not onboarding.held or onboarding.phase is None:
        raise WrongPhase(_("%(rep)s is not held.") % {"rep": rep.name})
    today, weeks = day_of(clock.now()), timedelta(weeks=onboarding.phase.weeks)
    onboarding.held = False
    onboarding.since = max(onboarding.since, today - weeks)
    onboarding.save(update_fields=("held", "since"))
    _record(onboarding, Kind.FREED, onboarding.phase, by, reason)
    _by_the_calendar(onboarding, today)
    _limits_changed(rep)
    return onboarding


@act(durable=False)
def advance(
    rep: Rep, by: AbstractUser | None, reason: str, phase: OnboardingPhase | None = None
) -> Onboarding:
    """The rep comes into ``phase`` today, one that is still to come; without one into the next, or
    out of the last one: then the rep is through. Who was held is not held any more (ON2).

    Raises:
        ValueError: no reason was given.
        WrongPhase: the rep is in no phase, or ``phase`` is not one that is still to come.
        Busy: the database was locked through every retry; nothing was written.
    """
    onboarding = _inside(rep)
    phases = track(onboarding)
    later = phases[_place(onboarding, phases) + 1 :]
    if phase is not None and phase not in later:
        raise WrongPhase(_("%(rep)s is past this phase already.") % {"rep": rep.name})
    return _by_hand(onboarding, phase or next(iter(later), None), Kind.ADVANCED, by, reason)


@act(durable=False)
def put_back(
    rep: Rep, by: AbstractUser | None, reason: str, phase: OnboardingPhase | None = None
) -> Onboarding:
    """The rep comes back into ``phase`` today, one that is over, or into the one before. Who is
    through may be put back too. Who was held is not held any more.

    Raises:
        ValueError: no reason was given.
        WrongPhase: the rep was never onboarded, or ``phase`` is not one that is over.
        Busy: the database was locked through every retry; nothing was written.
    """
    onboarding = _locked(rep)
    phases = track(onboarding)
    earlier = phases[: _place(onboarding, phases)]
    if not earlier or (phase is not None and phase not in earlier):
        raise WrongPhase(_("%(rep)s has not been past this phase.") % {"rep": rep.name})
    return _by_hand(onboarding, phase or earlier[-1], Kind.PUT_BACK, by, reason)


def _locked(rep: Rep) -> Onboarding:
    """Where the rep is, true until the transaction ends: whoever changes it locks the rep first."""
    lock_reps([rep.pk])
    found = Onboarding.objects.select_related("phase", "rep__user").filter(rep=rep).first()
    if found is None:
        raise WrongPhase(_("%(rep)s is not being onboarded.") % {"rep": rep.name})
    return found


def _inside(rep: Rep) -> Onboarding:
    onboarding = _locked(rep)
    if onboarding.phase is None:
        raise WrongPhase(_("%(rep)s is through with onboarding.") % {"rep": rep.name})
    return onboarding


def _place(onboarding: Onboarding, phases: list[OnboardingPhase]) -> int:
    """Where in ``phases`` the rep is: behind them all, who is through."""
    return phases.index(onboarding.phase) if onboarding.phase else len(phases)


def _today(
    onboarding: Onboarding, phases: list[OnboardingPhase], today: date
) -> tuple[int | None, date]:
    lasting = [(one.pk, one.weeks) for one in phases]
    return moved_on(lasting, onboarding.phase_id, onboarding.since, today)


def _by_the_calendar(onboarding: Onboarding, today: date) -> bool:
    """Move the rep to the phase of ``today``, if that is another one; returns whether it is."""
    phases, former = track(onboarding), onboarding.phase
    pk, since = _today(onboarding, phases, today)
    if pk == onboarding.phase_id:
        return False
    _enter(onboarding, next((one for one in phases if one.pk == pk), None), since)
    _record(onboarding, Kind.MOVED, former)
    return True


def _by_hand(
    onboarding: Onboarding,
    phase: OnboardingPhase | None,
    kind: str,
    by: AbstractUser | None,
    reason: str,
) -> Onboarding:
    former = onboarding.phase
    _enter(onboarding, phase, day_of(clock.now()))
    _record(onboarding, kind, former, by, reason)
    _limits_changed(onboarding.rep)
    return onboarding


def _limits_changed(rep: Rep) -> None:
    """Other limits may hold for the rep, who is locked: an allocation from when the rep is through
    on, also in mid-month, and none in onboarding (AL1)."""
    allocate_reps(clock.now(), reps=Rep.objects.filter(pk=rep.pk))
    availability_changed(rep)


def _enter(onboarding: Onboarding, phase: OnboardingPhase | None, since: date) -> None:
    onboarding.phase, onboarding.since, onboarding.held = phase, since, False
    onboarding.save(update_fields=("phase", "since", "held"))


def _record(
    onboarding: Onboarding,
    kind: str,
    former: OnboardingPhase | str | None,
    by: AbstractUser | None = None,
    reason: str = "",
) -> None:
    """
    Raises:
        ValueError: a person did it and did not say why.
    """
    reason = reason.strip()
    if not reason and kind not in (Kind.BEGAN, Kind.MOVED):
        raise ValueError("Whoever holds or moves a rep says why.")
    PhaseChange.objects.create(
        rep=onboarding.rep,
        kind=kind,
        former=str(former or ""),
        phase=str(onboarding.phase or ""),
        reason=reason,
        by=by,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
        at=clock.now(),
    )
