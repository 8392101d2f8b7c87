"""Pages are told after the commit, once for each audience, and never at a claim's expense."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.events import publishing
from leaddistrib.events.messages import Heartbeat
from leaddistrib.events.publishing import pool_group, publish, rep_group
from leaddistrib.lifecycle import claim, release, route
from leaddistrib.lifecycle.announcing import announce_gone, announce_opened
from leaddistrib.models import Assignment, Lead
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db(transaction=True)


def use(settings, layer: str) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"tests.events.layers.{layer}"}}


@pytest.fixture
def sent(settings):
    use(settings, "RecordingLayer")
    return get_channel_layer().sent


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", user__first_name="Amina")


@pytest.fixture
def bruno():
    return RepFactory(user__username="bruno", user__first_name="Bruno")


def texts(event: dict) -> list[dict]:
    return [json.loads(text) for text in event["texts"]]


def test_a_claim_tells_the_pool_once_and_the_winner_once(sent, amina, bruno):
    pool = PoolFactory(reps=[amina, bruno])
    lead = LeadFactory(pool=pool)
    sent.clear()
    claim(lead, amina, via="page")
    assert [group for group, _ in sent] == [pool_group(pool), rep_group(amina)]
    [taken] = texts(sent[0][1])
    assert (taken["type"], taken["by"]) == ("lead.taken", "Amina")
    assert sent[1][1]["limits"]["open_leads"] == 1


def test_leads_that_open_together_are_told_together(sent, amina):
    pool = PoolFactory(reps=[amina])
    leads = [LeadFactory(pool=pool) for _ in range(5)]
    sent.clear()
    with transaction.atomic():
        announce_opened(pool, leads)
    [(group, event)] = sent
    assert group == pool_group(pool)
    assert [one["version"] for one in texts(event)] == [6, 7, 8, 9, 10]


def test_a_file_of_leads_is_one_heartbeat(sent, amina):
    pool = PoolFactory(reps=[amina])
    leads = [LeadFactory(pool=pool) for _ in range(21)]
    sent.clear()
    with transaction.atomic():
        announce_opened(pool, leads)
    [(_, event)] = sent
    assert texts(event) == [{"type": "heartbeat", "versions": {str(pool.public_id): 42}}]


def test_leads_that_go_together_are_told_together_each_with_who_has_it(sent, amina):
    pool, other = PoolFactory(reps=[amina]), PoolFactory(reps=[amina])
    leads = [LeadFactory(pool=pool), LeadFactory(pool=other), LeadFactory(pool=pool)]
    sent.clear()
    with transaction.atomic():
        announce_gone(zip(leads, [amina, amina, None], strict=True), clock.now())
    assert [group for group, _ in sent] == [pool_group(pool), pool_group(other)]
    first, second = texts(sent[0][1])
    assert (first["type"], first["version"], first["by"]) == ("lead.taken", 3, "Amina")
    assert (second["type"], second["version"]) == ("lead.withdrawn", 4)
    assert second["lead"] == str(leads[2].public_id)


def test_nobody_hears_of_what_was_rolled_back(sent, amina):
    pool = PoolFactory(reps=[amina])
    with transaction.atomic():
        LeadFactory(pool=pool)
        transaction.set_rollback(True)
    assert sent == []


def test_each_owner_of_a_pushed_batch_hears_of_it_at_no_further_queries(sent):
    team = TeamFactory(name="Paris")
    reps = [RepFactory(team=team) for _ in range(6)]
    push = {"push": "round_robin", "team": "Paris"}
    publish_rules([{"name": "All", "when": {}, "then": push}])

    @contextmanager
    def counted(counts: list[int]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            yield
        counts.append(len(queries))

    def come_in(number: int) -> None:
        leads = [LeadFactory() for _ in range(number)]
        sent.clear()
        with counted(counts), transaction.atomic():
            route(leads)

    counts: list[int] = []
    come_in(1)  # whatever is read only once
    come_in(2)
    assert len(sent) == 2
    come_in(6)
    assert {group for group, _ in sent} == {rep_group(rep) for rep in reps}
    assert counts[1] == counts[2]


def test_a_layer_that_is_down_never_fails_a_claim(settings, amina, caplog):
    use(settings, "BrokenLayer")
    lead = LeadFactory(pool=PoolFactory(reps=[amina]))
    assert claim(lead, amina, via="page").result == "won"
    assert Assignment.objects.get().rep == amina
    release(lead, amina, reason="wrong region")
    assert Lead.objects.get().owner is None
    assert "the layer is down" in caplog.text


def test_a_layer_that_hangs_holds_up_no_claim(settings, amina, monkeypatch, caplog):
    use(settings, "HangingLayer")
    monkeypatch.setattr(publishing, "SEND_SECONDS", 0.01)
    lead = LeadFactory(pool=PoolFactory(reps=[amina]))
    assert claim(lead, amina, via="page").result == "won"
    assert "TimeoutError" in caplog.text


def test_versions_follow_each_other_however_many_act_at_once(sent):
    """Six reps claim and leads open at the same time, each in a thread and a connection of its
    own. Every version is told once, none is left out, and the last one is the database's."""
    reps = [RepFactory() for _ in range(6)]
    pool = PoolFactory(reps=reps)
    leads = [LeadFactory(pool=pool) for _ in range(5)]
    start = threading.Barrier(len(reps) + 2)

    def claims(rep) -> int:
        start.wait()
        try:
            return sum(claim(lead, rep, via="page").result == "won" for lead in leads)
        finally:
            connection.close()

    def opens() -> None:
        start.wait()
        try:
            for _ in range(5):
                LeadFactory(pool=pool)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(reps) + 2) as crew:
        opening = [crew.submit(opens) for _ in range(2)]
        won = sum(crew.map(claims, reps))
        for one in opening:
            one.result()
    told = [one["version"] for group, event in sent if "texts" in event for one in texts(event)]
    pool.refresh_from_db()
    assert won == 5
    assert sorted(told) == list(range(1, pool.version + 1))
    assert pool.version == 5 + 5 + 10


async def test_an_act_called_from_asynchronous_code_is_told_too(sent):
    with transaction.atomic():
        publish("some.group", Heartbeat({}))
    connection.close()
    assert [group for group, _ in sent] == ["some.group"]
