"""A lead's preview by a link alone: what it shows, and that it does nothing (NO2, IG4)."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from leaddistrib.lifecycle import log_contact
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.subscribing import revoke_links
from leaddistrib.models import Claim, Lead, Offer, Pool, ResponseClock, ResponsePolicy
from leaddistrib.notify.links import preview_token
from leaddistrib.policy import Policy, View
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at
from tests.web.conftest import signed_in
from tests.web.test_pages import PERSONAL


def link(lead, rep) -> str:
    return reverse("leaddistrib:preview", args=[preview_token(lead, rep, timezone.now())])


def seen(lead, rep) -> str:
    return reverse("leaddistrib:preview-seen", args=[preview_token(lead, rep, timezone.now())])


def look(lead, rep):
    return Client().get(link(lead, rep))


def test_whoever_has_the_link_sees_what_makes_a_lead_worth_claiming(cast, waiting):
    answer = look(waiting, cast.amina)
    assert answer.status_code == 200
    text = answer.content.decode()
    for shown in ("Boulangerie Lenoir", "Director", "website", "86", "Hot", "Lyon, France"):
        assert shown in text


def test_nothing_of_the_person_is_shown_whoever_the_lead_belongs_to(cast):
    shared = PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])
    everywhere: tuple[dict[str, object], ...] = (
        {"pool": cast.pool},
        {"pool": shared},
        {"pool": cast.pool, "owner": cast.amina},
        {"pool": cast.pool, "owner": cast.bruno},
    )
    for number, where in enumerate(everywhere):
        personal = PERSONAL | {"external_id": f"CANARY-ID-{number}"}
        lead = LeadFactory(company="Lenoir", **where, **personal)
        answer = look(lead, cast.amina)
        everything = answer.content.decode() + str(answer.headers)
        assert "Lenoir" in everything
        assert "canary" not in everything.lower()
        assert "+33100000000" not in everything
        assert "Bruno" not in everything


def test_the_link_is_kept_by_no_cache_and_told_to_no_other_site(cast, waiting):
    for address in (link(waiting, cast.amina), "/leads/preview/worthless/"):
        answer = Client().get(address)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_changes_nothing(cast, waiting, method):
    address, client = link(waiting, cast.amina), Client()
    with CaptureQueriesContext(connection) as asked:
        getattr(client, method)(address)
    verbs = {query["sql"].split()[0] for query in asked.captured_queries}
    assert verbs == {"SELECT"}
    assert not client.cookies
    assert Offer.objects.get(lead=waiting, rep=cast.amina).seen_at is None


def test_the_link_claims_nothing_by_any_method(cast, waiting):
    client = Client()
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(link(waiting, cast.amina)).status_code == 405
    client.post(seen(waiting, cast.amina))
    waiting.refresh_from_db()
    assert waiting.owner is None
    assert not Claim.objects.exists()


def test_the_button_leads_by_signing_in_to_the_confirmation(cast, waiting):
    text = look(waiting, cast.amina).content.decode()
    confirmation = reverse("leaddistrib:claim", args=[waiting.public_id])
    assert f'href="{confirmation}"' in text
    assert "<form" not in text
    answer = Client().get(confirmation)
    assert answer["Location"] == f"{reverse('login')}?next={quote(confirmation, safe='')}"
    confirmed = signed_in(cast.amina).get(confirmation)
    assert confirmed.status_code == 200
    assert "Boulangerie Lenoir" in confirmed.content.decode()


def test_a_link_that_reached_somebody_else_claims_in_nobodys_name(cast, waiting):
    """Oscar has Bruno's link and an account of his own."""
    client = signed_in(cast.oscar)
    assert client.get(link(waiting, cast.bruno)).status_code == 200
    confirmation = reverse("leaddistrib:claim", args=[waiting.public_id])
    assert client.post(confirmation).status_code == 404
    waiting.refresh_from_db()
    assert waiting.owner is None


def test_a_lead_that_a_colleague_took_is_said_to_be_taken(cast, waiting):
    claim(waiting, cast.bruno, via="page")
    text = look(waiting, cast.amina).content.decode()
    assert "A colleague has this lead." in text
    assert "/claim/" not in text


def test_an_own_lead_is_opened_not_claimed(cast, waiting):
    claim(waiting, cast.amina, via="page")
    text = look(waiting, cast.amina).content.decode()
    assert "This lead is yours" in text
    assert f'href="{reverse("leaddistrib:lead", args=[waiting.public_id])}"' in text
    assert "/claim/" not in text


def test_a_closed_lead_is_said_to_be_closed(cast, waiting):
    claim(waiting, cast.amina, via="page")
    log_contact(waiting, cast.amina, "call")
    close(Lead.objects.get(), cast.amina, reason="Became a customer")
    text = look(waiting, cast.amina).content.decode()
    assert "This lead is closed." in text
    assert "/claim/" not in text


