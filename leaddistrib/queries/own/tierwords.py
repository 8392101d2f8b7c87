"""What a rep is told of a placement, in sentences of the active language (TI2).

All of it is read from the placements as they were written, so it stays true when the policy is
changed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.engine.tiers import MEASURES
from leaddistrib.models import TierPlacement

Reason = TierPlacement.Reason

CALLED = {
    "conversion": lazy("conversion"),
    "quota": lazy("quota attainment"),
    "speed": lazy("response speed"),
}


def why(placement: TierPlacement) -> Iterator[str]:
    """Why the rep is in that tier, and at which scores it would be another one."""
    said = placement.figures
    score = _number(placement.score or 0)
    match placement.reason:
        case Reason.ONBOARDING:
            yield _("You are being onboarded: you are not placed yet.")
        case Reason.SMALL_TEAM:
            yield ngettext(
                "Your team has %(count)d rep. With fewer than %(least)d there are no tiers.",
                "Your team has %(count)d reps. With fewer than %(least)d there are no tiers.",
                said["team"]["reps"],
            ) % {"count": said["team"]["reps"], "least": said["least_reps"]}
            yield _(
                "You are told of leads at once, or, in pools with reps who have tiers, together"
                " with the middle one."
            )
        case Reason.LITTLE_DATA if said["leads"] >= said["least_leads"]:
            yield _("Nothing that counts is known of you yet: you are in the middle.")
        case Reason.LITTLE_DATA:
            yield ngettext(
                "You had %(count)d lead, fewer than %(least)d: with so few nobody is put on top or"
                " at the bottom.",
                "You had %(count)d leads, fewer than %(least)d: with so few nobody is put on top or"
                " at the bottom.",
                said["leads"],
            ) % {"count": said["leads"], "least": said["least_leads"]}
        case Reason.HELD:
            yield ngettext(
                "Your score is %(score)s, the rank %(rank)d of %(ranked)d. That alone would be"
                " “%(other)s”, but it is within %(margin)d point of the border, so you stay where"
                " you are.",
                "Your score is %(score)s, the rank %(rank)d of %(ranked)d. That alone would be"
                " “%(other)s”, but it is within %(margin)d points of the border, so you stay where"
                " you are.",
                said["margin"],
            ) % {
                "score": score,
                "rank": said["rank"],
                "ranked": said["team"]["ranked"],
                "other": name_of(said, said["by_score"]),
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
            "tier": name_of(said, level - 1),
            "score": _number(above + said["margin"]),
        }
    if below is not None:
        yield _("You stay out of “%(tier)s” with at least %(score)s points.") % {
            "tier": name_of(said, level + 1),
            "score": _number(below - said["margin"]),
        }


def figure(name: str, said: Mapping[str, Any]) -> str:
    """What a placement's document says of one of MEASURES."""
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


def moved(newest: TierPlacement, before: TierPlacement | None) -> Iterator[str]:
    """Whether the rep was moved, and what moved the score since the placement ``before``, what did
    most first."""
    if newest.former and newest.level and newest.moved:
        yield _("You were moved from “%(former)s” to “%(tier)s”.") % {
            "former": name_of(newest.figures, newest.former),
            "tier": name_of(newest.figures, newest.level),
        }
    if before is None or newest.score is None or before.score is None:
        return
    values = {"before": _number(before.score), "score": _number(newest.score)}
    if newest.score > before.score:
        yield _("Your score rose from %(before)s to %(score)s.") % values
    elif newest.score < before.score:
        yield _("Your score fell from %(before)s to %(score)s.") % values
    else:
        yield _("Your score is %(score)s as before.") % values
    now, then = contributions(newest.figures), contributions(before.figures)
    changes = {name: round(now[name] - then[name], 1) for name in MEASURES}
    for name in sorted(MEASURES, key=lambda one: -abs(changes[one])):
        if changes[name]:
            text = _("%(measure)s: %(change)s points") % {
                "measure": CALLED[name],
                "change": f"{'+' if changes[name] > 0 else '−'}{_number(abs(changes[name]))}",
            }
            yield text[:1].upper() + text[1:]


def contributions(said: Mapping[str, Any]) -> dict[str, float]:
    """How many points of the score come from each measure: they add up to it."""
    total = counted(said)
    return {
        name: (said["points"][name] or 0.0) * said["weights"][name] / total if total else 0.0
        for name in MEASURES
    }


def counted(said: Mapping[str, Any]) -> int:
    """The weights of the measures that count for the rep, added up."""
    return sum(said["weights"][name] for name in MEASURES if said["points"][name] is not None)


def name_of(said: Mapping[str, Any], level: int | None) -> str:
    """What the tier of ``level`` was called then, its number if there was no such; "" for none."""
    if level is None:
        return ""
    names = said.get("tiers", [])
    return str(names[level - 1] if level <= len(names) else level)


def _minutes(seconds: int, number: int) -> str:
    return _number(seconds / number / 60)


def _number(value: Any) -> str:
    """With one digit after the point, as the language writes it."""
    return str(number_format(round(float(value), 1), 1))
