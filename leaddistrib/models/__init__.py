"""What leaddistrib holds: fields, constraints, and questions about one row."""

from leaddistrib.models.alerts import Alert
from leaddistrib.models.availability import Calendar, TimeOff, WorkingHours
from leaddistrib.models.claims import Claim, Offer
from leaddistrib.models.contacts import Contact, Outcome, Work
from leaddistrib.models.handovers import HandOver
from leaddistrib.models.intake import IdempotencyKey, ImportRun
from leaddistrib.models.jobs import JobRun
from leaddistrib.models.leads import Lead
from leaddistrib.models.log import LogEntry
from leaddistrib.models.markets import Account, Metro, SalesEvent, Territory
from leaddistrib.models.organisation import ConfigurationChange, Organisation
from leaddistrib.models.outbox import OutboxMessage
from leaddistrib.models.people import Rep, Team
from leaddistrib.models.pools import Pool
from leaddistrib.models.replays import DryRun
from leaddistrib.models.rotation import Rotation, Seat, Turn
from leaddistrib.models.routing import Assignment, Decision
from leaddistrib.models.rulerecords import step_document, steps_of
from leaddistrib.models.rules import Publication, Rule, RuleReview, RuleSet, RuleStep
from leaddistrib.models.scoring import ScoringRule
from leaddistrib.models.webhooks import Webhook, WebhookCall

__all__ = [
    "Account",
    "Alert",
    "Assignment",
    "Calendar",
    "Claim",
    "ConfigurationChange",
    "Contact",
    "Decision",
    "DryRun",
    "HandOver",
    "IdempotencyKey",
    "ImportRun",
    "JobRun",
    "Lead",
    "LogEntry",
    "Metro",
    "Offer",
    "Organisation",
    "OutboxMessage",
    "Outcome",
    "Pool",
    "Publication",
    "Rep",
    "Rotation",
    "Rule",
    "RuleReview",
    "RuleSet",
    "RuleStep",
    "SalesEvent",
    "ScoringRule",
    "Seat",
    "Team",
    "Territory",
    "TimeOff",
    "Turn",
    "Webhook",
    "WebhookCall",
    "Work",
    "WorkingHours",
    "step_document",
    "steps_of",
]
