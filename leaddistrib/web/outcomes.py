"""What came of a claim, in words (UI1, GU7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.engine.gates import Refusal
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.claiming import ClaimResult
from leaddistrib.models import Rep
from leaddistrib.queries import refusing


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a claim is refused, and when that lifts where it is known, by the rep's ``zone``."""

    code: str
    message: str
    lifts_at: datetime | None
    zone: tzinfo

    @property
    def sentence(self) -> str:
        if self.lifts_at is None:
            return self.message
        moment = date_format(localtime(self.lifts_at, self.zone), "SHORT_DATETIME_FORMAT")
        moment = moment.removesuffix(".")  # of "9 a.m.", which ends the sentence
        return _("%(reason)s Until %(moment)s.") % {"reason": self.message, "moment": moment}


def reason(refusal: Refusal, rep: Rep) -> Reason:
    """The reason as ``rep`` reads it, in the active language."""
    message = refusing.refusal(refusal.code, refusal.params)
    return Reason(refusal.code, message, refusal.lifts_at, rep.zone)


def message(result: ClaimResult, moment: datetime) -> str:
    """The answer in one sentence, to the rep who claimed at ``moment``."""
    if result.result == "won":
        return _("This lead is yours.")
    if result.result == "lost" and result.taken_by and result.decided_at:
        return chosen(result.taken_by.name)
    if result.result == "lost" and result.taken_by and result.taken_at:
        return too_late(result.taken_by.name, moment - result.taken_at)
    if result.result == "collected":
        return _("Your claim is in. Claims are collected for a few seconds, then it is decided.")
    return _("You cannot claim this lead.")


def chosen(name: str) -> str:
    """To whom a lead went whose claims were collected: not the fastest need have won."""
    return _("It went to %(name)s.") % {"name": name}


def too_late(name: str, by: timedelta) -> str:
    """Who was faster, and by how much: "Bruno took it 2 seconds before you." """
    seconds = int(by.total_seconds())
    if seconds < 1:
        return _("%(name)s took it less than a second before you.") % {"name": name}
    if seconds < 60:
        return ngettext(
            "%(name)s took it %(number)d second before you.",
            "%(name)s took it %(number)d seconds before you.",
            seconds,
        ) % {"name": name, "number": seconds}
    if seconds < 3600:
        return ngettext(
            "%(name)s took it %(number)d minute before you.",
            "%(name)s took it %(number)d minutes before you.",
            seconds // 60,
        ) % {"name": name, "number": seconds // 60}
    return _("%(name)s took it before you.") % {"name": name}


def document(result: ClaimResult, rep: Rep, moment: datetime, url: str) -> dict[str, object]:
    """The answer to a script of ``rep``'s page; ``url`` is the lead's."""
    return {
        "result": result.result,
        "message": message(result, moment),
        "taken_by": result.taken_by.name if result.taken_by else None,
        "taken_at": stamp(result.taken_at),
        "decided_at": stamp(result.decided_at),
        "reasons": [
            {
                "code": refusal.code,
                "message": reason(refusal, rep).sentence,
                "lifts_at": stamp(refusal.lifts_at),
            }
            for refusal in result.refusals
        ],
        "url": url,
    }
