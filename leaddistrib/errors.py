"""What can go wrong, named once. A lost race is not here: losing is a result, not an error."""

from collections.abc import Mapping, Sequence


class LeadDistribError(Exception):
    """Base of every error that leaddistrib raises on purpose.

    ``code`` is stable and meant for programs, the message for people.
    """

    code = "error"


class InvalidLead(LeadDistribError):
    """A lead's fields are wrong. ``fields`` maps each outside field name to its messages (IN7)."""

    code = "invalid_lead"

    def __init__(self, fields: Mapping[str, Sequence[object]]) -> None:
        self.fields = {name: [str(message) for message in fields[name]] for name in fields}
        super().__init__(
            "; ".join(f"{name}: {' '.join(self.fields[name])}" for name in self.fields)
        )


class UnreadableFile(LeadDistribError):
    """A file as a whole cannot be read as a table of leads (IN7)."""

    code = "unreadable_file"


class InvalidRules(LeadDistribError):
    """Rule documents are wrong. ``problems`` maps a place ("rules[2].then.team") to a message."""

    code = "invalid_rules"

    def __init__(self, problems: Mapping[str, object]) -> None:
        self.problems = {place: str(message) for place, message in problems.items()}
        super().__init__("; ".join(f"{place}: {text}" for place, text in self.problems.items()))


class KeyReused(LeadDistribError):
    """An Idempotency-Key came again with another lead in it (IN2)."""

    code = "idempotency_key_reused"


class NotYours(LeadDistribError):
    """The actor may not do this to this lead."""

    code = "not_yours"


class Busy(LeadDistribError):
    """The database stayed locked through every retry. Nothing was written; trying again is safe."""

    code = "busy"


class SealBroken(LeadDistribError):
    """A secret cannot be read: it was sealed with another SECRET_KEY, or tampered with."""

    code = "seal_broken"


class BadSignature(LeadDistribError):
    """A call is not signed as its webhook expects. What is wrong with it is the admin's to see,
    not the caller's."""

    code = "bad_signature"


class Outdated(LeadDistribError):
    """Somebody changed meanwhile what this act was confirmed for."""

    code = "outdated"


class Closed(LeadDistribError):
    """The lead is closed, and this is for leads that are not."""

    code = "closed"


class Answered(LeadDistribError):
    """The customer answered already: that answer stays."""

    code = "answered"


class NoSubscription(LeadDistribError):
    """What a browser gave is no push subscription, or of a push service that is not allowed."""

    code = "no_subscription"


class WrongPhase(LeadDistribError):
    """A step of onboarding does not fit where the rep is. The message says why (ON2)."""

    code = "wrong_phase"
