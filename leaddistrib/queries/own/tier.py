"""What a rep is told of the own tier: since when, by which figures, and what moved them (TI2).

All of it is read from the placements as they were written, so it stays true when the policy is
changed. Sentences are in the active language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.engine.tiers import MEASURES
from leaddistrib.models import Rep, TierPlacement

WEEKS = 26
"""How many placements back a rep is shown."""

CALLED = {
    "conversion": lazy("conversion"),
    "quota": lazy("quota attainment"),
    "speed": lazy("response speed"),
}
Reason = TierPlacement.Reason


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the three that make up the score. ``points`` are 0 to 100, 50 what is to be expected,
    None where it does not count; ``weight`` is its share of the score in percent; ``change`` by how
    many points it moved the score since the placement before, None where there is no such."""

    name: str
    sentence: str
    points: float | None
    weight: int
    change: float | None


@dataclass(frozen=True, slots=True)
class OwnTier:
    """The tier that the rep is in since ``since``; ``level`` and ``name`` are None and "" for none.
    ``why`` and ``moved`` are sentences; ``history`` has the newest placement first."""

    level: int | None
    name: str
    since: date
    score: float | None
    why: list[str]
    measures: list[Measure]
    moved: list[str]
    history: list[TierPlacement]


def own_tier(rep: Rep) -> OwnTier | None:
    """What ``rep`` is told; None for who was never placed, or for whom no policy holds any more.
    Three queries at most."""
    history = list(rep.placements.order_by("-period")[:WEEKS])
    if not history or history[0].level != rep.tier:
        return None
    newest = history[0]
    before = next((one for one in history[1:] if one.score is not None), None)
    return OwnTier(
        newest.level,
        tier_name(newest),
        _since(newest),
        None if newest.score is None else float(newest.score),
        list(_why(newest)),
        list(_measures(newest, before)),
        list(_moved(newest, before)),
        history,
    )


def tier_name(placement: TierPlacement) -> str:
    """What the tier of ``placement`` was called then, "" for none."""
    return _name(placement.figures, placement.level)


def _since(newest: TierPlacement) -> date:
    """The first week of those, without another between, that the rep is in this tier."""
    own = TierPlacement.objects.filter(rep=newest.rep_id)
    others = own.exclude(level=newest.level) if newest.level else own.filter(level__isnull=False)
    other = others.order_by("-period").values_list("period", flat=True).first()
    if other is not None:
        own = own.filter(period__gt=other)
    return own.order_by("period").values_list("period", flat=True)[0]


def _why(placement: TierPlacement) -> Iterator[str]:
    said = placement.figures
    score = _number(placement.score or 0)
    match placement.reason:
        case Reason.ONBOARDING:
            yield _("You are being onboarded: you are not placed yet.")
        case Reason.SMALL_TEAM:
            yield ngettext(
                "Your team has %(count)d rep. With fewer than %(least)d there are no tiers, and"
                " everybody is told of leads at once.",
                "Your team has %(count)d reps. With fewer than %(least)d there are no tiers, and"
                " everybody is told of leads at once.",
                said["team"]["reps"],
            ) % {"count": said["team"]["reps"], "least": said["least_reps"]}
        case Reason.LITTLE_DATA if said["leads"] >= said["least_leads"]:
            yield _("Nothing that counts is known of you yet: you are in the middle.")
        case Reason.LITTLE_DATA:
            yield ngettext(
                "You had %(count)d lead, and %(least)d are needed: with so few nobody is put on top"
                " or at the bottom.",
                "You had %(count)d leads, and %(least)d are needed: with so few nobody is put on"
                " top or at the bottom.",
                said["leads"],
            ) % {"count": said["leads"], "least": said["least_leads"]}
        case Reason.HELD:
            yield _(
                "Your score is %(score)s, the rank %(rank)d of %(ranked)d. That alone would be"
                " “%(other)s”, but it is within %(margin)d points of the border, so you stay where"
                " you are."
            ) % {
                "score": score,
                "rank": said["rank"],
                "ranked": said["team"]["ranked"],
                "other": _name(said, said["by_score"]),
                "margin": said["margin"],
            }
        case _:
            yield _("Your score is %(score)s, the rank %(rank)d of %(ranked)d.") % {
                "score": score,
                "rank": said["rank"],
                "ranked": said["team"]["ranked"],
            }
    yield from _borders(placement)


