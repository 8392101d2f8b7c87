"""What the pages show, to whom, at what cost (UI2, UI4, DB1, IG4)."""

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import start
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.models import Lead, Pool
from leaddistrib.testing import LeadFactory, PoolFactory, publish_rules
from leaddistrib.web.urls import urlpatterns
from tests.web.conftest import signed_in
from tests.web.routes import address

LIMIT = 60 * 1024  # bytes of a first visit, compressed, with all that it loads
ASSET = re.compile(r'(?:href|src)="/static/([^"#]+)')
PERSONAL = {
    "contact_name": "CANARY-NAME",
    "contact_email": "canary@example.com",
    "contact_phone": "+33100000000",
    "postal_code": "CANARY-POSTAL",
    "external_id": "CANARY-ID",
    "attributes": {"secret": "CANARY-ATTRIBUTE"},
}


def page(name: str, *args: object) -> str:
    return reverse(f"leaddistrib:{name}", args=args)


def queries(client: Client, address: str) -> int:
    client.get(address)  # the session learns the language at the first visit
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize("name", ["home", "pool", "me", "manage", "snapshot"])
def test_sixty_leads_cost_no_more_queries_than_three(cast, name):
    client = signed_in(cast.mireille if name == "manage" else cast.amina)
    for number in range(3):
        LeadFactory(pool=cast.pool, source=f"source {number}")
        LeadFactory(owner=cast.amina)
    few = queries(client, page(name))
    for _ in range(57):
        LeadFactory(pool=cast.pool)
        LeadFactory(owner=cast.amina)
    assert queries(client, page(name)) <= few <= 20


def test_a_lead_with_a_long_history_costs_no_more_queries(cast, waiting):
    client = signed_in(cast.amina)
    few = queries(client, page("lead", waiting.public_id))
    for number in range(20):
        waiting.log.create(event="lead.released", rep=cast.bruno, at=timezone.now())
        waiting.claims.create(
            rep=cast.amina, period=number + 10, result="lost", via="page", claimed_at=timezone.now()
        )
    assert queries(client, page("lead", waiting.public_id)) <= few <= 20


@pytest.mark.parametrize("name", ["home", "pool", "me", "hours", "manage", "lead", "login"])
def test_a_first_visit_is_light(cast, waiting, name):
    for _ in range(60):
        LeadFactory(pool=cast.pool, contact_title="Head of Fleet", city="Lyon", country="FR")
    paths = {"lead": page("lead", waiting.public_id), "login": reverse("login")}
    client = signed_in(cast.mireille if name == "manage" else cast.amina)
    html = client.get(paths.get(name) or page(name)).content
    assets = set(ASSET.findall(html.decode()))
    assert "leaddistrib/pages.css" in assets
    files = [Path(str(finders.find(asset))).read_bytes() for asset in assets]
    size = sum(len(gzip.compress(one, 6)) for one in [html, *files])
    assert size <= LIMIT


