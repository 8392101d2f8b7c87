"""Why not me? Said to a rep whom a decision looked at and passed over (RU5).

Reads what was kept with the decision; nothing is decided again here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import ngettext, pgettext

from leaddistrib.models import Decision, Rep
from leaddistrib.queries.phrases import WHY_NOT

Step = Mapping[str, Any]


def not_me(decision: Decision, rep: Rep) -> Iterable[str]:
    """What concerns this rep alone: in each step passed over and why, or others first."""
    found = [
        _why_not(step, candidate, place)
        for step in decision.explanation["steps"]
        for place, candidate in enumerate(step.get("candidates", ()))
        if candidate["rep"] == rep.pk
    ]
    if not found and decision.owner:
        return [pgettext("why not me", "The rule did not ask you.")]
    return dict.fromkeys(found)  # said once, however many steps it was true of


def _why_not(step: Step, candidate: Mapping[str, Any], place: int) -> str:
    if "refused" in candidate:
        return str(WHY_NOT[candidate["refused"]]).format(**candidate.get("params", {}))
    if not candidate.get("owed") and any(one.get("owed") for one in step["candidates"]):
        return ngettext(
            "%(number)d rep was before you: who has had fewer leads than guaranteed goes first.",
            "%(number)d reps were before you: who has had fewer leads than guaranteed goes first.",
            place,
        ) % {"number": place}
    if not candidate.get("first") and any(one.get("first") for one in step["candidates"]):
        return ngettext(
            "%(number)d rep was before you: what nobody takes from a race goes to some reps first.",
            "%(number)d reps were before you: what nobody takes from a race goes to some reps"
            " first.",
            place,
        ) % {"number": place}
    if "load" in candidate:
        return ngettext(
            "%(number)d rep had fewer open leads for their capacity, or as few and was before you.",
            "%(number)d reps had fewer open leads for their capacity, or as few and were before"
            " you.",
            place,
        ) % {"number": place}
    return ngettext(
        "%(number)d rep was before you in turn.",
        "%(number)d reps were before you in turn.",
        place,
    ) % {"number": place}