def _borders(placement: TierPlacement) -> Iterator[str]:
    """From where on the rep would have been in the tier above, and below which in the one below."""
    said, level = placement.figures, placement.level
    if level is None or placement.reason == Reason.LITTLE_DATA:
        return
    above = said["borders"][level - 2] if level > 1 else None
    below = said["borders"][level - 1] if level < len(said["tiers"]) else None
    if above is not None:
        yield _("“%(tier)s” begins for you at %(score)s points.") % {
            "tier": _name(said, level - 1),
            "score": _number(above + said["margin"]),
        }
    if below is not None:
        yield _("You stay out of “%(tier)s” with at least %(score)s points.") % {
            "tier": _name(said, level + 1),
            "score": _number(below - said["margin"]),
        }


def _measures(newest: TierPlacement, before: TierPlacement | None) -> Iterator[Measure]:
    if newest.score is None:
        return
    said = newest.figures
    now = _contributions(said)
    then = _contributions(before.figures) if before else None
    total = _counted(said)
    for name in MEASURES:
        counts = said["points"][name] is not None
        weight = round(100 * said["weights"][name] / total) if counts else 0
        change = None if then is None else now[name] - then[name]
        points = said["points"][name]
        yield Measure(str(CALLED[name]), _sentence(name, said), points, weight, change)


def _sentence(name: str, said: Mapping[str, Any]) -> str:
    team = said["team"]
    if name == "quota":
        if said["attainment"] is None:
            return _("You have no quota: the other measures count alone.")
        return _("You reached %(percent)s %% of your quota.") % {
            "percent": _number(said["attainment"])
        }
    if name == "speed":
        if not team["answered"]:
            return _("Nobody in your team has answered a lead yet.")
        average = _minutes(team["answered_seconds"], team["answered"])
        if not said["answered"]:
            text = _("You have answered no lead: the team's average of %(team)s min counts.")
            return text % {"team": average}
        return ngettext(
            "You answered %(count)d lead, after %(own)s min on average. Your team takes %(team)s"
            " min.",
            "You answered %(count)d leads, after %(own)s min on average. Your team takes %(team)s"
            " min.",
            said["answered"],
        ) % {
            "count": said["answered"],
            "own": _minutes(said["answered_seconds"], said["answered"]),
            "team": average,
        }
    if not team["won"]:
        return _("Nobody in your team has won a lead yet.")
    return ngettext(
        "You won %(won)d of %(count)d lead. Your team wins %(team)s %%.",
        "You won %(won)d of %(count)d leads. Your team wins %(team)s %%.",
        said["leads"],
    ) % {
        "won": said["won"],
        "count": said["leads"],
        "team": _number(100 * team["won"] / team["leads"]),
    }


def _moved(newest: TierPlacement, before: TierPlacement | None) -> Iterator[str]:
    """What moved the score since the placement before, the largest first."""
    if before is None or newest.score is None or before.score is None:
        return
    values = {"before": _number(before.score), "score": _number(newest.score)}
    if newest.score > before.score:
        yield _("Your score rose from %(before)s to %(score)s.") % values
    elif newest.score < before.score:
        yield _("Your score fell from %(before)s to %(score)s.") % values
    else:
        yield _("Your score is %(score)s as before.") % values
    now, then = _contributions(newest.figures), _contributions(before.figures)
    changes = {name: round(now[name] - then[name], 1) for name in MEASURES}
    for name in sorted(MEASURES, key=lambda one: -abs(changes[one])):
        if changes[name]:
            text = _("%(measure)s: %(change)s points") % {
                "measure": CALLED[name],
                "change": f"{'+' if changes[name] > 0 else '−'}{_number(abs(changes[name]))}",
            }
            yield text[:1].upper() + text[1:]


def _contributions(said: Mapping[str, Any]) -> dict[str, float]:
    """How many points of the score come from each measure: they add up to it."""
    total = _counted(said)
    return {
        name: (said["points"][name] or 0.0) * said["weights"][name] / total if total else 0.0
        for name in MEASURES
    }


def _counted(said: Mapping[str, Any]) -> int:
    return sum(said["weights"][name] for name in MEASURES if said["points"][name] is not None)


def _name(said: Mapping[str, Any], level: int | None) -> str:
    return str(said["tiers"][level - 1]) if level else ""


def _minutes(seconds: int, number: int) -> str:
    return _number(seconds / number / 60)


def _number(value: Any) -> str:
    """With one digit after the point, as the language writes it."""
    return str(number_format(round(float(value), 1), 1))
