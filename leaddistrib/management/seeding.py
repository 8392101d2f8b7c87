"""Puts the invented company into an empty database, with some weeks of leads behind it."""

from decimal import Decimal
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils.text import slugify

from leaddistrib.lifecycle import publish
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.transactions import act
from leaddistrib.management import company
from leaddistrib.management.answers import add_answers
from leaddistrib.management.company import ADMIN, MANAGERS, PLAYED, POOLS, TEAMS, Person
from leaddistrib.management.company_rules import RULES
from leaddistrib.management.fairness import add_fair_race
from leaddistrib.management.history import History
from leaddistrib.management.prospects import prospect
from leaddistrib.models import (
    Account,
    EscalationStep,
    Lead,
    MessageTemplate,
    Pool,
    Rep,
    ResponsePolicy,
    SalesEvent,
    Team,
    TeamChat,
    Territory,
)
from leaddistrib.queries import clock

BATCH = 250

# Of the first, second, third … rep of each team.
SENIORITIES = (Rep.Seniority.SENIOR, Rep.Seniority.STANDARD, Rep.Seniority.SDR)
WEIGHTS = (Decimal(2), Decimal(1))


class NotEmpty(Exception):
    """There is data already. The message says what."""


def refuse_if_not_empty() -> None:
    """Raise NotEmpty when the invented company would be mixed with other data."""
    for model in (Lead, Rep, Team, Pool):
        if number := model.objects.count():
            raise NotEmpty(f"There is data already: {number} {model._meta.verbose_name_plural}.")
    names = [person.username for person in (*PLAYED.values(), *MANAGERS, ADMIN)]
    if taken := get_user_model().objects.filter(username__in=names).first():
        raise NotEmpty(f"There is a user “{taken.get_username()}” already.")


@act(durable=False)
def seed_company(reps: int, leads: int, seed: int) -> None:
    """Make the company with ``reps`` reps and ``leads`` leads; the same ``seed``, the same data.

    Nobody gets a password. All or nothing.

    Raises:
        NotEmpty: there is data already. Nothing was written.
    """
    refuse_if_not_empty()
    random = Random(seed)
    teams = _teams(reps)
    staff = _reps(random, reps, teams)
    _managers(teams)
    _territories(teams)
    _trade_show(teams, staff)
    _pools(teams)
    _accounts(random, seed, staff)
    _answering(teams, staff)
    ruleset = publish(_rules(), note="The rules that Altamer started with")
    history = History(random, clock.now(), leads)
    history.backdate_rules(ruleset)
    for start in range(0, leads, BATCH):
        numbers = range(start, min(start + BATCH, leads))
        history.add(
            clean({**prospect(seed, number), "received_at": history.received_at(number)})
            for number in numbers
        )
    add_answers(random, history.now)
    add_fair_race(teams, staff, history.now)


def _user(person: Person, password: str) -> Any:  # whatever AUTH_USER_MODEL is
    return get_user_model()(
        username=person.username,
        first_name=person.given,
        last_name=person.family,
        email=f"{person.username}@altamer.example.com",
        password=password,
    )


def _teams(reps: int) -> dict[str, Team]:
    """As many of the teams as there are reps for."""
    rows = Team.objects.bulk_create(Team(name=team.name) for team in TEAMS[:reps])
    return {team.name: team for team in rows}


