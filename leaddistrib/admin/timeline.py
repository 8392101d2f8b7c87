"""What happened to a lead, in order: log, offers, claims and assignments side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import Assignment, Claim, Lead, Outcome


@dataclass(frozen=True, slots=True)
class Happened:
    """One line: when, what, and more that can be unfolded."""

    at: datetime
    what: str
    kind: str
    more: tuple[str, ...] = ()


def timeline(lead: Lead) -> list[Happened]:
    """All that happened to ``lead``, the newest first, in five queries however much that is."""
    happened = [*_log(lead), *_offers(lead), *_claims(lead), *_assignments(lead)]
    return sorted(happened, key=lambda one: one.at, reverse=True)


def _log(lead: Lead) -> Iterator[Happened]:
    for entry in lead.log.select_related("rep__user", "actor"):
        who = [entry.rep.name] if entry.rep else []
        if entry.actor and (entry.rep is None or entry.rep.user_id != entry.actor_id):
            who.append(_("by %(user)s") % {"user": entry.actor})
        reason = entry.detail.get("reason")
        fields = entry.detail.get("fields", ())
        stage = dict(Outcome.Stage.choices).get(entry.detail.get("stage", ""), "")
        parts = (stage, entry.detail.get("score"), reason, ", ".join(fields))
        more = tuple(str(part) for part in parts if part not in ("", None))
        what = ", ".join([str(entry.get_event_display()), *who])
        yield Happened(entry.at, what, "log", more)


def _offers(lead: Lead) -> Iterator[Happened]:
    """One line for all who were told at the same time: a race may tell hundreds."""
    offers = lead.offers.select_related("rep__user").order_by("period", "opens_at", "id")
    for (_period, opens_at), wave in groupby(offers, key=lambda one: (one.period, one.opens_at)):
        names = tuple(
            _("%(rep)s (seen)") % {"rep": offer.rep.name} if offer.seen_at else offer.rep.name
            for offer in wave
        )
        text = ngettext("Offered to %(count)d rep", "Offered to %(count)d reps", len(names))
        yield Happened(opens_at, text % {"count": len(names)}, "offer", names)


def _claims(lead: Lead) -> Iterator[Happened]:
    texts = {
        Claim.Result.WON: _("%(rep)s claimed it and won"),
        Claim.Result.LOST: _("%(rep)s claimed it and lost"),
        Claim.Result.REFUSED: _("%(rep)s claimed it and was refused"),
    }
    for claim in lead.claims.select_related("rep__user"):
        what = texts[Claim.Result(claim.result)] % {"rep": claim.rep.name}
        if claim.speed:
            seconds = f"{claim.speed.total_seconds():.1f}"
            what = _("%(what)s, %(seconds)s s after being told") % {
                "what": what,
                "seconds": seconds,
            }
        yield Happened(claim.claimed_at, what, "claim", tuple(map(str, claim.reasons)))


def _assignments(lead: Lead) -> Iterator[Happened]:
    for one in lead.assignments.select_related("rep__user"):
        text = _("%(rep)s owns it (%(method)s)")
        method = Assignment.Method(one.method).label
        yield Happened(one.started_at, text % {"rep": one.rep.name, "method": method}, "assignment")
        if one.ended_at:
            ended = Assignment.Ended(one.end).label
            text = _("%(rep)s owns it no longer: %(end)s") % {"rep": one.rep.name, "end": ended}
            more = (one.end_reason,) if one.end_reason else ()
            yield Happened(one.ended_at, text, "assignment", more)
