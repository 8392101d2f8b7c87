"""Announcements for the host project, sent after commit. Nothing of leaddistrib runs on them.

Each is sent with ``sender=Lead`` and:

``lead_assigned``   ``lead``, ``rep``: a push gave the lead to the rep
``lead_opened``     ``lead``, ``pool``: the lead waits in the pool and may be claimed
``lead_claimed``    ``lead``, ``rep``: the rep won the lead
``lead_contacted``  ``lead``, ``rep``, ``contact``: the rep was in touch with the lead
``lead_contact_undone``  the same, when that was a slip; the contact is deleted
``lead_released``   ``lead``, ``rep``: the rep gave the lead back
``lead_closed``     ``lead``, ``rep``: the rep is done with the lead; None: it was nobody's
``lead_outcome``    ``lead``, ``rep``, ``outcome``: it reached a stage, under the rep or nobody
``lead_outcome_undone``  the same, when the outcome turned out to be none
"""

from typing import Any

from django.db import transaction
from django.dispatch import Signal

lead_assigned = Signal()
lead_opened = Signal()
lead_claimed = Signal()
lead_contacted = Signal()
lead_contact_undone = Signal()
lead_released = Signal()
lead_closed = Signal()
lead_outcome = Signal()
lead_outcome_undone = Signal()


def announce(signal: Signal, **arguments: Any) -> None:
    """Send ``signal`` once the transaction has committed. A receiver that fails is logged and
    holds up neither the others nor what was committed."""
    transaction.on_commit(lambda: signal.send_robust(**arguments), robust=True)
