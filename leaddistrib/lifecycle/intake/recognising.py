"""What a new lead is recognised by, before the rules see it: place, account, score, person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leaddistrib.engine.scoring import Score
from leaddistrib.lifecycle.matching import duplicates, match, place
from leaddistrib.lifecycle.scoring import score
from leaddistrib.models import Lead
from leaddistrib.queries.accounts import AccountMatch
from leaddistrib.queries.duplicates import Duplicate
from leaddistrib.queries.organisation import organisation


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found of a lead, and by what. The facts themselves stand on the lead."""

    account: AccountMatch | None
    score: Score | None
    duplicate: Duplicate | None

    def as_document(self) -> dict[str, object]:
        """What the lead's log keeps, so that "why" is never worked out afterwards (RU5)."""
        document: dict[str, object] = {}
        if self.account:
            document["account"] = self.account.as_document()
        if self.score:
            document["scoring"] = self.score.as_document()
        if self.duplicate:
            first = str(self.duplicate.first.public_id)
            document["duplicate"] = {"first": first, "by": self.duplicate.by}
        return document


def recognise(leads: Sequence[Lead], moment: datetime) -> list[Recognised]:
    """Set place, account, score and earlier lead on new ``leads``, which come in at ``moment``;
    saves nothing. The number of queries does not depend on how many leads there are.

    In this order: scoring rules may ask about territory and account.
    """
    place(leads)
    own = organisation()
    accounts = match(leads, own)
    scores = score(leads)
    earlier = duplicates(leads, own, moment)
    return [
        Recognised(account, made, duplicate)
        for account, made, duplicate in zip(accounts, scores, earlier, strict=True)
    ]
