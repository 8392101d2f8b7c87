"""Personal data reaches nobody who may not see it: not by reading, filtering or ordering (IG4)."""

import pytest

from leaddistrib.lifecycle.reassigning import assign_by_hand
from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory, publish_rules
from tests.api.conftest import PERSONAL, address, signed_in
from tests.api.test_access import MATRIX

BY_EMAIL = {"field": "contact.email", "op": "eq", "value": "someone@else.example"}
BY_ATTRIBUTE = {"field": "attributes.CANARY-KEY", "op": "eq", "value": "other"}


def canaries() -> set[str]:
    texts = {str(value) for name, value in PERSONAL.items() if name != "attributes"}
    return {*texts, "CANARY-KEY", "CANARY-VALUE", "canary-mail", "199000000"}


def found_in(response) -> set[str]:
    everything = response.content.decode() + str(sorted(response.headers.items()))
    return {canary for canary in canaries() if canary.lower() in everything.lower()}


def sing(lead: Lead) -> None:
    """Put a canary into each personal field, and have rules look at them."""
    publish_rules(
        [
            {"name": "By mail", "when": BY_EMAIL, "then": {"pool": "Lyon pool"}},
            {"name": "By attribute", "when": BY_ATTRIBUTE, "then": {"pool": "Lyon pool"}},
            {"name": "Rest", "when": {}, "then": {"pool": "Paris pool"}},
        ]
    )
    Lead.objects.filter(pk=lead.pk).update(**PERSONAL)


def reads(company):
    for (name, method), row in MATRIX.items():
        if method == "GET" and name not in {"api-schema", "api-docs", "api-unknown"}:
            for thing in row:
                yield address(name, **({"id": company.id(thing)} if thing else {}))


@pytest.mark.parametrize(
    ("caller", "thing"),
    [
        ("rep", "waiting"),
        ("rep", "taken"),
        ("rep", "colleague's"),
        ("rep", "foreign"),
        ("rep", "foreign waiting"),
        ("manager", "foreign"),
        ("manager", "foreign waiting"),
        ("integration", "waiting"),
        ("outsider", "waiting"),
        ("anonymous", "waiting"),
    ],
)
def test_a_canary_in_every_personal_field_is_not_seen(company, caller, thing):
    sing(company.leads[thing])
    client = company.client(caller)
    for path in reads(company):
        assert found_in(client.get(path)) == set(), path


@pytest.mark.parametrize(
    ("caller", "thing"),
    [("admin", "foreign"), ("manager", "colleague's"), ("manager", "waiting"), ("rep", "own")],
)
def test_who_may_see_the_whole_lead_does(company, caller, thing):
    sing(company.leads[thing])
    response = company.client(caller).get(address("api-lead", id=company.id(thing)))
    assert found_in(response) == canaries()


def test_a_manager_sees_a_preview_of_what_another_team_took_from_the_pool(company):
    company.paris.reps.add(company.chloe)
    sing(company.leads["waiting"])
    won = signed_in(company.chloe.user).post(address("api-claim", id=company.id("waiting")))
    assert won.json()["result"] == "won"
    manager = company.client("manager")
    lead = manager.get(address("api-lead", id=company.id("waiting")))
    assert lead.json()["owner"] == "Chloé"
    for path in reads(company):
        assert found_in(manager.get(path)) == set(), path


def routed_canary(company) -> str:
    """A lead whose decision quotes its e-mail and attribute, as rules looked at them."""
    sing(company.leads["own"])
    body = {
        "source": "website",
        "contact": {"name": "CANARY-NAME the second", "email": "canary-mail.2@example.com"},
        "attributes": {"CANARY-KEY": "CANARY-VALUE"},
    }
    sent = company.client("integration").post(address("api-leads"), body, format="json")
    assert found_in(sent) == set()  # the answer goes to a program: it tells nothing twice
    public_id: str = sent.json()["id"]
    return public_id


def test_an_explanation_quotes_the_lead_to_its_manager_and_not_to_reps(company):
    path = address("api-explanation", id=routed_canary(company))
    manager, rep = (company.client(caller).get(path) for caller in ("manager", "rep"))
    assert {"canary-mail", "CANARY-VALUE"} <= found_in(manager)
    assert found_in(rep) == set()
    assert set(rep.json()) == {"explanation"}


