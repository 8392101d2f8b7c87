"""A decision in a sentence: why did I get this lead, or why not (RU5).

Reads what was kept with the decision; nothing is decided again here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from leaddistrib.models import Decision, Rep
from leaddistrib.queries import refusing, wording
from leaddistrib.queries.phrases import (
    GOT_IT,
    PASSED_BY,
    RECOGNISED_BY,
    STEPS_IN,
    YOU_GOT_IT,
    YOU_STEP_IN,
)
from leaddistrib.queries.whynot import not_me

Step = Mapping[str, Any]


def sentence(
    decision: Decision,
    rep: Rep | None = None,
    *,
    whole: bool = False,
    oversees: bool = False,
    unnamed: bool = False,
) -> str:
    """The decision in a sentence or a few; said to ``rep`` where one is given.

    ``whole``: the reader sees all of the lead. What somebody wrote when giving it away by hand may
    name the contact, and is told to nobody else (IG4). ``oversees``: the reader looks after the
    lead as a manager or admin. Everybody else, programs too, reads that a colleague is away, and
    not why. ``unnamed``: no rule is named and nothing said of what it asked for, because that would
    tell what of the lead is hidden from the reader (GU2, GU3).
    """
    if unnamed and decision.method not in TELLING_NO_RULE:
        return " ".join((_where(decision), *_you_let_it_lapse(decision, rep)))
    return " ".join(part for part in _parts(decision, rep, whole, oversees) if part)


TELLING_NO_RULE = (
    Decision.Method.MANUAL,
    Decision.Method.DUPLICATE,
    Decision.Method.ESCALATION,
)
"""Ways to an owner by which no rule's name and nothing of the lead is told."""


def _where(decision: Decision) -> str:
    """Where the lead went, and nothing of why."""
    if decision.owner is not None:
        return _("%(owner)s got this lead.") % {"owner": decision.owner.name}
    pool = decision.pool.name if decision.pool else ""
    return _("This lead was opened in “%(pool)s”.") % {"pool": pool}


def _parts(decision: Decision, rep: Rep | None, whole: bool, oversees: bool) -> Iterator[str]:
    to_owner = rep is not None and decision.owner_id == rep.pk
    if decision.method == Decision.Method.MANUAL:
        yield _by_hand(decision, to_owner, whole)
        return
    if decision.method == Decision.Method.DUPLICATE:
        yield _duplicate(decision, to_owner, oversees)
        return
    if decision.method == Decision.Method.ESCALATION:
        yield _escalated(decision, to_owner)
        yield from _you_let_it_lapse(decision, rep)
        return
    yield from _not_answered(decision)
    yield from _not_the_first_ones_owner(decision, oversees)
    yield from _waited(decision)
    if oversees:
        yield from _beyond_its_share(decision)
    if decision.owner is None:
        yield _to_pool(decision)
    else:
        yield _pushed(decision, _winning(decision), to_owner)
        yield from _asked_only(_winning(decision))
    if _let_lapse(decision, rep):
        yield from _you_let_it_lapse(decision, rep)
    elif rep is not None and not to_owner:
        yield from not_me(decision, rep)


def _pushed(decision: Decision, step: Step, to_owner: bool) -> str:
    """By which strategy the lead went to its owner, and by virtue of what."""
    winner = next(one for one in step["candidates"] if one["rep"] == step["winner"])
    named = {
        "rule": decision.rule.name if decision.rule else "",
        "owner": decision.owner.name if decision.owner else "",
        "team": step["team"],
        "territory": step.get("territory", ""),
        "absent": winner.get("backup_of", ""),
    }
    code = _reason(step, winner)
    sentences = YOU_GOT_IT if to_owner else GOT_IT
    return str(sentences[code]) % named


def _reason(step: Step, winner: Mapping[str, Any]) -> str:
    """Which sentence is true of this push."""
    if "backup_of" in winner:
        return f"{step['push']}:backup"
    in_order = [one for one in step["candidates"] if "refused" not in one]
    if winner.get("owed") and not all(one.get("owed") for one in in_order):
        return f"{step['push']}:owed"
    if winner.get("first") and not all(one.get("first") for one in in_order):
        return f"{step['push']}:{winner['first']}"
    if step["push"] == "territory_owner" and len(in_order) > 1:
        return "territory_owner:in_turn"
    if step["push"] == "manager" and len(in_order) > 1:
        return "manager:least_loaded"
    return str(step["push"])


def _asked_only(step: Step) -> Iterator[str]:
    """Whom the step asked, where not everybody."""
    if step.get("seniority"):
        yield _("Only reps of seniority “%(level)s” were asked.") % {
            "level": wording.seniority(step["seniority"])
        }
    if "event" in step:
        yield _("Only reps who attended “%(event)s” were asked.") % {"event": step["event"]}


