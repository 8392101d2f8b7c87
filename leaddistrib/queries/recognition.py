"""What a lead was recognised by when it came in, in sentences (IN3, IN4, IN6).

Read from its log, where it was kept at that moment; nothing is worked out again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.models import Lead, LogEntry

PERSON: Mapping[str, str | Promise] = {
    "email": lazy("The same e-mail address came before."),
    "phone": lazy("The same phone number came before."),
    "name": lazy("The same name at the same company came before."),
}


def recognition(lead: Lead) -> list[str]:
    """By what account, score and earlier lead were found; [] for a lead that nobody knew."""
    received = lead.log.filter(event=LogEntry.Event.RECEIVED).first()
    kept: Mapping[str, Any] = received.detail if received else {}
    found = []
    if account := kept.get("account"):
        found.append(_account(account))
    if duplicate := kept.get("duplicate"):
        found.append(str(PERSON[duplicate["by"]]))
    if scoring := kept.get("scoring"):
        given = ((one["rule"], one["points"]) for one in scoring["points"])
        found.append(score_in_words(scoring["score"], given))
    return found


def _account(account: Mapping[str, Any]) -> str:
    match account["by"]:
        case "domain":
            return _("The account “%(name)s” was told by its domain.") % account
        case "name":
            return _("The account “%(name)s” was told by its name.") % account
    return _("The account “%(name)s” has a name that is %(likeness)d %% alike.") % account


def score_in_words(score: int, given: Iterable[tuple[str, int]]) -> str:
    """A score with the rules that made it, such as "Score 85: Demo +50, In the west +35"."""
    points = ", ".join(f"{rule} {number:+d}" for rule, number in given)
    if not points:
        return _("Score %(score)d: no scoring rule holds.") % {"score": score}
    return _("Score %(score)d: %(points)s.") % {"score": score, "points": points}
