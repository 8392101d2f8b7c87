"""What leaddistrib holds: fields, constraints, and questions about one row."""

from leaddistrib.models.alerts import Alert
from leaddistrib.models.allocation import Allocation, AllocationBand, AllocationPolicy, Quota
from leaddistrib.models.availability import Calendar, TimeOff, WorkingHours
from leaddistrib.models.channels import (
    Channel,
    Gateway,
    NotificationSettings,
    PushSubscription,
    TeamChat,
)
from leaddistrib.models.claims import Claim, Offer
from leaddistrib.models.contacts import Contact, Outcome, Satisfaction, Work
from leaddistrib.models.guardrails import GuardrailPolicy, PriorityWindow
from leaddistrib.models.handovers import HandOver
from leaddistrib.models.intake import IdempotencyKey, ImportRun
from leaddistrib.models.jobs import JobRun
from leaddistrib.models.leads import Lead
from leaddistrib.models.log import LogEntry
from leaddistrib.models.markets import Account, Metro, SalesEvent, Territory
from leaddistrib.models.onboarding import (
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    PhaseChange,
)
from leaddistrib.models.organisation import ConfigurationChange, Organisation
from leaddistrib.models.outbox import OutboxMessage
from leaddistrib.models.people import Rep, Team
from leaddistrib.models.pools import Pool
from leaddistrib.models.replays import DryRun
from leaddistrib.models.responding import (
    EscalationStep,
    MessageTemplate,
    ResponseClock,
    ResponsePolicy,
    ResponseRollup,
    ResponseRun,
)
from leaddistrib.models.rotation import Rotation, Seat, Turn
from leaddistrib.models.routing import Assignment, Decision
from leaddistrib.models.rulerecords import step_document, steps_of
from leaddistrib.models.rules import Publication, Rule, RuleReview, RuleSet, RuleStep
from leaddistrib.models.scoring import ScoringRule
from leaddistrib.models.tiers import Tier, TierPlacement, TierPolicy
from leaddistrib.models.webhooks import Webhook, WebhookCall

__all__ = [
    "Account",
    "Alert",
    "Allocation",
    "AllocationBand",
    "AllocationPolicy",
    "Assignment",
    "Calendar",
    "Channel",
    "Claim",
    "ConfigurationChange",
    "Contact",
    "Decision",
    "DryRun",
    "EscalationStep",
    "Gateway",
    "GuardrailPolicy",
    "HandOver",
    "IdempotencyKey",
    "ImportRun",
    "JobRun",
    "Lead",
    "LogEntry",
    "MessageTemplate",
    "Metro",
    "NotificationSettings",
    "Offer",
    "Onboarding",
    "OnboardingPhase",
    "OnboardingPolicy",
    "Organisation",
    "OutboxMessage",
    "Outcome",
    "PhaseChange",
    "Pool",
    "PriorityWindow",
    "Publication",
    "PushSubscription",
    "Quota",
    "Rep",
    "ResponseClock",
    "ResponsePolicy",
    "ResponseRollup",
    "ResponseRun",
    "Rotation",
    "Rule",
    "RuleReview",
    "RuleSet",
    "RuleStep",
    "SalesEvent",
    "Satisfaction",
    "ScoringRule",
    "Seat",
    "Team",
    "TeamChat",
    "Territory",
    "Tier",
    "TierPlacement",
    "TierPolicy",
    "TimeOff",
    "Turn",
    "Webhook",
    "WebhookCall",
    "Work",
    "WorkingHours",
    "step_document",
    "steps_of",
]