def _reps(random: Random, number: int, teams: dict[str, Team]) -> list[Rep]:
    people: list[tuple[Person, Team]] = []
    taken: set[str] = {person.username for person in (*MANAGERS, ADMIN)}
    for index in range(number):
        plan = TEAMS[index % len(TEAMS)]
        person = PLAYED.get(plan.name) if index < len(TEAMS) else None
        person = person or _newcomer(random, plan.language, taken)
        taken.add(person.username)
        people.append((person, teams[plan.name]))
    users = get_user_model().objects.bulk_create(
        _user(person, make_password(None)) for person, _ in people
    )
    return Rep.objects.bulk_create(
        Rep(
            user=user,
            team=team,
            language=person.language,
            seniority=SENIORITIES[number // len(TEAMS) % len(SENIORITIES)],
            weight=WEIGHTS[number // len(TEAMS) % len(WEIGHTS)],
        )
        for number, (user, (person, team)) in enumerate(zip(users, people, strict=True))
    )


def _newcomer(random: Random, language: str, taken: set[str]) -> Person:
    """Somebody new, known by the given name, or by both, or with a number, as offices do it."""
    given = random.choice(company.GIVEN[language])
    family = random.choice(company.FAMILY[language])
    whole = f"{slugify(given)}.{slugify(family)}"
    names = [slugify(given), whole, *(f"{whole}{number}" for number in range(2, len(taken) + 3))]
    username = next(name for name in names if name not in taken)
    return Person(username, given, family, language)


def _managers(teams: dict[str, Team]) -> None:
    for person, names in MANAGERS.items():
        user = _user(person, make_password(None))
        user.save()
        for name in names:
            if name in teams:
                teams[name].managers.add(user)
    admin = _user(ADMIN, make_password(None))
    admin.is_staff = admin.is_superuser = True
    admin.save()


def _territories(teams: dict[str, Team]) -> None:
    """Each is worked by everybody in its team."""
    for plan in company.TERRITORIES:
        if plan.team not in teams:
            continue
        Territory.objects.create(
            name=plan.name,
            countries=list(plan.countries),
            subdivisions=list(plan.subdivisions),
            postal_prefixes=list(plan.postal_prefixes),
            team=teams[plan.team],
        )


def _trade_show(teams: dict[str, Team], staff: list[Rep]) -> None:
    """Every other rep of Lyon stood at the booth."""
    event = SalesEvent.objects.create(name=company.TRADE_SHOW)
    if lyon := teams.get(company.LYON):
        event.attendees.set([rep for rep in staff if rep.team_id == lyon.pk][::2])


def _answering(teams: dict[str, Team], staff: list[Rep]) -> None:
    """First messages in both languages, a booking page, who stands in for whom, and rooms that
    become active when their addresses are typed in. How soon leads are answered is what every new
    site begins with, but for those who ask for a demo."""
    _hurry()
    for name, language, subject, body in company.TEMPLATES:
        MessageTemplate.objects.create(name=name, language=language, subject=subject, body=body)
    for rep, colleague in zip(staff, staff[len(TEAMS) :], strict=False):
        rep.backup, rep.booking_url = colleague, f"https://book.example.com/{rep.user.username}"
        rep.save(update_fields=("backup", "booking_url"))
    for name in (company.PARIS, company.MANCHESTER):
        if name in teams:
            TeamChat.objects.create(team=teams[name], channel="slack", name="Leads", active=False)


def _hurry() -> None:
    """Who asks for a demo is answered within minutes, or goes to somebody else."""
    policy = ResponsePolicy.objects.filter(lead_type=company.IMPATIENT).first()
    policy = policy or ResponsePolicy(name="Demo request", lead_type=company.IMPATIENT)
    policy.minutes = company.LATE_AFTER
    policy.remind_minutes = company.LATE_AFTER - company.REMINDED_AFTER
    policy.cooldown_minutes = 1
    policy.save()
    policy.steps.all().delete()
    for position, to in enumerate(EscalationStep.To.values[:-1]):  # not to a pool
        policy.steps.create(position=position, to=to, after_minutes=company.GOES_ON_AFTER)


def _pools(teams: dict[str, Team]) -> None:
    for plan in POOLS:
        members = [teams[name] for name in plan.teams if name in teams]
        if not members:
            continue
        pool = Pool.objects.create(
            name=plan.name,
            mode=plan.mode,
            stale_minutes=plan.stale_minutes,
            push_minutes=plan.push_minutes,
            is_safety_net=plan.name == company.SAFETY_NET,
        )
        pool.teams.set(members)


def _rules() -> list[dict[str, Any]]:
    """The company's rules, without steps to teams, seniorities and pools that nobody works in."""
    places = {*Team.objects.values_list("name", flat=True), None}
    places |= set(Pool.objects.values_list("name", flat=True))
    staffed = set(Rep.objects.values_list("team__name", "seniority"))
    rules = []
    for rule in RULES:
        first, fallback = dict(rule["then"]), rule["then"].get("fallback", ())
        first.pop("fallback", None)
        steps = [
            step
            for step in (first, *fallback)
            if step.get("team") in places and step.get("pool") in places
            if "seniority" not in step or (step["team"], step["seniority"]) in staffed
        ]
        if steps:
            rules.append({**rule, "then": {**steps[0], "fallback": steps[1:]}})
    return rules


def _accounts(random: Random, seed: int, staff: list[Rep]) -> None:
    """Some of the companies that leads will come from are customers already."""
    known = {}
    for number in range(0, 400, 10):
        invented = prospect(seed, number)
        domain = str(invented["contact"]["email"]).partition("@")[2]
        known[domain] = str(invented["company"])
    Account.objects.bulk_create(
        Account(name=name, domain=domain, owner=random.choice(staff))
        for domain, name in known.items()
    )