ROLES = ("amina", "bruno", "david", "mireille", "admin", "oscar", None)
# What each of them gets: Amina owns the lead, Bruno shares its pool, David has another team.
SEEN: dict[str, tuple[int, ...]] = {
    "home": (200, 200, 200, 200, 200, 200, 302),
    "pool": (200, 200, 200, 403, 403, 403, 302),
    "lead": (200, 200, 404, 200, 200, 404, 302),
    "claim": (302, 302, 404, 404, 404, 404, 302),
    "contacts": (405,) * 7,
    "contact-undo": (405,) * 7,
    "attempts": (405,) * 7,
    "working": (405,) * 7,
    "contributions": (200, 200, 404, 200, 200, 404, 302),
    "next": (405,) * 7,
    "release": (200, 302, 404, 404, 404, 404, 302),
    "close": (200, 302, 404, 404, 404, 404, 302),
    "outcome": (200, 302, 404, 200, 200, 404, 302),
    "outcome-undo": (302, 302, 404, 302, 302, 404, 302),  # there is nothing to undo
    "survey": (404,) * 7,  # the link says who may answer, and this is none
    "preview": (200,) * 7,  # the link says who may see it, whoever is signed in
    "preview-seen": (405,) * 7,
    "receipt-delivered": (405,) * 7,
    "receipt-seen": (405,) * 7,
    "manifest": (200,) * 7,
    "worker": (200,) * 7,
    "offline": (200,) * 7,
    "rules": (200, 200, 200, 200, 200, 403, 302),
    "rule-review": (405,) * 7,
    "passed": (200, 200, 200, 403, 403, 403, 302),
    "me": (200, 200, 200, 200, 200, 200, 302),
    "standing": (200, 200, 200, 403, 403, 403, 302),
    "booking": (405,) * 7,
    "availability": (405,) * 7,
    "time-off": (405,) * 7,
    "time-off-change": (200, 404, 404, 403, 403, 403, 302),
    "time-off-remove": (405,) * 7,
    "hours": (200, 200, 200, 403, 403, 403, 302),
    "cover": (405,) * 7,
    "calendar": (405,) * 7,
    "calendar-remove": (405,) * 7,
    "notifications": (200, 200, 200, 200, 200, 200, 302),
    "push-subscribe": (405,) * 7,
    "push-renew": (405,) * 7,
    "push-unsubscribe": (405,) * 7,
    "links-revoke": (405,) * 7,
    "slack-untie": (405,) * 7,
    "slack-link": (404, 404, 404, 404, 404, 404, 302),  # the link says whose account it is
    "notifications-test": (405,) * 7,
    "manage": (403, 403, 403, 200, 200, 403, 302),
    "distribution": (403, 403, 403, 200, 200, 403, 302),
    "distribution-leads": (403, 403, 403, 200, 200, 403, 302),
    "response": (403, 403, 403, 200, 200, 403, 302),
    "response-leads": (403, 403, 403, 200, 200, 403, 302),
    "claim-speed": (403, 403, 403, 200, 200, 403, 302),
    "claim-speed-leads": (403, 403, 403, 404, 404, 403, 302),  # without naming a figure
    "give-backs": (403, 403, 403, 200, 200, 403, 302),
    "tiers": (403, 403, 403, 200, 200, 403, 302),
    "tiers-leads": (403, 403, 403, 404, 404, 403, 302),  # without naming a tier
    "due": (403, 403, 403, 200, 200, 403, 302),
    "waiting": (403, 403, 403, 200, 200, 403, 302),
    "waiting-leads": (403, 403, 403, 200, 200, 403, 302),
    "conversion": (403, 403, 403, 200, 200, 403, 302),
    "conversion-leads": (403, 403, 403, 200, 200, 403, 302),
    "recycle": (403, 403, 403, 200, 200, 403, 302),
    "assign": (403, 403, 403, 200, 200, 403, 302),
    "credit": (403, 403, 403, 200, 200, 403, 302),
    "onboarding": (403, 403, 403, 200, 200, 403, 302),
    "onboarding-rep": (403, 403, 403, 200, 200, 403, 302),
    "reps": (403, 403, 403, 200, 200, 403, 302),
    "leave": (403, 403, 403, 200, 200, 403, 302),
    "handed-over": (403, 403, 403, 200, 200, 403, 302),
    "snapshot": (200, 200, 200, 403, 403, 403, 302),
}


def test_each_page_has_a_row_in_the_table_of_permissions():
    assert {pattern.name for pattern in urlpatterns} == set(SEEN)


@pytest.mark.parametrize("name", SEEN)
def test_each_role_sees_its_pages_only(cast, name):
    asked = address(name, cast, LeadFactory(pool=cast.pool, owner=cast.amina))
    for role, expected in zip(ROLES, SEEN[name], strict=True):
        client = signed_in(getattr(cast, role)) if role else Client()
        assert client.get(asked).status_code == expected, role


