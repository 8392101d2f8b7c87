"""A company in which something of everything has happened, as large as a test wants it."""

from datetime import timedelta

from django.utils import timezone

from leaddistrib.lifecycle import claim, receive
from leaddistrib.lifecycle.drafting import new_draft
from leaddistrib.lifecycle.dryruns import ask
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.lifecycle.webhooks import add_webhook
from leaddistrib.models import (
    Allocation,
    AllocationPolicy,
    Channel,
    Gateway,
    GuardrailPolicy,
    ImportRun,
    JobRun,
    MessageTemplate,
    Metro,
    Offer,
    Onboarding,
    OnboardingPolicy,
    Outcome,
    PhaseChange,
    Pool,
    PriorityWindow,
    Quota,
    ResponsePolicy,
    SalesEvent,
    Satisfaction,
    ScoringRule,
    TeamChat,
    Territory,
    TierPlacement,
    TierPolicy,
    TimeOff,
    Webhook,
)
from leaddistrib.testing import (
    AccountFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
)

PROVIDERS = (Channel.PUSH, Channel.SMS, Channel.SLACK)


def company(size):
    """``size`` of everything, each with people of its own, so that no query is spared by luck."""
    now = timezone.now()
    publisher = UserFactory()
    for number in range(size):
        team, pool = TeamFactory(), PoolFactory(mode=Pool.Mode.RACE)
        team.managers.add(publisher)
        reps = [RepFactory(team=team, capacity=1), RepFactory(team=team), RepFactory()]
        pool.reps.set(reps)
        TimeOff.objects.create(rep=reps[1], starts_at=now, ends_at=now + timedelta(days=number + 1))
        TerritoryFactory(team=team, countries=["FR"]).reps.set(reps)
        AccountFactory(owner=reps[0])
        metro = Metro.objects.create(
            name=f"Metro {size}-{number}", country="FR", postal_prefixes=[f"7{number:03}"]
        )
        Territory.objects.latest("pk").metros.add(metro)
        SalesEvent.objects.create(name=f"Fair {size}-{number}").attendees.set(reps)
        ScoringRule.objects.create(name=f"Points {number}", points=number)
        policy = ResponsePolicy.objects.create(name=f"Quickly {size}-{number}", minutes=30)
        policy.steps.create(position=0, to="pool", pool=pool, after_minutes=60)
        version = publish(
            [
                {
                    "name": f"Rule {number}",
                    "when": {"field": "source", "op": "eq", "value": "push"},
                    "then": {
                        "push": "round_robin",
                        "team": team.name,
                        "fallback": [{"pool": pool.name}],
                    },
                },
                {"name": "Everything else", "when": {}, "then": {"pool": pool.name}},
            ],
            actor=UserFactory(),
        )
        ask(version, since=now - timedelta(days=1), until=now, actor=UserFactory())
        receive(clean({"company": f"Pushed {number}", "source": "push"}), actor=UserFactory())
        raced = receive(clean({"company": f"Raced {number}", "source": "web"})).lead
        Offer.objects.filter(rep=reps[1]).update(opened_at=now, told_at=now, seen_at=now)
        for rep in (reps[0], reps[2], reps[1]):  # refused, won, lost
            claim(raced, rep, via="page")
        stage = {"lead": raced, "rep": reps[1], "at": now, "by": publisher}
        Outcome.objects.create(stage=Outcome.Stage.OPPORTUNITY, **stage)
        Satisfaction.objects.create(lead=raced, rep=reps[1], score=4, answered_at=now)
        team.reps.update(paused=True)  # nobody is there for the next one: an alert
        receive(clean({"company": f"Waiting {number}", "source": "push"}))
        MessageTemplate.objects.create(
            name=f"Hello {size}-{number}",
            team=team,
            subject="{company}",
            body="Hello {contact_name},",
        )
        Gateway.objects.get_or_create(channel=PROVIDERS[number % len(PROVIDERS)])
        TeamChat.objects.create(team=team, channel=Channel.SLACK, name="Room", room="C0123456789")
        ImportRun.objects.create(file_name=f"{number}.csv", started_at=now, by=UserFactory())
        add_webhook(Webhook(slug=f"hook-{size}-{number}", source="web"))
        GuardrailPolicy.objects.create(team=team)
        onboarding = OnboardingPolicy.objects.create(team=team)
        phase = onboarding.phases.create(position=1, name="Watching", weeks=4)
        began = {"rep": reps[0], "began_on": now.date(), "since": now.date()}
        Onboarding.objects.create(phase=phase, **began)
        PhaseChange.objects.create(rep=reps[0], kind="began", phase=phase.name, at=now)
        window = {"starts_at": now, "ends_at": now + timedelta(minutes=30)}
        PriorityWindow.objects.create(rep=reps[0], day=now.date(), **window)
        month, money = now.date().replace(day=1), {"currency": "EUR"}
        AllocationPolicy.objects.create(team=team).bands.create(from_percent=0, leads=number)
        Quota.objects.create(rep=reps[0], month=month, amount=100, **money)
        Allocation.objects.create(
            rep=reps[0], month=month, leads=10, won=1, quota=100, percent=1, at=now, **money
        )
        tiers = TierPolicy.objects.create(team=team)
        tiers.tiers.create(level=1, name="Gold", share=100)
        placement = {"rep": reps[0], "policy": tiers, "period": now.date(), "at": now}
        TierPlacement.objects.create(level=1, figures={"tiers": ["Gold"]}, **placement)
        JobRun.objects.create(job="tiers", period=f"{size}-{number}", started_at=now)
    new_draft(note="in the making")
