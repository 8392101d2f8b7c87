"""A company in a real browser: pages served by a process of its own, reps in contexts of theirs."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.lifecycle.placing import place_reps
from leaddistrib.models import (
    Alert,
    AllocationPolicy,
    GuardrailPolicy,
    Lead,
    OnboardingPolicy,
    Pool,
    Rep,
    TierPolicy,
    TimeOff,
    WorkingHours,
)
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
    publish_rules,
)

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

COMPANIES = (
    ("Boulangeries Lenoir", "Directrice des opérations", "Lyon", "FR", 86, "hot", "smb"),
    ("Halvorsen Logistics", "Head of Fleet", "Bergen", "NO", 64, "warm", "mid_market"),
    ("Northwind Foods International Trading & Distribution", "VP", "", "GB", 91, "hot", ""),
    ("Ateliers Brémond", "", "Nantes", "FR", 38, "cold", "smb"),
    ("Kestrel Insurance", "Chief Information Officer", "Leeds", "GB", 72, "warm", "enterprise"),
)

INCOMING = {"company": "Halvorsen Logistics", "score": 64, "country": "NO", "source": "Website"}
"""A lead as a source sends it, for the rules to decide."""


@pytest.fixture
def company(transactional_db: None) -> SimpleNamespace:
    """Amina and Bruno race in one pool, Chloé is in none; Mireille manages, Agnès administers."""
    paris = TeamFactory(name="Paris")
    amina, bruno, chloe = (
        RepFactory(
            user__username=name,
            user__first_name=first,
            user__last_name=last,
            user__password=None,
            team=paris,
        )
        for name, first, last in (
            ("amina", "Amina", "Benali"),
            ("bruno", "Bruno", "Marchetti"),
            ("chloe", "Chloé", "Dupont"),
        )
    )
    mireille = UserFactory(
        username="mireille", first_name="Mireille", last_name="Garnier", password=None
    )
    paris.managers.add(mireille)
    agnes = UserFactory(username="agnes", is_staff=True, is_superuser=True, password=None)
    race = PoolFactory(name="France & UK", reps=[amina, bruno])
    queue = PoolFactory(name="Trade fairs", reps=[amina, bruno], mode=Pool.Mode.QUEUE)
    publish_rules([{"name": "Everything", "when": {}, "then": {"pool": race.name}}])
    return SimpleNamespace(
        amina=amina,
        bruno=bruno,
        chloe=chloe,
        mireille=mireille,
        agnes=agnes,
        race=race,
        queue=queue,
    )


def leads(pool: Pool | None = None, owner: Rep | None = None) -> list:
    """One lead for each of COMPANIES, of different ages."""
    now = timezone.now()
    return [
        LeadFactory(
            pool=pool,
            owner=owner,
            company=name,
            contact_title=title,
            contact_name="Jeanne Moreau",
            contact_email="jeanne.moreau@example.com",
            contact_phone="+33140203040",
            city=city,
            country=country,
            score=score,
            temperature=temperature,
            size_band=size,
            source="Website" if number % 2 else "Salon de la boulangerie",
            product="Route planner",
            received_at=now - timedelta(minutes=7 * (len(COMPANIES) - number)),
        )
        for number, (name, title, city, country, score, temperature, size) in enumerate(COMPANIES)
    ]


TEAM_RULES = [
    {
        "name": "Demos in France",
        "when": {"field": "country", "op": "in", "value": ["FR", "BE"]},
        "then": {
            "push": "round_robin",
            "team": "Paris",
            "fallback": [{"pool": "Trade fairs"}],
        },
    },
    {"name": "Everything else", "when": {}, "then": {"pool": "France & UK"}},
]


@pytest.fixture
def team(company: SimpleNamespace) -> SimpleNamespace:
    """Amina works in the mornings and afternoons and goes on leave; she has leads, accounts and a
    territory; a rule finds nobody."""
    publish_rules(TEAM_RULES)
    for weekday in range(5):
        for starts, ends in ((time(9), time(12, 30)), (time(14), time(18))):
            WorkingHours.objects.create(
                rep=company.amina, weekday=weekday, starts=starts, ends=ends
            )
    now = timezone.now()
    TimeOff.objects.create(
        rep=company.amina,
        starts_at=now + timedelta(days=6),
        ends_at=now + timedelta(days=20),
        reason="Summer holidays",
    )
    leads(owner=company.amina)
    leads(owner=company.bruno)
    leads(company.race)
    AccountFactory(name="Northwind Foods", owner=company.amina)
    AccountFactory(name="Halvorsen Logistics", owner=company.amina)
    TerritoryFactory(name="Île-de-France", team=company.amina.team).reps.add(company.amina)
    Rep.objects.filter(pk=company.chloe.pk).update(backup=company.amina)
    Rep.objects.update(paused=True)
    for number in range(3):
        receive(clean({"company": f"Boulangerie {number}", "country": "FR"}))
    Rep.objects.update(paused=False)
    assert Alert.objects.exists()
    return company


@pytest.fixture
def enter(browser: Browser) -> Iterator[Callable[..., Page]]:
    """``enter(address, who, **options)``: a page of a context of its own, with ``who`` signed in.

    A fault in a script, or something that the content policy forbids, fails the test.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if "Content Security" in said.text else None,
        )

    def start(address: str, who: Rep | User | None = None, **options: object) -> Page:
        context = browser.new_context(base_url=address, **{"viewport": PHONE, **options})  # type: ignore[arg-type]
        contexts.append(context)
        if who is not None:
            client = Client()
            client.force_login(who.user if isinstance(who, Rep) else who)
            cookie = client.cookies["sessionid"].value
            context.add_cookies(
                [{"name": "sessionid", "value": cookie, "url": urljoin(address, "/")}]
            )
        page = context.new_page()
        page.set_default_timeout(10_000)
        watch(page)
        return page

    yield start
    for context in contexts:
        context.close()
    assert not faults