def test_who_was_passed_over_sees_nothing_personal_of_the_lead(company):
    by_mail = {"name": "By mail", "when": BY_EMAIL, "then": {"pool": "Lyon pool"}}
    push = {"push": "round_robin", "team": "Paris"}
    publish_rules([by_mail, {"name": "Rest", "when": {}, "then": push}])
    body = {
        "source": "website",
        "postal_code": "CANARY-POSTAL",
        "contact": {"name": "CANARY-NAME", "email": "canary-mail@example.com"},
        "attributes": {"CANARY-KEY": "CANARY-VALUE"},
    }
    sent = company.client("integration").post(address("api-leads"), body, format="json").json()
    assert sent["decision"]["owner"] == "Amina"
    bruno = signed_in(company.bruno.user)
    for path in (
        address("api-lead", id=sent["id"]),
        address("api-explanation", id=sent["id"]),
        address("lead", public_id=sent["id"]),
        address("passed"),
    ):
        response = bruno.get(path)
        assert response.status_code == 200
        assert found_in(response) == set(), path


def test_why_a_lead_was_given_by_hand_is_told_only_to_who_sees_it_whole(company):
    """Chloé's team is in the pool too, and gets the lead: Paris's manager has a preview of it."""
    company.paris.reps.add(company.chloe)
    lead = company.leads["waiting"]
    reason = "CANARY-NAME asked for her, CANARY-VALUE"
    assign_by_hand([lead], company.chloe, reason=reason, actor=company.admin)
    Lead.objects.filter(pk=lead.pk).update(pool=company.paris)
    for path in (
        address("api-explanation", id=company.id("waiting")),
        address("lead", public_id=company.id("waiting")),
    ):
        manager, rep = (company.client(caller).get(path) for caller in ("manager", "rep"))
        assert manager.status_code == rep.status_code == 200
        assert "by hand" in manager.content.decode()
        assert found_in(manager) == found_in(rep) == set()
        for who in (company.admin, company.chloe.user):
            assert found_in(signed_in(who).get(path)) == {"CANARY-NAME", "CANARY-VALUE"}


def test_refused_and_lost_claims_tell_nothing_of_the_lead(company):
    sing(company.leads["taken"])
    Lead.objects.filter(pk=company.leads["waiting"].pk).update(
        **{**PERSONAL, "external_id": "CANARY-EXTERNAL-2"}
    )
    company.amina.paused = True
    company.amina.save()
    client = company.client("rep")
    for thing, status in (("taken", 409), ("waiting", 403), ("foreign", 404)):
        response = client.post(address("api-claim", id=company.id(thing)))
        assert response.status_code == status
        assert found_in(response) == set()


@pytest.mark.parametrize(
    "query",
    [
        "contact_email=canary-mail@example.com",
        "contact.email=canary-mail@example.com",
        "contact_email__startswith=c",
        "contact_phone=%2B33199000000",
        "external_id=CANARY-EXTERNAL",
        "postal_code=CANARY-POSTAL",
        "attributes__CANARY-KEY=CANARY-VALUE",
        "quality=high",
        "owner__user__password__startswith=p",
        "search=CANARY",
        "q=CANARY",
        "ordering=contact_email",
        "ordering=-quality",
        "o=contact_name",
    ],
)
def test_a_list_is_neither_filtered_nor_ordered_by_what_is_hidden(company, query):
    sing(company.leads["waiting"])
    client = company.client("rep")
    for path in (address("api-leads"), address("api-pool-leads", id=company.id("paris"))):
        plain, narrowed = client.get(path), client.get(f"{path}?{query}")
        assert narrowed.json()["results"] == plain.json()["results"] != []


def test_a_pool_filter_opens_no_foreign_pool(company):
    client = company.client("rep")
    response = client.get(address("api-leads"), {"pool": company.id("lyon")})
    assert response.json()["results"] == []