@pytest.mark.parametrize("name", ["lead", "claim", "release", "close", "outcome", "outcome-undo"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_foreign_and_missing_leads_answer_alike(cast, waiting, name, method):
    client = signed_in(cast.david)

    def ask(public_id: UUID) -> tuple[int, str]:
        answer = getattr(client, method)(page(name, public_id))
        return answer.status_code, re.sub(r"nonce|csrf\w+", "", answer.content.decode())

    missing, foreign = ask(uuid4()), ask(waiting.public_id)
    assert missing == foreign
    assert missing[0] in (404, 405)


def test_a_preview_says_nothing_of_the_person(cast):
    lead = LeadFactory(pool=cast.pool, company="Lenoir", **PERSONAL)
    client = signed_in(cast.amina)
    pages = ["home", "pool", "snapshot"]
    texts = [client.get(page(name)).content.decode() for name in pages]
    texts += [client.get(page(name, lead.public_id)).content.decode() for name in ("lead", "claim")]
    assert all("Lenoir" in text for text in texts[1:])
    for text in texts:
        assert "CANARY" not in text
        assert "canary" not in text
        assert "+33100000000" not in text


def test_every_page_asks_for_scripts_of_its_own_host_only(cast, waiting):
    client = signed_in(cast.amina)
    for path in (page("pool"), page("lead", waiting.public_id), reverse("login"), "/nowhere/"):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self';" in policy
        assert "ws://testserver" in policy
        assert "unsafe" not in policy
        text = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)


def test_the_admin_site_keeps_its_own_scripts(cast):
    answer = signed_in(cast.admin).get("/admin/")
    assert "Content-Security-Policy" not in answer


def test_a_hostile_company_name_is_only_text(cast):
    LeadFactory(pool=cast.pool, company='"><script>alert(1)</script>')
    text = signed_in(cast.amina).get(page("pool")).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_is_kept_by_caches(cast):
    assert "no-store" in signed_in(cast.amina).get(page("home"))["Cache-Control"]


# --- Pool


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["Third", "Second", "First"]),
        ("oldest", ["First", "Second", "Third"]),
        ("score", ["Second", "First", "Third"]),
        ("source", ["Second", "Third", "First"]),
        ("company", ["First", "Second", "Third"]),
        ("left", ["First", "Second", "Third"]),
        ("nonsense", ["Third", "Second", "First"]),
    ],
)
def test_a_queue_is_sorted_as_asked(cast, sort, expected):
    for company, score, source in (
        ("First", 50, "web"),
        ("Second", 90, "fair"),
        ("Third", None, ""),
    ):
        LeadFactory(pool=cast.pool, company=company, score=score, source=source or "partner")
    answer = signed_in(cast.amina).get(page("pool"), {"sort": sort})
    assert [row["company"] for row in answer.context["rows"]] == expected


def test_what_has_least_time_left_comes_first_whatever_pool_it_is_in(cast):
    """The pool of inbound leads is marked after an hour, or passes on after half of that; cold
    leads have a day, and what may wait for ever comes last."""
    inbound = PoolFactory(name="Inbound", stale_minutes=60, push_minutes=30, reps=[cast.amina])
    cold = PoolFactory(name="Cold", stale_minutes=24 * 60, reps=[cast.amina])
    now, hour = timezone.now(), timedelta(hours=1)
    for company, pool, waited in (
        ("No hurry", cast.pool, 100 * hour),
        ("In 30 min", inbound, 0 * hour),
        ("In an hour", cold, 23 * hour),
        ("Overdue", inbound, 1 * hour),
        ("In two hours", cold, 22 * hour),
    ):
        lead = LeadFactory(pool=pool, company=company)
        Lead.objects.filter(pk=lead.pk).update(opens_at=now - waited)
    client = signed_in(cast.amina)

    def shown(**query: str) -> list[str]:
        answer = client.get(page("pool"), {"sort": "left", **query})
        return [row["company"] for row in answer.context["rows"]]

    assert shown() == ["Overdue", "In 30 min", "In an hour", "In two hours", "No hurry"]
    assert shown(pool=str(cold.public_id)) == ["In an hour", "In two hours"]


def test_companies_are_in_alphabetical_order_and_unknown_ones_last(cast):
    for company in ("", "zeta", "Alpha"):
        LeadFactory(pool=cast.pool, company=company)
    answer = signed_in(cast.amina).get(page("pool"), {"sort": "company"})
    assert [row["company"] for row in answer.context["rows"]] == ["Alpha", "zeta", ""]


def test_a_queue_is_filtered_by_source(cast):
    for source in ("web", "fair", ""):
        LeadFactory(pool=cast.pool, source=source, company=f"from {source}")
    client = signed_in(cast.amina)

    def shown(source: str) -> int:
        return len(client.get(page("pool"), {"source": source}).context["rows"])

    assert (shown("web"), shown("-"), shown("")) == (1, 1, 3)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"company": "LENOIR"}, ["Boulangerie Lenoir"]),
        ({"country": "NO", "min_score": "60"}, ["Halvorsen"]),
        ({"temperature": "hot"}, ["Boulangerie Lenoir"]),
        ({"size": "smb", "temperature": "warm"}, []),
        ({"min_score": "many"}, ["Halvorsen", "Boulangerie Lenoir"]),
    ],
)
def test_a_queue_is_narrowed_and_its_address_keeps_it(cast, waiting, query, expected):
    LeadFactory(pool=cast.pool, company="Halvorsen", country="NO", score=64, temperature="warm")
    client = signed_in(cast.amina)
    answer = client.get(page("pool"), {**query, "all": 1})
    assert [row["company"] for row in answer.context["rows"]] == expected
    form = answer.content.decode().split('<form class="filters', 1)[1].split("</form>")[0]
    if query != {"min_score": "many"}:
        for name, value in query.items():
            assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}" selected', form)


