"""Every write, one module for each step of a lead's life.

What other projects may call, whatever door they stand at:

    receive(lead_input)        a lead comes in and is routed            (intake, IN1)
    receive_many(lead_inputs)  the same for a file                      (intake, IN7)
    route(leads)               the rules decide                         (route, RU2)
    claim(lead, rep)           a rep reaches for a lead                 (claim, RA1)
    claim_next(pool, rep, …)   a rep takes the next, without a list     (claim, RA5)
    log_contact(lead, rep, …)  a rep was in touch with a lead           (respond, PO1)
    log_attempt(lead, rep, …)  a rep tried, and nobody answered         (respond, SL2)
    undo_contact(lead, rep)    that contact was none
    start(lead, rep)           a rep works on a shared lead             (PO2)
    stop(lead, rep)            and works on it no more
    release(lead, rep, ...)    a rep gives a lead back                  (claim, RA4)
    close(lead, rep)           a rep is done with a lead            (close)
    record_outcome(lead, ...)  it reached a stage, was won or lost      (OU1)
    undo_outcome(outcome, by)  that was a mistake
    recycle(leads, pool, ...)  lost or unworked leads go to a pool      (OU2)
    assign_by_hand(leads, to)  somebody gives leads to a rep            (PU7)
    hand_over(rep, ...)        all that is a rep's goes to the others   (PU10)
    take_back(handover, ...)   and comes back, as far as it is untouched
    publish(documents)         a version of the rules comes into force  (RU3)
"""

from leaddistrib.lifecycle.attempting import log_attempt
from leaddistrib.lifecycle.claiming import ClaimResult, claim
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.contacting import ContactResult, log_contact
from leaddistrib.lifecycle.handing_over import hand_over, preview_handover
from leaddistrib.lifecycle.intake.receiving import Received, receive, receive_many
from leaddistrib.lifecycle.nextplease import claim_next
from leaddistrib.lifecycle.outcomes import record_outcome, undo_outcome
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.lifecycle.reassigning import assign_by_hand
from leaddistrib.lifecycle.recycling import recycle
from leaddistrib.lifecycle.releasing import release
from leaddistrib.lifecycle.routing import route
from leaddistrib.lifecycle.taking_back import take_back
from leaddistrib.lifecycle.undoing import undo_contact
from leaddistrib.lifecycle.working import WorkResult, start, stop

__all__ = [
    "ClaimResult",
    "ContactResult",
    "Received",
    "WorkResult",
    "assign_by_hand",
    "claim",
    "claim_next",
    "close",
    "hand_over",
    "log_attempt",
    "log_contact",
    "preview_handover",
    "publish",
    "receive",
    "receive_many",
    "record_outcome",
    "recycle",
    "release",
    "route",
    "start",
    "stop",
    "take_back",
    "undo_contact",
    "undo_outcome",
]
