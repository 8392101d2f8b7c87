"""Contacts and shared pools by the API (PO1, PO2, PL1, PL2)."""

from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle import receive, start
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Contact, Lead, Pool, Rep
from leaddistrib.queries import queue
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at, publish_rules
from tests.api.conftest import address, signed_in


@pytest.fixture
def shared(company):
    return PoolFactory(name="Inside sales", mode="shared", reps=[company.amina, company.bruno])


@pytest.fixture
def lead(shared):
    return LeadFactory(pool=shared, company="Lenoir", contact_phone="+33140203040")


def log(rep, lead, **body):
    client = signed_in(rep.user)
    return client.post(
        address("api-contacts", id=str(lead.public_id)), {"channel": "call", **body}, format="json"
    )


def listed(rep, pool, **query):
    client = signed_in(rep.user)
    answer = client.get(address("api-pool-leads", id=str(pool.public_id)), query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_the_first_contact_is_answered_with_the_lead(company, lead):
    answer = log(company.amina, lead, note="Wants a demo")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["owner"]) == ("owned", "Amina")
    assert told["contact"]["phone"] == "+33140203040"
    assert Contact.objects.get().note == "Wants a demo"


def test_the_second_is_told_who_was_first(company, lead):
    log(company.amina, lead)
    answer = log(company.bruno, lead)
    assert answer.status_code == 409
    told = answer.json()
    assert (told["result"], told["taken_by"]) == ("lost", "Amina")
    assert told["taken_at"]


def test_a_refusal_says_why(company, lead):
    company.amina.paused = True
    company.amina.save()
    answer = log(company.amina, lead)
    assert answer.status_code == 403
    assert [one["code"] for one in answer.json()["reasons"]] == ["paused"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"at": "tomorrow"}, "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"note": "x" * 501}, "note"),
        ({"who": "me"}, "who"),
    ],
)
def test_what_is_wrong_is_named(company, lead, body, field):
    answer = log(company.amina, lead, **body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Contact.objects.exists()


def test_a_contact_of_this_morning_is_logged_for_then(company, lead):
    morning = timezone.now() - timedelta(hours=3)
    Lead.objects.update(received_at=morning - timedelta(minutes=1))
    assert log(company.amina, lead, at=stamp(morning)).status_code == 200
    assert stamp(Contact.objects.get().at) == stamp(morning)


def test_a_contact_from_before_the_lead_came_in_is_named_as_wrong(company, lead):
    answer = log(company.amina, lead, at=stamp(lead.received_at - timedelta(hours=1)))
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["at"])
    assert not Contact.objects.exists()


def say(rep, name, lead, **body):
    client = signed_in(rep.user)
    return client.post(address(name, id=str(lead.public_id)), body, format="json")


def test_a_contact_that_was_none_is_taken_back_once(company, lead):
    log(company.amina, lead)
    for _ in range(2):  # an answer may be lost on its way
        answer = say(company.amina, "api-contact-undo", lead)
        assert (answer.status_code, answer.json()["owner"]) == (200, "Amina")
    assert not Contact.objects.exists()
    assert lead.clocks.get().runs


def test_only_within_ten_minutes_is_a_contact_taken_back(company, lead):
    log(company.amina, lead)
    with clock_at(timezone.now() + timedelta(minutes=11)):
        answer = say(company.amina, "api-contact-undo", lead)
    assert (answer.status_code, answer.json()["code"]) == (409, "outdated")
    assert Contact.objects.count() == 1