def test_a_lead_of_a_shared_pool_is_opened(cast):
    shared = PoolFactory(mode=Pool.Mode.SHARED, reps=[cast.amina])
    text = look(LeadFactory(pool=shared), cast.amina).content.decode()
    assert "Open the lead" in text
    assert "/claim/" not in text


def test_before_its_window_a_lead_says_when_it_opens_and_has_its_button_ready(cast, waiting):
    """The page hides the button for as long as it says how long that is."""
    Offer.objects.filter(lead=waiting, rep=cast.amina).update(
        opens_at=timezone.now() + timedelta(minutes=5), opened_at=None
    )
    text = look(waiting, cast.amina).content.decode()
    [bar] = re.findall(r'<div class="claim-bar">(.+?)</div>', text)
    assert bar.index("data-window") < bar.index("Opens for you in") < bar.index("/claim/")
    assert "data-window" not in look(waiting, cast.bruno).content.decode()


@pytest.mark.parametrize(("minutes", "late"), [(4, False), (6, True)])
def test_an_own_lead_says_how_much_time_is_left_to_answer_it(cast, waiting, minutes, late):
    ResponsePolicy.objects.update(active=False)
    ResponsePolicy.objects.create(name="Within 5 minutes", position=1, minutes=5)
    taken_at = timezone.now()
    claim(waiting, cast.amina, via="page")
    due = ResponseClock.objects.get(lead=waiting).due_at
    with clock_at(taken_at + timedelta(minutes=minutes)):
        text = look(waiting, cast.amina).content.decode()
        colleague = look(waiting, cast.bruno).content.decode()
    assert f'data-due="{date_format(localtime(due), "c")}"' in text
    assert ("is-late" in text) is late
    [left] = re.findall(r'<li class="until-due"[^>]*>', text)
    assert ("hidden" in left) is late
    assert "Answer in" not in colleague
    assert "data-due" not in colleague


def test_wrong_old_revoked_and_foreign_links_answer_alike(cast, waiting):
    now = timezone.now()
    old = preview_token(waiting, cast.amina, now - timedelta(hours=25))
    foreign = preview_token(waiting, cast.david, now)
    with clock_at(now + timedelta(seconds=1)):
        revoke_links(cast.bruno.user)
    revoked = preview_token(waiting, cast.bruno, now)
    erased = preview_token(waiting, cast.amina, now)
    answers = set()
    for token in (old, foreign, revoked, "nonsense", erased):
        if token == erased:
            waiting.delete()
        for path, method in (("preview", "get"), ("preview-seen", "post")):
            answer = getattr(Client(), method)(reverse(f"leaddistrib:{path}", args=[token]))
            assert answer.status_code == 404
            if method == "get":
                answers.add(answer.content)
    assert len(answers) == 1


def test_a_page_that_somebody_looks_at_stamps_the_lead_as_seen_once(cast, waiting):
    offers = Offer.objects.filter(lead=waiting, rep=cast.amina)
    strict = Client(enforce_csrf_checks=True)  # a phone that never signed in has no CSRF token
    assert strict.post(seen(waiting, cast.amina)).status_code == 204
    first = offers.get().seen_at
    assert first is not None
    strict.post(seen(waiting, cast.amina))
    assert offers.get().seen_at == first
    assert Offer.objects.get(lead=waiting, rep=cast.bruno).seen_at is None


def test_an_own_lead_is_stamped_as_seen(cast):
    lead = LeadFactory(pool=cast.pool, owner=cast.amina)
    Client().post(seen(lead, cast.amina))
    assert lead.assignments.get().seen_at is not None


def test_the_preview_speaks_the_language_of_its_rep(cast, waiting):
    cast.amina.language = "fr"
    cast.amina.save()
    assert '<html lang="fr"' in look(waiting, cast.amina).content.decode()
    assert '<html lang="en"' in look(waiting, cast.bruno).content.decode()


class Blind(Policy):
    """A host that shows nothing but the score before a lead is claimed."""

    def fields(self, view: View) -> tuple[str, ...]:
        return ("score",) if view is View.PREVIEW else super().fields(view)


def test_what_a_host_keeps_from_previews_is_kept_from_links(cast, waiting, settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "POLICY": f"{__name__}.Blind"}
    text = look(waiting, cast.amina).content.decode()
    assert "86" in text
    for hidden in ("Lenoir", "Director", "Lyon", "website"):
        assert hidden not in text


def test_a_preview_costs_few_queries(cast, waiting):
    with CaptureQueriesContext(connection) as asked:
        assert look(waiting, cast.amina).status_code == 200
    assert len(asked) <= 10