def _to_pool(decision: Decision) -> str:
    rule = decision.rule.name if decision.rule else None
    pool = decision.pool.name if decision.pool else ""
    named = {"rule": rule, "pool": pool}
    asked = any("push" in step for step in decision.explanation["steps"])
    if decision.pool and decision.pool.is_safety_net and (rule is None or asked):
        if rule is None:
            return _("No rule took this lead, so it waits in “%(pool)s”.") % named
        return _("Nobody in the rule “%(rule)s” was available, so it waits in “%(pool)s”.") % named
    by_mode = {
        Decision.Method.RACE: _(
            "The rule “%(rule)s” opened this lead to all members of “%(pool)s” at the same time: "
            "the first claim owns it."
        ),
        Decision.Method.SHARED: _(
            "The rule “%(rule)s” put this lead in “%(pool)s”, where every member works every lead."
        ),
    }
    queued = _("The rule “%(rule)s” put this lead in the queue “%(pool)s”.")
    said = by_mode.get(Decision.Method(decision.method), queued) % named
    if not asked:
        return said
    # Not within the text above: what stands there is not found for the translators.
    return " ".join((said, _("Nobody whom it asked before was available.")))


def _waited(decision: Decision) -> Iterator[str]:
    """A lead that nobody took in a pool went on from there (PL2)."""
    for step in decision.explanation["steps"]:
        if "waited" in step:
            minutes = step["waited"] // 60
            yield ngettext(
                "Nobody took it in “%(pool)s” within %(minutes)d minute.",
                "Nobody took it in “%(pool)s” within %(minutes)d minutes.",
                minutes,
            ) % {"pool": step["pool"], "minutes": minutes}


def _beyond_its_share(decision: Decision) -> Iterator[str]:
    """Pools that the lead passed by for their mix (GU3): never said to reps, who see no quality."""
    for step in decision.explanation["steps"]:
        if "beyond" in step:
            yield str(PASSED_BY[step["beyond"]]) % {"pool": step["pool"]}


def _duplicate(decision: Decision, to_owner: bool, oversees: bool) -> str:
    by = decision.explanation.get("by", "")
    by = str(RECOGNISED_BY.get(by, by))
    if decision.owner is None:
        return _(
            "This lead came in before, recognised by %(by)s, so it was closed at once and linked"
            " to the first one."
        ) % {"by": by}
    if absent := _absent(decision, oversees):
        standing_in = (
            _(
                "You got this lead because you stand in for %(absent)s (%(reason)s), who works"
                " the same one, recognised by %(by)s."
            )
            if to_owner
            else _(
                "%(owner)s got this lead in place of %(absent)s (%(reason)s), who works the same"
                " one, recognised by %(by)s."
            )
        )
        return standing_in % {"owner": decision.owner.name, "by": by, **absent}
    if to_owner:
        return _("You got this lead because you work the same one, recognised by %(by)s.") % {
            "by": by
        }
    return _("%(owner)s got this lead because they work the same one, recognised by %(by)s.") % {
        "owner": decision.owner.name,
        "by": by,
    }


def _absent(decision: Decision, oversees: bool) -> dict[str, str]:
    """Who works the first lead of the same person, and why that rep could not take this one, as far
    as the reader may know."""
    owner = decision.explanation.get("owner_of_first")
    if owner is None:
        return {}
    why = refusing.passed_over(owner["refused"], {}) if oversees else pgettext("a rep", "away")
    return {"absent": owner["name"], "reason": why}


def _not_the_first_ones_owner(decision: Decision, oversees: bool) -> Iterator[str]:
    """Why the rules decided about a lead that would have been somebody's without them (IN3)."""
    if absent := _absent(decision, oversees):
        by = decision.explanation["by"]
        yield _(
            "%(absent)s (%(reason)s) works the same lead, recognised by %(by)s, so the rules"
            " decided."
        ) % {"by": str(RECOGNISED_BY.get(by, by)), **absent}


def _escalated(decision: Decision, to_owner: bool) -> str:
    """To whom a lead went that was not answered, by a step of its policy (SL3)."""
    escalated = decision.explanation["escalated"]
    team = decision.explanation["steps"][0].get("team", "")
    named = {
        "before": escalated["from"],
        "owner": decision.owner.name if decision.owner else "",
        "team": team,
        "pool": decision.pool.name if decision.pool else "",
    }
    sentences = YOU_STEP_IN if to_owner else STEPS_IN
    return str(sentences[escalated["to"]]) % named


def _not_answered(decision: Decision) -> Iterator[str]:
    """Why the rules were asked again about a lead that had an owner (SL3)."""
    if escalated := decision.explanation.get("escalated"):
        yield _("%(before)s did not answer it in time.") % {"before": escalated["from"]}


def _let_lapse(decision: Decision, rep: Rep | None) -> bool:
    escalated = decision.explanation.get("escalated")
    return bool(rep and escalated and escalated["rep"] == rep.pk)


def _you_let_it_lapse(decision: Decision, rep: Rep | None) -> Iterator[str]:
    if _let_lapse(decision, rep):
        yield _("You did not answer it in time, so it does not come back to you.")


def _by_hand(decision: Decision, to_owner: bool, whole: bool) -> str:
    named = {
        "by": decision.explanation.get("by", ""),
        "reason": decision.explanation.get("reason", ""),
        "owner": decision.owner.name if decision.owner else "",
    }
    if to_owner and whole:
        return _("%(by)s gave you this lead by hand: “%(reason)s”.") % named
    if to_owner:
        return _("%(by)s gave you this lead by hand.") % named
    if whole:
        return _("%(by)s gave this lead to %(owner)s by hand: “%(reason)s”.") % named
    return _("%(by)s gave this lead to %(owner)s by hand.") % named


def _winning(decision: Decision) -> Step:
    steps: list[Step] = decision.explanation["steps"]
    return next(step for step in reversed(steps) if step.get("winner") is not None)