def test_a_program_says_that_nobody_answered(company, lead):
    log(company.amina, lead, note="Switchboard")
    assert say(company.amina, "api-contact-undo", lead, unanswered=True).status_code == 200
    answer = say(company.amina, "api-attempts", lead, channel="call", note="Voicemail")
    assert (answer.status_code, answer.json()["owner"]) == (200, "Amina")
    tried = lead.log.filter(event="lead.attempted").order_by("pk")
    assert [one.detail["note"] for one in tried] == ["Switchboard", "Voicemail"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("api-attempts", {"channel": "pigeon"}, "channel"),
        ("api-attempts", {"channel": "call", "note": "x" * 501}, "note"),
        ("api-attempts", {"channel": "call", "at": "2026-01-01T00:00:00Z"}, "at"),
        ("api-contact-undo", {"unanswered": "perhaps"}, "unanswered"),
        ("api-contact-undo", {"contact": 1}, "contact"),
    ],
)
def test_what_is_wrong_with_an_attempt_is_named(company, lead, name, body, field):
    answer = say(company.amina, name, lead, **body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_members_see_whole_what_they_share_and_a_preview_of_what_is_taken(company, lead):
    client = signed_in(company.bruno.user)
    where = address("api-lead", id=str(lead.public_id))
    assert client.get(where).json()["contact"]["phone"] == "+33140203040"
    log(company.amina, lead)
    assert "phone" not in client.get(where).json()["contact"]


def test_a_shared_lead_is_listed_with_who_works_on_it(company, shared, lead):
    until = start(lead, company.bruno).until
    [one] = listed(company.amina, shared)
    assert one["working"] == {"by": "Bruno", "until": stamp(until)}
    assert (one["claimable"], [reason["code"] for reason in one["reasons"]]) == (False, ["shared"])


def test_a_waiting_lead_says_when_it_goes_stale_and_when_it_is_pushed_on(company):
    pool = PoolFactory(
        name="Cold",
        mode=Pool.Mode.QUEUE,
        stale_minutes=30,
        push_minutes=60,
        reps=[company.amina],
    )
    push = {"push": "round_robin", "team": company.amina.team.name}
    Rep.objects.update(paused=True)

    def comes_in(first, *others):
        publish_rules([{"name": "All", "when": {}, "then": {**first, "fallback": others}}])
        return receive(clean({"company": "Acme"})).lead

    lead = comes_in(push, {"pool": "Cold"})
    [one] = listed(company.amina, pool)
    assert one["stale_at"] == stamp(lead.opens_at + timedelta(minutes=30))
    assert lead.retry_at is not None
    assert one["closes_at"] is None  # it is tried again, but no step of its rule follows
    lead = comes_in({"pool": "Cold"}, push)
    assert [one["closes_at"] for one in listed(company.amina, pool)] == [
        None,
        stamp(lead.opens_at + timedelta(minutes=60)),
    ]


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"source": "fair"}, {"Lenoir"}),
        ({"source": "-"}, {"Unknown"}),
        ({"country": "no"}, {"Halvorsen"}),
        ({"size": "smb"}, {"Lenoir"}),
        ({"temperature": "hot"}, {"Lenoir", "Halvorsen"}),
        ({"min_score": "85"}, {"Halvorsen"}),
        ({"company": "ALVOR"}, {"Halvorsen"}),
        ({"temperature": "hot", "min_score": "85"}, {"Halvorsen"}),
        ({}, {"Lenoir", "Halvorsen", "Unknown"}),
    ],
)
def test_a_queue_is_narrowed(company, query, seen):
    pool = PoolFactory(name="Fairs", mode=Pool.Mode.QUEUE, reps=[company.amina])
    lenoir = {"source": "fair", "country": "FR", "size_band": "smb"}
    LeadFactory(pool=pool, company="Lenoir", score=80, temperature="hot", **lenoir)
    LeadFactory(pool=pool, company="Halvorsen", score=90, temperature="hot", country="NO")
    LeadFactory(pool=pool, company="Unknown", source="")
    assert {one["company"] for one in listed(company.amina, pool, **query)} == seen


@pytest.mark.parametrize("query", [{"size": "huge"}, {"min_score": "many"}, {"company": "x" * 101}])
def test_a_wrong_filter_of_a_queue_is_named(company, query):
    client = signed_in(company.amina.user)
    answer = client.get(address("api-pool-leads", id=company.id("paris")), query)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == list(query)


class Blind:
    """A policy's word on fields: previews show the company's size and nothing else."""

    @staticmethod
    def fields(view):
        return ("size_band",)


def test_what_a_preview_hides_is_not_found_out_by_filters(company, monkeypatch):
    pool = PoolFactory(name="Blind", mode=Pool.Mode.QUEUE, reps=[company.amina])
    LeadFactory(pool=pool, company="CANARY", source="canary", score=93, country="FR")
    monkeypatch.setattr(queue, "policy", Blind)
    for query in ({"company": "nothing"}, {"source": "x"}, {"min_score": 99}, {"country": "NO"}):
        assert len(listed(company.amina, pool, **query)) == 1
    assert listed(company.amina, pool, size="smb") == []
    assert queue.values_in([pool], Q(), "source") == []
    assert queue.orders() == ["newest", "oldest", "left"]


def test_a_shared_pool_costs_the_same_for_3_and_for_60(
    company, shared, django_assert_max_num_queries
):
    client = signed_in(company.amina.user)
    where = address("api-pool-leads", id=str(shared.public_id))
    client.get(where)  # the session learns the reader's language, once
    counts = []
    for number in (3, 57):
        for _ in range(number):
            start(LeadFactory(pool=shared), company.bruno)
        with django_assert_max_num_queries(40) as done:
            client.get(where, {"limit": 100})
        counts.append(len(done))
    assert counts[0] == counts[1]
