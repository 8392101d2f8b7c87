"""What leaddistrib holds: fields, constraints, and questions about one row."""

from leaddistrib.models.claims import Claim, Offer
from leaddistrib.models.intake import IdempotencyKey, ImportRun
from leaddistrib.models.jobs import JobRun
from leaddistrib.models.leads import Lead
from leaddistrib.models.log import LogEntry
from leaddistrib.models.markets import Account, Territory
from leaddistrib.models.outbox import OutboxMessage
from leaddistrib.models.people import Rep, Team, TimeOff
from leaddistrib.models.pools import Pool
from leaddistrib.models.rotation import Rotation, Seat, Turn
from leaddistrib.models.routing import Assignment, Decision
from leaddistrib.models.rules import Rule, RuleSet, RuleStep

__all__ = [
    "Account",
    "Assignment",
    "Claim",
    "Decision",
    "IdempotencyKey",
    "ImportRun",
    "JobRun",
    "Lead",
    "LogEntry",
    "Offer",
    "OutboxMessage",
    "Pool",
    "Rep",
    "Rotation",
    "Rule",
    "RuleSet",
    "RuleStep",
    "Seat",
    "Team",
    "Territory",
    "TimeOff",
    "Turn",
]
