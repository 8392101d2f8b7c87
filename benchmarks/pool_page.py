"""How long does a rep wait for the page of a pool with 500 leads? PostgreSQL.

    python -m benchmarks.pool_page [--leads 500] [--closed 10000] [--times 60] [--profile]

The page is asked for through Django's whole stack, middleware and session included, by a rep for
whom everything holds that a pool may have: it opens in waves by tier, with guardrails and an
allocation, leads go stale, a rule passes them on. The rep was offered as many other leads as
``--closed`` says, which are somebody's by now. Nothing is kept from one request for the next but
what Django keeps of templates.

- page: milliseconds from the request to the last byte of the answer; of the list (its newest
  leads), of a filtered one, and of a page of all.
- bare: the leads of the list, read by one SELECT and written into as many lines of HTML by Python's
  own string formatting: no session, no rules, no gates, no translation.
- queries: of one page; the same for 3 leads as for all, or the exit status is 1.

The aim is that half of the pages take at most 100 ms on a machine with nothing else to do.
"""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from html import escape
from typing import Any

from benchmarks._database import database
from benchmarks._figures import Aim, show

AIM = 0.1  # seconds, at p50
FEW = 3
LISTS: dict[str, dict[str, Any]] = {
    "newest": {},
    "filtered": {"size": "smb", "sort": "score"},
    "all": {"all": 1, "page": 3},
}


def company() -> tuple[Any, Any]:
    """A rep of a team with the usual policies, and a race that opens by tier."""
    from leaddistrib.admin.tiers import USUAL
    from leaddistrib.lifecycle import publish
    from leaddistrib.models import GuardrailPolicy, Pool, Tier, TierPolicy

    amina = _reps(50)[0]
    policy = TierPolicy.objects.create(floor_percent=0)
    Tier.objects.bulk_create(Tier(policy=policy, **fields) for fields in USUAL)
    GuardrailPolicy.objects.create(team=amina.team)
    pool = Pool.objects.create(name="Paris", tiered=True, stale_minutes=600, push_minutes=900)
    pool.teams.add(amina.team)
    then = {"pool": "Paris", "fallback": [{"push": "round_robin", "team": amina.team.name}]}
    publish([{"name": "All", "when": {}, "then": then}])
    return amina, pool


def _reps(number: int) -> list[Any]:
    from benchmarks._phones import reps
    from leaddistrib.models import Rep

    made = reps(number)
    for place, rep in enumerate(made):
        rep.tier, rep.allocation = 1 + place % 3, 20
    Rep.objects.bulk_update(made, ["tier", "allocation"])
    return made


def opened(number: int) -> None:
    """So many leads came in, two hours ago: they are open to every tier."""
    from leaddistrib.lifecycle import receive_many
    from leaddistrib.lifecycle.intake.cleaning import clean
    from leaddistrib.lifecycle.opening import tell_due
    from leaddistrib.queries import clock
    from leaddistrib.testing import clock_at

    before = clock.now() - timedelta(hours=2)
    with clock_at(before):
        for first in range(0, number, 250):
            some = range(first, min(first + 250, number))
            receive_many([clean(_lead(n)) for n in some])
    while tell_due(before + timedelta(hours=1)):
        pass


def _lead(number: int) -> dict[str, Any]:
    return {
        "company": f"Kestrel Insurance {number}",
        "contact": {"title": "Head of Procurement"},
        "source": f"source {number % 7}",
        "city": "Lyon",
        "country": ("FR", "DE", "GB")[number % 3],
        "employees": 20 * (number % 40),
        "score": number % 100,
    }


def close(number: int, pool: Any, rep: Any) -> None:
    """So many leads that waited in ``pool``, were offered to five reps, and are ``rep``'s now."""
    from django.db import connection

    from leaddistrib.models import Lead
    from leaddistrib.queries import clock

    now = clock.now()
    gone = {"status": "owned", "owner": rep, "pool": pool, "period": 1}
    leads = Lead.objects.bulk_create(
        Lead(received_at=now, opens_at=now, **gone) for _ in range(number)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leaddistrib_offer"
            " (lead_id, rep_id, period, opens_at, opened_at, closed_at, hidden)"
            " SELECT lead.id, rep.id, 1, lead.opens_at, lead.opens_at, lead.opens_at, rep.tier > 1"
            " FROM leaddistrib_lead lead CROSS JOIN"
            " (SELECT * FROM leaddistrib_rep ORDER BY id LIMIT 5) rep WHERE lead.id = ANY(%s)",
            [[lead.pk for lead in leads]],
        )
        cursor.execute("ANALYZE")


def seconds(ask: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return found


def queries(ask: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def bare(pool: Any) -> Callable[[], object]:
    """As many leads of it as the page lists, as HTML."""
    from django.db import connection

    from leaddistrib.queries.inbox import NEWEST

    sql = (
        "SELECT public_id, company, contact_title, source, city, country, score, temperature,"
        " size_band, received_at, opens_at FROM leaddistrib_lead WHERE pool_id = %s AND"
        " status = 'waiting' ORDER BY opens_at DESC, id DESC LIMIT %s"
    )

    def ask() -> str:
        with connection.cursor() as cursor:
            cursor.execute(sql, [pool.pk, NEWEST])
            return "\n".join(
                "<li>" + "".join(f"<span>{escape(str(value))}</span>" for value in row) + "</li>"
                for row in cursor.fetchall()
            )

    return ask


def measure(leads: int, closed: int, times: int, profile: bool) -> bool:
    """Print what was measured; returns whether it is as aimed at."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    amina, pool = company()
    settings.ALLOWED_HOSTS = ["localhost"]
    client, address = Client(headers={"host": "localhost"}), reverse("leaddistrib:pool")
    client.force_login(amina.user)

    def page(**asked: Any) -> Callable[[], object]:
        def ask() -> object:
            answer = client.get(address, asked, secure=True)
            assert answer.status_code == 200
            return answer.content

        return ask

    opened(FEW)
    page()()
    few = {name: queries(page(**(asked | {"page": 1}))) for name, asked in LISTS.items()}
    opened(leads - FEW)
    close(closed, pool, amina)
    if profile:
        with cProfile.Profile() as made:
            seconds(page(), times)
        pstats.Stats(made).sort_stats("cumulative").print_stats(60)
        return True
    print(f"{leads} waiting leads, {closed} closed offers, {times} pages")
    reference, met = seconds(bare(pool), times), True
    show("bare", reference, reference)
    for name, asked in LISTS.items():
        many = queries(page(**asked))
        took = seconds(page(**asked), times)
        met &= show(name, took, reference, Aim("p50", AIM, times)) and many == few[name]
        print(f"  {'':26} queries: {few[name]} with {FEW} leads, {many} with {leads}")
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=500)
    parser.add_argument("--closed", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--profile", action="store_true", help="where the time of a page goes")
    given = parser.parse_args()
    with database("postgresql"):
        met = measure(given.leads, given.closed, given.times, given.profile)
    sys.exit(not met)


if __name__ == "__main__":
    main()