def fair_race(company: SimpleNamespace) -> None:
    """Every rule of a fair race holds: Amina is in a tier and has a quota and a priority window,
    Chloé is new."""
    now = timezone.now()
    today = timezone.localdate(now, timezone.get_default_timezone())
    GuardrailPolicy.objects.create()
    tiers = TierPolicy.objects.create(least_reps=2)
    for level, name in enumerate(("Gold", "Silver", "Bronze"), start=1):
        tiers.tiers.create(level=level, name=name, share=33, delay_minutes=level - 1)
    bands = AllocationPolicy.objects.create().bands
    for percent, number in ((0, 10), (50, 12), (100, 20)):
        bands.create(from_percent=percent, leads=number)
    month = today.replace(day=1)
    for first in (month, (month - timedelta(days=1)).replace(day=1)):
        company.amina.quotas.create(month=first, amount=20_000, currency="EUR")
    phases = OnboardingPolicy.objects.create().phases
    phases.create(position=1, name="First steps", weeks=4, competition=0, least_leads=5)
    phases.create(position=2, name="Half and half", weeks=4, competition=50, cohort_only=True)
    begin(company.chloe, today)
    place_reps(now - timedelta(weeks=1))
    place_reps(now)
    allocate_reps(now)
    day = now.astimezone(company.amina.team.zone).date()
    # On a working day she has one already, at a time that depends on the hour of the test.
    company.amina.priority_windows.update_or_create(
        day=day,
        defaults={
            "starts_at": now + timedelta(minutes=40),
            "ends_at": now + timedelta(minutes=70),
        },
    )
    company.amina.refresh_from_db()


def claim_elsewhere(enter: Callable[..., Page], address: str, rival: Rep, lead: Lead) -> Page:
    """``rival`` claims ``lead`` in another browser, without scripts; its page is left open."""
    page = enter(address, rival, java_script_enabled=False)
    page.goto(f"/leads/lead/{lead.public_id}/claim/")
    page.click("main .claim")
    return page
