"""Which leads of a pool are blind is drawn when they are opened (GU2)."""

from collections.abc import Iterable

from django.utils.crypto import salted_hmac

from leaddistrib.models import Lead


def draw(leads: Iterable[Lead]) -> None:
    """Draw for each of ``leads``, saved as opened and read with its pool, whether it is blind in
    this period. Two queries at most, none where nothing changes. After the leads' locks."""
    turned: dict[bool, list[Lead]] = {True: [], False: []}
    for lead in leads:
        blind = drawn(lead, lead.pool.blind_percent if lead.pool else 0)
        if blind is not lead.blind:
            lead.blind = blind
            turned[blind].append(lead)
    for blind, some in turned.items():
        if some:
            Lead.objects.filter(pk__in=[lead.pk for lead in some]).update(blind=blind)


def drawn(lead: Lead, percent: int) -> bool:
    """Whether the lead is among the ``percent`` (0-100) that are blind, in its present period.

    The same answer each time. Not a random number: a draw that is done again, because its
    transaction was, must not turn out otherwise. Keyed with the site's secret, so that nobody can
    tell from the public id what a lead will be.
    """
    made = salted_hmac("leaddistrib.blind", f"{lead.public_id}:{lead.period}", algorithm="sha256")
    return int.from_bytes(made.digest()[:8]) * 100 < percent << 64