def test_pages_of_a_narrowed_queue_stay_narrowed(cast, waiting):
    for number in range(60):
        LeadFactory(pool=cast.pool, company=f"Halvorsen {number}", country="NO")
    narrowed = {"country": "NO", "all": "1"}
    answer = signed_in(cast.amina).get(page("pool"), narrowed)
    body = answer.content.decode()
    assert len(answer.context["rows"]) == 50
    assert "country=NO&amp;all=1&amp;page=2" in body
    answer = signed_in(cast.amina).get(page("pool"), {**narrowed, "page": "2"})
    assert len(answer.context["rows"]) == 10


def test_a_queue_of_500_costs_as_many_queries_as_one_of_5(cast):
    cast.pool.mode = Pool.Mode.SHARED
    cast.pool.save()
    leads = [LeadFactory(pool=cast.pool) for _ in range(5)]
    for lead in leads:
        start(lead, cast.bruno)
    client = signed_in(cast.amina)
    client.get(page("pool"))  # the session learns the reader's language, once
    few = queries(client, page("pool") + "?all=1")
    Lead.objects.bulk_create(
        Lead(
            company=f"Company {number}",
            status="waiting",
            pool=cast.pool,
            period=1,
            opens_at=timezone.now(),
            received_at=timezone.now(),
        )
        for number in range(495)
    )
    assert queries(client, page("pool") + "?all=1") == few <= 20
    assert queries(client, page("pool") + "?min_score=50&sort=score") <= few + 1


def test_one_pool_shows_its_own_leads_and_a_foreign_one_does_not_exist(cast, waiting):
    fair = PoolFactory(name="Fair", reps=[cast.amina], mode=Pool.Mode.QUEUE)
    other = PoolFactory(name="Other")
    LeadFactory(pool=fair, company="At the fair")
    client = signed_in(cast.amina)
    answer = client.get(page("pool"), {"pool": str(fair.public_id)})
    assert [row["company"] for row in answer.context["rows"]] == ["At the fair"]
    for wrong in (other.public_id, uuid4(), "nonsense"):
        assert client.get(page("pool"), {"pool": str(wrong)}).status_code == 404


def test_beyond_the_newest_fifty_all_are_paged(cast):
    for _ in range(53):
        LeadFactory(pool=cast.pool)
    client = signed_in(cast.amina)
    first = client.get(page("pool"))
    assert len(first.context["rows"]) == 50
    assert "?all=1" in first.content.decode()
    assert len(client.get(page("pool"), {"all": 1, "page": 2}).context["rows"]) == 3


# --- Explanations


def test_a_manager_reads_the_whole_trace_and_a_rep_a_sentence(cast):
    publish_rules(
        [
            {
                "name": "Germany",
                "when": {"field": "country", "op": "eq", "value": "DE"},
                "then": {"pool": cast.pool.name},
            },
            {"name": "The rest", "when": {}, "then": {"pool": cast.pool.name}},
        ]
    )
    receive(clean({"company": "Lenoir", "country": "FR"}))
    address = page("lead", Lead.objects.get().public_id)
    rep = signed_in(cast.amina).get(address).content.decode()
    assert "opened this lead to all members" in rep
    assert "Germany" not in rep
    manager = signed_in(cast.mireille).get(address).content.decode()
    assert "Germany" in manager
    assert "country is “FR”" in manager


def test_a_manager_sees_how_many_leads_wait_in_each_pool_without_reading_them_all(cast):
    cast.pool.teams.add(cast.paris)
    PoolFactory(name="Quiet").teams.add(cast.paris)
    LeadFactory(pool=cast.pool)
    LeadFactory(pool=cast.pool, owner=cast.amina)
    with CaptureQueriesContext(connection) as queries:
        page = signed_in(cast.mireille).get("/leads/manage/").content.decode()
    assert re.findall(r'pool-name">(\w+)<.*?pool-size">(\w+)<', page) == [
        ("Everyone", "1"),
        ("Quiet", "0"),
    ]
    # A join with pools would bring every lead that ever was in one.
    asked = [one["sql"] for one in queries if 'FROM "leaddistrib_pool"' in one["sql"]]
    assert asked
    assert not [sql for sql in asked if 'JOIN "leaddistrib_lead"' in sql]


def test_a_manager_finds_a_lead_of_the_team(cast):
    LeadFactory(owner=cast.amina, company="Lenoir")
    LeadFactory(owner=cast.bruno, company="Kestrel")
    LeadFactory(owner=cast.david, company="Elsewhere")
    client = signed_in(cast.mireille)

    def shown(**asked: str) -> set[str]:
        return {row["company"] for row in client.get(page("manage"), asked).context["rows"]}

    assert shown() == {"Lenoir", "Kestrel"}
    assert shown(company="len") == {"Lenoir"}
    assert shown(status="waiting") == set()


