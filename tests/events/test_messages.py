"""A race reaches a phone on a poor connection: no message about a lead is over 500 bytes."""

import json
import string
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from django.contrib.auth.models import User
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaddistrib.events.messages import (
    NAME,
    SIZE,
    LeadOpened,
    LeadTaken,
    LeadUpdated,
    LeadWithdrawn,
    MeChanged,
    cut,
)
from leaddistrib.models import Lead, Pool, Rep, Work
from leaddistrib.policy import View
from leaddistrib.queries import cards, refusing
from leaddistrib.queries.cards import card
from leaddistrib.queries.limits import in_words

LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
LONGEST_ID = str(UUID(int=2**128 - 1))
VERSION = 2**63 - 1

expensive = st.sampled_from(['"', "\\", "\x00", "\n", "é", "…", "🦊", "👩‍👩‍👧‍👦", " "])
texts = st.text(max_size=200) | st.lists(expensive, max_size=200).map("".join)


def size(text: str) -> int:
    return len(text.encode())


def lead_of(company: str, title: str, source: str, city: str) -> Lead:
    """The most expensive lead in every other respect."""
    return Lead(
        public_id=UUID(LONGEST_ID),
        company=company,
        contact_title=title,
        source=source,
        city=city,
        country="FR",
        score=32767,
        temperature=Lead.Temperature.COLD,
        size_band=Lead.SizeBand.MID_MARKET,
        received_at=LAST,
        opens_at=LAST,
    )


@settings(deadline=None)  # a busy machine is no fault
@example(*["x" * 200] * 4)
@given(texts, texts, texts, texts)
def test_a_lead_of_any_company_fits(company, title, source, city):
    shown = card(lead_of(company, title, source, city))
    for kind in (LeadOpened, LeadUpdated):
        text = kind(LONGEST_ID, VERSION, shown).text
        assert size(text) <= SIZE
        assert json.loads(text)["lead"] == shown


@settings(deadline=None)  # a busy machine is no fault
@example(*["x" * 200] * 4)
@given(texts, texts, texts, texts)
def test_a_lead_that_goes_stale_and_is_passed_on_fits_too(company, title, source, city):
    """Its texts give way to its times."""
    lead = lead_of(company, title, source, city)
    lead.opens_at = LAST - timedelta(days=2)
    lead.status = Lead.Status.WAITING
    lead.pool = Pool(mode=Pool.Mode.RACE, stale_minutes=30, push_minutes=60)
    shown = card(lead, closes_at=lead.opens_at + timedelta(minutes=60))
    text = LeadUpdated(LONGEST_ID, VERSION, shown).text
    assert size(text) <= SIZE
    assert (shown["stale_at"], shown["closes_at"]) == (
        "9999-12-30T00:29:59Z",
        "9999-12-30T00:59:59Z",
    )


@settings(deadline=None)  # a busy machine is no fault
@example(*["x" * 200] * 5)
@given(texts, texts, texts, texts, texts)
def test_who_works_on_a_shared_lead_takes_no_more_than_160_bytes(
    company, title, source, city, name
):
    lead = lead_of(company, title, source, city)
    lead.pool = Pool(mode=Pool.Mode.SHARED)
    work = Work(rep=Rep(user=User(first_name=name)), since=LAST, until=LAST)
    assert size(LeadUpdated(LONGEST_ID, VERSION, card(lead, work)).text) <= SIZE + 160


@example("x" * 200)
@given(texts)
def test_a_winner_of_any_name_fits(name):
    taken = LeadTaken(LONGEST_ID, VERSION, LONGEST_ID, cut(name, NAME), "9999-12-31T23:59:59Z")
    assert size(taken.text) <= SIZE
    assert size(LeadWithdrawn(LONGEST_ID, VERSION, LONGEST_ID).text) <= SIZE


@given(st.lists(texts, max_size=6), st.integers(0, 2**31), texts)
def test_any_number_of_reasons_fits_and_the_first_are_kept(sentences, number, name):
    reasons = [{"code": "at_capacity", "message": one, "lifts_at": None} for one in sentences]
    me = {
        "name": name,
        "open_leads": number,
        "capacity": number,
        "paused": False,
        "may_claim": False,
        "reasons": reasons,
    }
    text = MeChanged(me).text
    kept = json.loads(text)["me"].pop("reasons")
    assert size(text) <= SIZE
    assert kept == reasons[: len(kept)]


NUMBERS = {
    *("open", "capacity", "had", "allocation", "taken", "of", "claims", "limit"),
    *("hot", "warm", "assigned", "cold", "wanted"),
}
"""All that a reason may tell in figures."""


def test_every_reason_of_ours_is_kept_whole():
    for code in refusing.REFUSALS:
        reason = {
            "code": code,
            "params": dict.fromkeys(NUMBERS, 5000),
            "lifts_at": "2026-12-31T23:59:59Z",
        }
        limits = {"open_leads": 4999, "capacity": 5000, "paused": True, "may_claim": False}
        limits |= {"races_left": 5000, "races": 5000}
        me = in_words({**limits, "reasons": [reason]})
        assert json.loads(MeChanged(me).text)["me"] == me


@given(texts, st.integers(3, 300))
def test_a_cut_text_is_a_beginning_and_says_so(text, limit):
    short = cut(text, limit)
    assert size(json.dumps(short, ensure_ascii=False)) - 2 <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text(alphabet=string.ascii_letters, max_size=70))
def test_a_short_text_stays_as_it_is(text):
    assert cut(text, 70) == text


def test_the_contact_is_never_in_a_card():
    lead = lead_of("Acme", "CTO", "web", "Paris")
    lead.contact_name = lead.contact_email = lead.contact_phone = "CANARY"
    assert "CANARY" not in LeadOpened(LONGEST_ID, 1, card(lead)).text


def test_a_card_shows_only_what_the_policy_discloses(monkeypatch):
    blind = SimpleNamespace(
        fields=lambda view: ("score", "city"), preview_of=lambda lead: View.PREVIEW
    )
    monkeypatch.setattr(cards, "policy", lambda: blind)
    shown = card(lead_of("Acme", "CTO", "web", "Paris"))
    told = {name for name, value in shown.items() if value is not None}
    assert told == {"id", "score", "city", "received_at", "opens_at"}