def test_no_answer_is_kept_in_a_cache_on_its_way(company):
    for path in reads(company):
        headers = company.client("rep").get(path).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in headers


def test_ids_are_public_ones(company):
    for path in reads(company):
        told = company.client("admin").get(path).content.decode()
        for lead in company.leads.values():
            assert f'"id":{lead.pk}' not in told
            assert f'"id":"{lead.pk}"' not in told


# --- A blind lead (GU2)

BLIND = {
    **dict.fromkeys(("company", "contact_title", "city", "industry", "product"), "CANARY"),
    "source": "CANARY",
    "score": 713,
    "temperature": "hot",
    "size_band": "smb",
    "lead_type": "Blind-Type",
    "country": "FR",
    "language": "fr",
}


@pytest.fixture
def blind(company) -> Lead:
    """Alone in the pool of Paris, with a canary in every field, by a rule that names one."""
    sing(company.leads["taken"])
    company.paris.blind_percent = 100
    company.paris.save()
    fields = {**PERSONAL, **BLIND, "external_id": "CANARY-BLIND"}
    company.leads["waiting"].delete()
    company.leads["waiting"] = lead = LeadFactory(pool=company.paris, **fields)
    return lead


def test_of_a_blind_lead_a_rep_is_told_next_to_nothing(company, blind):
    client = company.client("rep")
    for path in reads(company):
        told = client.get(path).content.decode()
        assert "CANARY" not in told, path
        assert "713" not in told.replace(str(blind.public_id), ""), path
    [waits] = client.get(address("api-pool-leads", id=company.id("paris"))).json()["results"]
    assert (waits["blind"], waits["lead_type"], waits["language"]) == (True, "Blind-Type", "fr")
    known = {name: value for name, value in waits.items() if name in ("company", "score", "size")}
    assert known == {"company": None, "score": None, "size": None}
    shown = client.get(address("api-lead", id=company.id("waiting"))).json()
    assert shown["blind"] is True
    assert shown["contact"] == {}
    assert not {"score", "temperature", "company", "source"} & set(shown)


@pytest.mark.parametrize("caller", ["manager", "admin"])
def test_who_looks_after_the_pool_sees_a_blind_lead_as_any_other(company, blind, caller):
    client = company.client(caller)
    shown = client.get(address("api-lead", id=company.id("waiting"))).json()
    assert (shown["company"], shown["score"]) == ("CANARY", 713)
    [waits] = client.get(address("api-pool-leads", id=company.id("paris"))).json()["results"]
    assert (waits["company"], waits["score"]) == ("CANARY", 713)


def test_whoever_claims_a_blind_lead_is_told_all_of_it_and_who_lost_it_nothing(company, blind):
    path = address("api-claim", id=company.id("waiting"))
    won = signed_in(company.bruno.user).post(path).json()
    lost = company.client("rep").post(path)
    assert won["lead"]["company"] == "CANARY"
    assert lost.status_code == 409
    assert "CANARY" not in lost.content.decode()
    shown = company.client("rep").get(address("api-lead", id=company.id("waiting")))
    assert shown.json()["blind"] is True
    assert "CANARY" not in shown.content.decode()


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [("source", "CANARY"), ("temperature", "hot"), ("min_score", "713"), ("size", "smb")],
)
def test_a_blind_lead_is_not_found_by_guessing_what_it_hides(company, blind, name, value, right):
    other = {"source": "-", "temperature": "cold", "min_score": "714", "size": "enterprise"}
    client, query = company.client("rep"), {name: value if right else other[name]}
    pool = client.get(address("api-pool-leads", id=company.id("paris")), query)
    assert pool.json() == {"next": None, "results": []}
    listed = client.get(address("api-leads"), {"status": "waiting", **query}).json()["results"]
    assert listed == [] or name != "source"


@pytest.mark.parametrize(("name", "value"), [("lead_type", "Blind-Type"), ("country", "FR")])
def test_a_blind_lead_is_found_by_what_it_shows(company, blind, name, value):
    query = {"status": "waiting", name: value}
    found = company.client("rep").get(address("api-leads"), query).json()["results"]
    assert [lead["id"] for lead in found] == [company.id("waiting")]