# --- Me


def test_a_rep_pauses_and_resumes(cast):
    client = signed_in(cast.amina)
    for value, expected in (("1", True), ("0", False)):
        answer = client.post(page("availability"), {"paused": value, "next": page("pool")})
        assert answer["Location"] == page("pool")
        cast.amina.refresh_from_db()
        assert cast.amina.paused is expected


def test_the_switch_sends_nobody_to_another_site(cast):
    answer = signed_in(cast.amina).post(
        page("availability"), {"paused": "1", "next": "https://evil.example/"}
    )
    assert answer["Location"] == page("home")


def test_a_rep_takes_time_off_and_takes_it_back(cast):
    client = signed_in(cast.amina)
    today = timezone.localdate()
    days = {"first": today, "last": today + timedelta(days=2), "reason": "Wedding"}
    client.post(page("time-off"), days)
    off = cast.amina.time_off.get()
    assert (off.ends_at - off.starts_at).days == 3
    assert off.covers(timezone.now())
    shown = client.get(page("me")).content.decode()
    assert "Wedding" in shown
    assert signed_in(cast.bruno).post(page("time-off-remove", off.pk)).status_code == 404
    client.post(page("time-off-remove", off.pk))
    assert not cast.amina.time_off.exists()


@pytest.mark.parametrize(("first", "last"), [(2, 1), (-3, -2), (0, 900), (-738_000, 1)])
def test_impossible_time_off_is_explained(cast, first, last):
    today = timezone.localdate()
    days = {"first": today + timedelta(days=first), "last": today + timedelta(days=last)}
    answer = signed_in(cast.amina).post(page("time-off"), days)
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not cast.amina.time_off.exists()


def test_language_follows_the_rep_then_the_browser(cast):
    client = signed_in(cast.amina)
    french: Any = {"headers": {"accept-language": "fr"}}
    assert client.get(page("me"), **french)["Content-Language"] == "fr"
    client.post(page("me"), {"language": "en"})
    cast.amina.refresh_from_db()
    assert cast.amina.language == "en"
    assert client.get(page("me"), **french)["Content-Language"] == "en"
    client.post(page("me"), {"language": ""})
    assert client.get(page("me"), **french)["Content-Language"] == "fr"
    assert client.post(page("me"), {"language": "tlh"}).status_code == 200


def test_a_language_chosen_elsewhere_holds_from_the_next_page(cast):
    client = signed_in(cast.amina)
    client.get(page("home"))
    cast.amina.language = "fr"
    cast.amina.save()
    assert client.get(page("home"))["Content-Language"] == "fr"


def test_language_costs_one_query_a_session(cast):
    client = signed_in(cast.oscar)
    first = queries(client, page("home"))
    with CaptureQueriesContext(connection) as found:
        client.get(page("home"))
    assert len(found) == first
    assert not any('"leaddistrib_rep"."language" FROM' in query["sql"] for query in found)


# --- Signing in, errors, mail


def test_signing_in_leads_to_where_one_was_going(cast, waiting):
    cast.amina.user.set_password("secret")
    cast.amina.user.save()
    client, address = Client(), page("claim", waiting.public_id)
    asked = client.get(address, follow=True)
    assert asked.context["next"] == address
    assert 'autocomplete="current-password"' in asked.content.decode()
    answer = client.post(
        "/accounts/login/", {"username": "amina", "password": "secret", "next": address}
    )
    assert answer["Location"] == address


def test_a_wrong_password_says_so(cast):
    answer = Client().post("/accounts/login/", {"username": "amina", "password": "wrong"})
    assert "do not fit together" in answer.content.decode()


def test_error_pages_look_like_the_others(cast):
    missing = signed_in(cast.amina).get("/leads/nowhere/")
    assert missing.status_code == 404
    assert "This page does not exist, or it is not yours to see." in missing.content.decode()
    forbidden = signed_in(cast.oscar).get(page("pool"))
    assert "This page is for reps" in forbidden.content.decode()
    broken = render_to_string("500.html")
    assert "It is our fault" in broken
    assert "pages.css" in broken


@pytest.mark.parametrize("who", ["oscar", "mireille", "admin"])
def test_who_is_no_rep_learns_what_to_do_instead(cast, who):
    text = signed_in(getattr(cast, who)).get(page("home")).content.decode()
    assert "You are not a rep" in text
    assert (page("manage") in text) is (who != "oscar")
    assert ("/admin/" in text) is (who == "admin")
