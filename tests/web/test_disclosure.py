"""Personal data is on no page of anybody who may not see it, wherever links lead (IG4)."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from leaddistrib.lifecycle import claim, claim_next, log_contact, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.lifecycle.outcomes import record_outcome
from leaddistrib.lifecycle.satisfying import tell_satisfaction
from leaddistrib.models import Lead, Pool
from leaddistrib.testing import UserFactory, publish_rules
from tests.web.conftest import signed_in
from tests.web.crawling import crawl
from tests.web.routes import address
from tests.web.test_forms import SENT, answer_to
from tests.web.test_pages import SEEN

LEAD = {
    "source": "CANARY-SOURCE",
    "company": "CANARY-COMPANY",
    "city": "CANARY-CITY",
    "score": 71,
    "source_system": "CANARY-SYSTEM",
    "external_id": "CANARY-EXTERNAL",
    "contact": {
        "name": "CANARY-NAME",
        "title": "CANARY-TITLE",
        "email": "canary-mail@example.com",
        "phone": "+33199000000",
    },
    "country": "FR",
    "postal_code": "CANARY-POSTAL",
    "attributes": {"CANARY-KEY": "CANARY-VALUE"},
}
# What the history of a lead, as ``work`` makes it, holds besides.
WRITTEN = {"CANARY-NOTE", "CANARY-RELEASE", "CANARY-REASON", "CANARY-COMMENT"}
UNSHOWN = {"CANARY-COMMENT"}  # on no page at all
PREVIEWED = {"CANARY-SOURCE", "CANARY-COMPANY", "CANARY-TITLE", "CANARY-CITY"}
PERSONAL = {
    *("CANARY-SYSTEM", "CANARY-EXTERNAL", "CANARY-NAME", "canary-mail", "199000000"),
    *("CANARY-POSTAL", "CANARY-KEY", "CANARY-VALUE", *WRITTEN),
}


@pytest.fixture
def cast(cast):
    """Besides: Nadia manages London, whose David is in the pool; Olga works in the admin site and
    may look at everything but leads."""
    cast.nadia = UserFactory(username="nadia", first_name="Nadia", password=None)
    cast.david.team.managers.add(cast.nadia)
    cast.pool.reps.add(cast.david)
    cast.olga = UserFactory(username="olga", is_staff=True, password=None)
    ours = Permission.objects.filter(content_type__app_label="leaddistrib")
    cast.olga.user_permissions.set(ours.exclude(content_type__model="lead"))
    return cast


def come_in(then: dict[str, object], rule: str = "Everything") -> Lead:
    """A lead with a canary in each field, which rules look at, and which goes to ``then`` by
    ``rule``."""
    by_mail = {"field": "contact.email", "op": "eq", "value": "someone@else.example"}
    by_attribute = {"field": "attributes.CANARY-KEY", "op": "eq", "value": "other"}
    publish_rules(
        [
            {"name": "By mail", "when": by_mail, "then": then},
            {"name": "By attribute", "when": by_attribute, "then": then},
            {"name": rule, "when": {}, "then": then},
        ]
    )
    receive(clean(LEAD))
    return Lead.objects.get()


def give_back(lead: Lead, rep) -> None:
    assert claim(lead, rep, via="page").result == "won"
    lead.refresh_from_db()
    release(lead, rep, reason="CANARY-RELEASE")
    lead.refresh_from_db()


def work(lead: Lead, rep) -> None:
    """The rep gets as far with it as one can before it is closed."""
    if lead.owner_id != rep.pk:
        assert claim(lead, rep, via="page").result == "won"
    lead.refresh_from_db()
    log_contact(lead, rep, "call", note="CANARY-NOTE")
    record_outcome(lead, "qualified", rep=rep, by=rep.user, reason="CANARY-REASON")
    tell_satisfaction(lead, 4, comment="CANARY-COMMENT", rep=rep, by=rep.user)
    lead.refresh_from_db()


def waiting(cast: SimpleNamespace) -> Lead:
    """It waits in the pool again, after David gave it back."""
    lead = come_in({"pool": cast.pool.name})
    give_back(lead, cast.david)
    return lead


def taken(cast: SimpleNamespace) -> Lead:
    """Bruno took it from the pool, after David gave it back, and works on it."""
    lead = waiting(cast)
    work(lead, cast.bruno)
    return lead


def handed_out(cast: SimpleNamespace) -> Lead:
    """It waits where a button hands out the next lead."""
    Pool.objects.update(award=Pool.Award.NEXT)
    return come_in({"pool": cast.pool.name})


def handed_to_another(cast: SimpleNamespace) -> Lead:
    """Bruno asked for the next one there, and works on it."""
    lead = handed_out(cast)
    assert claim_next(cast.pool, cast.bruno, key=uuid4(), via="page")
    lead.refresh_from_db()
    work(lead, cast.bruno)
    return lead


def passed(cast: SimpleNamespace) -> Lead:
    """The rules looked at Bruno, and gave it to Amina."""
    lead = come_in({"push": "round_robin", "team": cast.paris.name})
    assert lead.owner == cast.amina
    return lead


def pages(cast: SimpleNamespace, who: Any, lead: Lead) -> dict[str, str]:
    """Everything that ``who`` is answered: by each page, by all that links of it lead to, and to
    whatever can be sent."""
    rep = who if who in (cast.amina, cast.bruno, cast.david) else cast.david
    addresses = {name: address(name, cast, lead, rep) for name in SEEN}
    client = signed_in(who) if who else Client()
    found = crawl(client, addresses.values(), under="/leads/")
    for name in SENT:
        before = connection.savepoint()
        assert before
        found[f"POST {name}"] = answer_to(client, name, addresses[name], cast, lead)
        connection.savepoint_rollback(before)
    return {
        at: answer.content.decode() + str(sorted(answer.headers.items()))
        for at, answer in found.items()
    }


def seen(found: dict[str, str], canaries: set[str]) -> set[tuple[str, str]]:
    return {
        (canary, at)
        for at, text in found.items()
        for canary in canaries
        if canary.lower() in text.lower()
    }


@pytest.mark.parametrize(
    ("who", "make"),
    [
        ("amina", waiting),
        ("amina", taken),
        ("david", taken),
        ("bruno", passed),
        ("nadia", taken),
    ],
)
def test_who_sees_a_preview_finds_nothing_of_the_person_wherever_links_lead(cast, who, make):
    lead = make(cast)
    found = pages(cast, getattr(cast, who), lead)
    assert seen(found, PERSONAL) == set()
    assert {canary for canary, _page in seen(found, PREVIEWED)} == PREVIEWED


@pytest.mark.parametrize(
    ("who", "make"),
    [
        ("david", passed),
        ("nadia", passed),
        ("olga", taken),
        ("oscar", taken),
        (None, taken),
        ("amina", handed_out),
        ("amina", handed_to_another),
    ],
)
def test_for_whom_a_lead_does_not_exist_it_is_on_no_page(cast, who, make):
    lead = make(cast)
    found = pages(cast, who and getattr(cast, who), lead)
    assert seen(found, PERSONAL) == set()
    # Whoever has a link that was sent to its rep sees what that rep may see.
    others = {at: text for at, text in found.items() if not at.startswith("/leads/preview/")}
    assert seen(others, PREVIEWED) == set()


@pytest.mark.parametrize("who", ["bruno", "mireille"])
def test_who_may_see_the_whole_lead_finds_all_of_it(cast, who):
    """So the canaries are where they would be seen."""
    lead = taken(cast)
    whole = pages(cast, getattr(cast, who), lead)[address("lead", cast, lead)]
    assert {canary for canary, _page in seen({"lead": whole}, PERSONAL)} == PERSONAL - UNSHOWN


# --- Blind leads, and leads whose ratings are hidden (GU2, GU3)

MORE = {"industry": "CANARY-INDUSTRY", "product": "CANARY-PRODUCT", "subdivision": "CA-NRY"}
RATED = {"score": 713, "temperature": "hot", "employees": 987654321, "size_band": "enterprise"}
SHOWN_BLIND = {"lead_type": "Blind-Type", "language": "fr"}
RULES = "/leads/rules/"  # where all reps read the rules, of no lead
TELL_RATINGS = {">713<", '"713"', "lead-score hot", "CANARY-RULE"}
NOT_OF_A_BLIND_LEAD = {
    *(PERSONAL | PREVIEWED | TELL_RATINGS),
    *("CANARY-INDUSTRY", "CANARY-PRODUCT", "CA-NRY", "987654321", "987,654,321"),
}


def opened_in(cast: SimpleNamespace, **pool: Any) -> Lead:
    """A lead with a canary in each field waits in the pool, by a rule whose name is one."""
    for name, value in pool.items():
        setattr(cast.pool, name, value)
    cast.pool.save()
    lead = come_in({"pool": cast.pool.name}, rule="CANARY-RULE")
    Lead.objects.update(**MORE, **RATED, **SHOWN_BLIND)
    return Lead.objects.get(pk=lead.pk)


def blind(cast: SimpleNamespace) -> Lead:
    return opened_in(cast, blind_percent=100)


def blind_and_taken(cast: SimpleNamespace) -> Lead:
    lead = blind(cast)
    work(lead, cast.bruno)
    return lead


def unrated(cast: SimpleNamespace) -> Lead:
    return opened_in(cast, unrated=True)


@pytest.mark.parametrize("make", [blind, blind_and_taken])
def test_of_a_blind_lead_nothing_is_found_before_the_claim_wherever_links_lead(cast, make):
    lead = make(cast)
    found = pages(cast, cast.amina, lead)
    del found[RULES]
    assert seen(found, NOT_OF_A_BLIND_LEAD) == set()
    whole = found[address("lead", cast, lead)]
    assert "Blind-Type" in whole
    assert ">Blind lead</h1>" in whole


def test_where_ratings_are_hidden_no_page_tells_them_before_the_claim(cast):
    lead = unrated(cast)
    found = pages(cast, cast.amina, lead)
    del found[RULES]
    assert seen(found, PERSONAL | TELL_RATINGS) == set()
    assert {canary for canary, _page in seen(found, PREVIEWED)} == PREVIEWED


@pytest.mark.parametrize(("who", "make"), [("bruno", blind_and_taken), ("mireille", blind)])
def test_who_claimed_a_blind_lead_or_manages_its_pool_sees_all_of_it(cast, who, make):
    lead = make(cast)
    page = signed_in(getattr(cast, who)).get(address("lead", cast, lead)).content.decode()
    assert ">Blind lead</h1>" not in page
    canaries = {"CANARY-NAME", "CANARY-COMPANY", "CANARY-INDUSTRY", ">713<", "lead-score hot"}
    assert seen({"": page}, canaries) == {(canary, "") for canary in canaries}
