"""Being in touch with a lead: one tap, the time left, and what the history says (SL2, SL5)."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import claim, log_contact, release
from leaddistrib.models import (
    Contact,
    Lead,
    LogEntry,
    MessageTemplate,
    Outcome,
    Rep,
    ResponseClock,
    Satisfaction,
)
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at
from tests.web.conftest import signed_in

MINUTE = timedelta(minutes=1)


def at(name, lead):
    return reverse(f"leaddistrib:{name}", args=[lead.public_id])


def shown(who, lead):
    return signed_in(who).get(at("lead", lead)).content.decode()


@pytest.fixture
def own(cast, waiting):
    """Amina claimed it: her clock runs."""
    claim(waiting, cast.amina, via="page")
    waiting.refresh_from_db()
    return waiting


def due_in(lead, delta):
    """Move the deadline of the lead's clock, and its start before that."""
    due = timezone.now() + delta
    ResponseClock.objects.filter(lead=lead).update(
        started_at=due - timedelta(hours=1), due_at=due, next_at=due
    )


def test_one_tap_logs_the_call_and_goes_on_to_the_telephone(cast, own):
    answer = signed_in(cast.amina).post(at("contacts", own), {"channel": "call", "go": "1"})
    body = answer.content.decode()
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=tel:+33140203040">' in body
    assert 'href="tel:+33140203040"' in body
    assert "Noted." in body
    assert own.contacts.get().channel == "call"


def test_one_tap_logs_the_email_and_opens_it_with_the_template(cast, own):
    template = MessageTemplate.objects.create(
        name="Demo", subject="For {company}", body="Hello {contact_name},\nyours, {rep_name}"
    )
    given = {"channel": "email", "go": "1", "template": template.pk}
    body = signed_in(cast.amina).post(at("contacts", own), given).content.decode()
    link = (
        "mailto:jeanne@lenoir.example?subject=For%20Boulangerie%20Lenoir"
        "&amp;body=Hello%20Jeanne%20Lenoir%2C%0D%0Ayours%2C%20Amina"
    )
    assert f'content="0; url={link}"' in body
    assert own.contacts.get().channel == "email"


@pytest.mark.parametrize("template", ["", "999"])
def test_without_a_template_the_email_is_empty(cast, own, template):
    MessageTemplate.objects.create(name="Others", subject="x", body="y", lead_type="referral")
    given = {"channel": "email", "go": "1", "template": template}
    body = signed_in(cast.amina).post(at("contacts", own), given).content.decode()
    assert 'url=mailto:jeanne@lenoir.example"' in body


def test_a_template_of_another_team_fills_nothing(cast, own):
    foreign = MessageTemplate.objects.create(
        name="London", subject="SECRET", body="SECRET", team=cast.david.team
    )
    given = {"channel": "email", "go": "1", "template": foreign.pk}
    body = signed_in(cast.amina).post(at("contacts", own), given).content.decode()
    assert "SECRET" not in body
    assert "SECRET" not in shown(cast.amina, own)


def test_a_script_gets_the_answer_as_json_and_no_message_waits_for_the_next_page(cast, own):
    client = signed_in(cast.amina)
    answer = client.post(
        at("contacts", own), {"channel": "call", "go": "1"}, headers={"Accept": "application/json"}
    )
    assert answer.json() == {"result": "logged", "message": "Noted."}
    assert "Noted." not in client.get(at("lead", own)).content.decode()


def test_an_impatient_thumb_logs_one_call(cast, own):
    client = signed_in(cast.amina)
    for _ in range(3):
        client.post(at("contacts", own), {"channel": "call", "go": "1"})
    assert Contact.objects.count() == 1


def test_whoever_lost_the_lead_goes_on_to_no_call(cast, own):
    """Bruno's page is an old one, from when the lead was shared."""
    pool = PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])
    lead = LeadFactory(pool=pool, contact_phone="+33140203040", company="Lenoir")
    log_contact(lead, cast.amina, "call")
    bruno = signed_in(cast.bruno)
    given = {"channel": "call", "go": "1"}
    answer = bruno.post(at("contacts", lead), given, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["result"] == "lost"
    assert "Amina took it" in answer.json()["message"]
    answer = bruno.post(at("contacts", lead), given, follow=True)
    assert answer.redirect_chain == [(at("lead", lead), 302)]
    assert "+33140203040" not in answer.content.decode()


def test_a_busy_database_is_said_and_calls_nobody(cast, own, monkeypatch):
    def busy(*_args, **_options):
        raise Busy("")

    monkeypatch.setattr("leaddistrib.web.views.contacting.log_contact", busy)
    client = signed_in(cast.amina)
    given = {"channel": "call", "go": "1"}
    answer = client.post(at("contacts", own), given, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["result"]) == (503, "refused")
    page = client.post(at("contacts", own), given, follow=True).content.decode()
    assert "Nothing was changed: try again." in page


def test_one_tap_logs_a_text_message_and_opens_it(cast, own):
    given = {"channel": "other", "go": "1"}
    body = signed_in(cast.amina).post(at("contacts", own), given).content.decode()
    assert 'content="0; url=sms:+33140203040"' in body
    contact = own.contacts.get()
    assert (contact.channel, contact.note) == ("other", "Text message")


def test_a_text_message_reads_in_the_language_of_who_reads(cast, own):
    """Amina writes in French, Mireille reads in English."""
    Rep.objects.filter(pk=cast.amina.pk).update(language="fr")
    client = signed_in(cast.amina)
    client.get(at("lead", own))
    client.post(at("contacts", own), {"channel": "other", "go": "1"})
    with translation.override("fr"):
        said = translation.gettext("Text message")
    assert said != "Text message"
    assert f'<p class="note"><q>{said}</q></p>' in shown(cast.amina, own)
    with translation.override("en"):
        assert '<p class="note"><q>Text message</q></p>' in shown(cast.mireille, own)


@pytest.mark.parametrize(
    ("channel", "link"),
    [
        ("email", "mailto:jeanne@lenoir.example?body=https%3A%2F%2Fmeet.example%2Fa%3Fb%3D1"),
        ("other", "sms:+33140203040?body=https%3A%2F%2Fmeet.example%2Fa%3Fb%3D1"),
    ],
)
def test_one_tap_sends_the_booking_page_by_itself(cast, own, channel, link):
    Rep.objects.filter(pk=cast.amina.pk).update(booking_url="https://meet.example/a?b=1")
    assert f'data-go="{link}"' in shown(cast.amina, own)
    given = {"channel": channel, "go": "1", "booking": "1"}
    body = signed_in(cast.amina).post(at("contacts", own), given).content.decode()
    assert f'content="0; url={link}"' in body
    assert own.contacts.get().channel == channel


def test_looking_at_the_page_logs_nothing(cast, own):
    body = shown(cast.amina, own)
    assert 'data-go="tel:+33140203040"' in body
    assert 'data-go="mailto:jeanne@lenoir.example"' in body
    assert not Contact.objects.exists()
    assert signed_in(cast.amina).get(at("contacts", own)).status_code == 405


def test_a_manager_sees_the_numbers_and_no_button_that_logs(cast, own):
    body = shown(cast.mireille, own)
    assert 'href="tel:+33140203040"' in body
    assert "data-reach" not in body


# The time left ------------------------------------------------------------------------------


def deadline(body):
    found = re.search(r'<p class="deadline( is-late)?".*?</p>', body, re.S)
    return found and re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])).strip()


def test_the_lead_says_how_much_time_is_left_to_answer(cast, own):
    due_in(own, 5 * MINUTE)
    body = shown(cast.amina, own)
    assert "Time left to answer:" in deadline(body)
    assert 'class="deadline"' in body
    assert "Time left for Amina to answer:" in deadline(shown(cast.mireille, own))


def test_a_late_lead_says_so_without_anything_having_fired(cast, own):
    due_in(own, -5 * MINUTE)
    body = shown(cast.amina, own)
    assert 'class="deadline is-late"' in body
    assert "Late It was to be answered by" in deadline(body)
    assert "Amina was to answer it by" in deadline(shown(cast.mireille, own))


def test_rivals_read_nothing_of_a_colleagues_deadline(cast, own):
    due_in(own, -5 * MINUTE)
    assert deadline(shown(cast.bruno, own)) is None


def test_the_first_contact_ends_the_countdown(cast, own):
    assert deadline(shown(cast.amina, own))
    signed_in(cast.amina).post(at("contacts", own), {"channel": "meeting"})
    assert deadline(shown(cast.amina, own)) is None


def test_home_begins_with_what_is_late_and_then_what_is_due_first(cast, own):
    now = timezone.now()
    names = ("Later", "Late", "Soon")
    minutes = (90, -10, 2)
    for name, minute in zip(names, minutes, strict=True):
        lead = LeadFactory(pool=cast.pool, company=name, received_at=now - timedelta(days=1))
        claim(lead, cast.amina, via="page")
        due_in(lead, minute * MINUTE)
    log_contact(own, cast.amina, "call")
    LeadFactory(owner=cast.amina, company="Never asked", received_at=now)
    body = signed_in(cast.amina).get(reverse("leaddistrib:home")).content.decode()
    listed = re.findall(r'data-field="company"[^>]*>([^<]+)</a>', body)
    assert listed == ["Late", "Soon", "Later", "Never asked", "Boulangerie Lenoir"]
    assert body.count("is-late") == 1
    assert len(re.findall(r'class="until-due"[^>]*data-lapses>', body)) == 2


# What the history says ----------------------------------------------------------------------


def test_the_history_tells_who_was_to_answer_and_how_soon_they_did(cast, waiting):
    then = timezone.now()
    with clock_at(then):
        claim(waiting, cast.amina, via="page")
    waiting.refresh_from_db()
    with clock_at(then + 4 * MINUTE):
        log_contact(waiting, cast.amina, "call")
    body = shown(cast.amina, waiting)
    assert "Amina is to answer it" in body
    assert "Amina called" in body
    assert "Answered after 4 minutes, in time" in body


def test_a_late_answer_is_called_late(cast, waiting):
    then = timezone.now()
    with clock_at(then):
        claim(waiting, cast.amina, via="page")
    clock = ResponseClock.objects.get()
    waiting.refresh_from_db()
    with clock_at(clock.due_at + timedelta(hours=30)):
        log_contact(waiting, cast.amina, "call")
    assert re.search(r"Answered after \d+ (days?|hours), late", shown(cast.amina, waiting))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_event_has_words_and_none_of_them_breaks_a_page(cast, own, language):
    outcome = {"outcome": 1, "stage": "won", "value": "1200.00", "currency": "EUR"}
    details = {
        LogEntry.Event.CLOCK_STARTED: {"due_at": timezone.now().isoformat()},
        LogEntry.Event.OUTCOME: outcome,
        LogEntry.Event.OUTCOME_UNDONE: {"outcome": 1, "stage": "lost"},
        LogEntry.Event.SATISFACTION: {"measure": Satisfaction.Measure.CSAT, "score": 4},
        LogEntry.Event.RECYCLED: {"pool": "100 %s"},
    }
    for event in LogEntry.Event:
        for rep in (cast.bruno, None):
            own.log.create(event=event, rep=rep, at=timezone.now(), detail=details.get(event, {}))
    Rep.objects.filter(pk=cast.amina.pk).update(language=language)
    with translation.override(language):
        body = shown(cast.amina, own)
        assert f"{Outcome.Stage.WON.label} · 1200.00 EUR" in body
    assert "100 %s" in body


def test_the_history_says_who_did_not_answer_and_who_has_it_now(cast, own):
    now = timezone.now()
    own.log.create(event="response.reminded", rep=cast.amina, at=now)
    own.log.create(event="response.lapsed", rep=cast.amina, at=now, detail={"clock": 1})
    for rep, to in ((cast.bruno, "backup"), (None, "pool")):
        detail = {"from": "Amina", "to": to}
        own.log.create(event="lead.escalated", rep=rep, at=now, detail=detail)
    body = shown(cast.amina, own)
    assert "Amina was reminded to answer" in body
    assert "Amina did not answer in time" in body
    assert "Passed on to Bruno, because Amina did not answer" in body
    assert "The rep&#x27;s backup" in body
    assert "Passed on, because Amina did not answer" in body


def test_what_came_of_a_lead_is_no_part_of_a_preview(cast, own):
    own.log.create(
        event="outcome.recorded",
        rep=cast.amina,
        at=timezone.now(),
        detail={"outcome": 1, "stage": "won", "value": "1200.00", "currency": "EUR"},
    )
    body = shown(cast.bruno, own)
    assert "Outcome recorded" in body
    assert "1200.00" not in body
    assert "Won" not in body


def test_a_contact_that_was_logged_afterwards_says_when(cast, waiting):
    then = (timezone.now() + timedelta(days=1)).replace(hour=14, minute=2)
    with clock_at(then):
        claim(waiting, cast.amina, via="page")
    waiting.refresh_from_db()
    Lead.objects.update(received_at=then)
    with clock_at(then + 68 * MINUTE):
        log_contact(waiting, cast.amina, "call", at=then + MINUTE)
        log_contact(waiting, cast.amina, "email")
    body = shown(cast.amina, waiting)
    assert body.count("Logged afterwards:") == 1
    [said] = re.findall(r'Logged afterwards: <time data-moment datetime="([^"]+)"', body)
    assert datetime.fromisoformat(said) == then + 68 * MINUTE
    assert "Logged afterwards:" not in shown(cast.bruno, waiting)


def test_rivals_read_nothing_of_who_was_to_answer_and_did_not(cast, own):
    now = timezone.now()
    own.log.create(event="response.reminded", rep=cast.amina, at=now)
    own.log.create(event="response.lapsed", rep=cast.amina, at=now, detail={"clock": 1})
    detail = {"from": "Amina", "to": "backup"}
    own.log.create(event="lead.escalated", rep=cast.david, at=now, detail=detail)
    own.log.create(event="lead.escalated", rep=None, at=now, detail=detail | {"to": "pool"})
    for telling in ("is to answer", "was reminded", "did not answer", "By <time"):
        assert telling in shown(cast.amina, own)
        assert telling not in shown(cast.bruno, own)
    assert "Passed on to David" in shown(cast.bruno, own)


def test_who_let_a_lead_lapse_reads_that(cast, own):
    """It is a colleague's now, and a preview to Amina."""
    now = timezone.now()
    own.log.create(event="response.lapsed", rep=cast.amina, at=now, detail={"clock": 1})
    detail = {"from": "Amina", "to": "backup"}
    own.log.create(event="lead.escalated", rep=cast.bruno, at=now, detail=detail)
    Lead.objects.update(owner=cast.bruno)
    body = shown(cast.amina, own)
    assert "Amina is to answer it" in body
    assert "Amina did not answer in time" in body
    assert "Passed on to Bruno, because Amina did not answer" in body


# A slip, and nobody answers ------------------------------------------------------------------


def test_a_slip_is_taken_back_from_the_leads_page(cast, own):
    client = signed_in(cast.amina)
    client.post(at("contacts", own), {"channel": "call", "go": "1"})
    body = client.get(at("lead", own)).content.decode()
    assert "Amina called." in body
    assert "That was a slip" in body
    assert deadline(body) is None
    answer = client.post(at("contact-undo", own), {"contact": own.contacts.get().pk}, follow=True)
    body = answer.content.decode()
    assert "Taken back: the lead is still to be reached." in body
    assert "That was a slip" not in body
    assert "Time left to answer:" in deadline(body)
    assert "Amina took the contact back" in body
    assert re.search(r"Amina called</p><p class=\"more-known\">It was taken back<", body)
    assert not Contact.objects.exists()


def test_a_call_that_nobody_answered_is_an_attempt_and_is_still_to_be_answered(cast, own):
    client = signed_in(cast.amina)
    client.post(at("contacts", own), {"channel": "call", "go": "1"})
    given = {"contact": own.contacts.get().pk, "unanswered": "1"}
    body = client.post(at("contact-undo", own), given, follow=True).content.decode()
    assert "Noted: nobody answered." in body
    assert "Amina called, and nobody answered" in body
    assert "1 attempt without an answer, the last at" in body
    assert deadline(body)


def test_attempts_are_seen_by_who_has_the_lead_and_who_looks_after_it(cast, own):
    client = signed_in(cast.amina)
    body = client.get(at("lead", own)).content.decode()
    assert f'formaction="{at("attempts", own)}"' in body
    client.post(at("attempts", own), {"channel": "call", "note": "Voicemail"})
    client.post(at("attempts", own), {"channel": "call", "note": "Engaged"})
    for body in (
        client.get(at("lead", own)).content.decode(),
        client.get(reverse("leaddistrib:home")).content.decode(),
        shown(cast.mireille, own),
    ):
        assert "2 attempts without an answer, the last at" in body
    assert "Voicemail" in shown(cast.mireille, own)
    assert "attempts without an answer" not in shown(cast.bruno, own)
    assert "Voicemail" not in shown(cast.bruno, own)


@pytest.mark.parametrize("name", ["attempts", "contact-undo"])
def test_only_who_has_a_lead_says_how_it_went(cast, own, name):
    log_contact(own, cast.amina, "call")
    given = {"channel": "call", "contact": own.contacts.get().pk}
    for who, status in ((cast.bruno, 403), (cast.david, 404), (cast.mireille, 404)):
        client = signed_in(who)
        asked = client.post(at(name, own), given, headers={"Accept": "application/json"})
        assert asked.status_code == status
    assert Contact.objects.count() == 1
    assert not own.log.filter(event="lead.attempted").exists()


def test_what_cannot_be_taken_back_any_more_is_said(cast, own):
    with clock_at(timezone.now() - timedelta(minutes=11)):
        log_contact(own, cast.amina, "call")
    client = signed_in(cast.amina)
    assert "That was a slip" not in client.get(at("lead", own)).content.decode()
    for given in ({"contact": own.contacts.get().pk}, {"contact": "x"}, {}):
        body = client.post(at("contact-undo", own), given, follow=True).content.decode()
        assert "There is nothing (any more) that you could take back here." in body
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "act"), [("attempts", "log_attempt"), ("contact-undo", "undo_contact")]
)
def test_a_busy_database_changes_nothing(cast, own, monkeypatch, name, act):
    def busy(*_args, **_options):
        raise Busy("")

    monkeypatch.setattr(f"leaddistrib.web.views.contacting.{act}", busy)
    given = {"channel": "call", "contact": 1}
    body = signed_in(cast.amina).post(at(name, own), given, follow=True).content.decode()
    assert "Nothing was changed: try again." in body


def test_a_note_that_is_too_long_is_shown_again_with_what_is_wrong(cast, own):
    answer = signed_in(cast.amina).post(at("attempts", own), {"channel": "call", "note": "x" * 501})
    assert answer.status_code == 400
    assert "x" * 501 in answer.content.decode()


def test_who_taps_both_buttons_reads_what_the_log_says(cast, own):
    """On a slow line the second tap comes before the first one's page."""
    client = signed_in(cast.amina)
    client.post(at("contacts", own), {"channel": "call", "go": "1"})
    slip = {"contact": own.contacts.get().pk}
    client.post(at("contact-undo", own), slip)
    tried = slip | {"unanswered": "1"}
    body = client.post(at("contact-undo", own), tried, follow=True).content.decode()
    assert "Noted: nobody answered." in body
    assert "1 attempt without an answer, the last at" in body
    client.get(at("lead", own))
    body = client.post(at("contact-undo", own), slip, follow=True).content.decode()
    assert "Taken back" not in body
    assert "There is nothing (any more) that you could take back here." in body


def test_a_tap_on_a_lead_with_a_long_history_is_drawn(cast, own):
    """The script compares ``data-state`` of the page that it fetches with its own."""
    for _ in range(60):
        own.log.create(event="lead.attempted", rep=cast.amina, at=timezone.now(), detail={})
    client = signed_in(cast.amina)

    def state():
        [found] = re.findall(r'data-state="([^"]+)" data-stales', shown(cast.amina, own))
        return found

    before = state()
    assert state() == before
    client.post(at("contacts", own), {"channel": "call", "go": "1"})
    called = state()
    assert called != before
    client.post(at("contact-undo", own), {"contact": own.contacts.get().pk})
    assert state() not in (before, called)


def test_enter_in_the_note_logs_nothing_and_asks_how(cast, own):
    """Enter presses the first button of the form."""
    client = signed_in(cast.amina)
    body = client.get(at("lead", own)).content.decode()
    [form] = re.findall(r'<form class="contact-form".*?</form>', body, re.S)
    first = re.findall(r"<button([^>]*)>", form)[0]
    pressed = dict(re.findall(r'(\w+)="([^"]*)"', first))
    assert "formaction" not in pressed
    given = {"note": "Voicemail"}
    if "name" in pressed:
        given[pressed["name"]] = pressed["value"]
    answer = client.post(at("contacts", own), given)
    assert answer.status_code == 400
    assert "Say how you were in touch." in answer.content.decode()
    assert 'value="Voicemail"' in answer.content.decode()
    assert not Contact.objects.exists()
    assert deadline(client.get(at("lead", own)).content.decode())


# Meetings -----------------------------------------------------------------------------------


def test_a_rep_says_where_customers_book_and_sees_it_with_each_lead(cast, own):
    client = signed_in(cast.amina)
    address = reverse("leaddistrib:booking")
    answer = client.post(address, {"booking_url": "meet.example.com/amina"}, follow=True)
    assert "Your booking page is saved." in answer.content.decode()
    assert 'value="https://meet.example.com/amina"' in answer.content.decode()
    cast.amina.refresh_from_db()
    assert cast.amina.booking_url == "https://meet.example.com/amina"
    assert cast.amina.history.first().history_user == cast.amina.user
    assert 'href="https://meet.example.com/amina"' in shown(cast.amina, own)
    client.post(address, {"booking_url": ""})
    cast.amina.refresh_from_db()
    assert cast.amina.booking_url == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.example/", "not an address"])
def test_what_is_no_page_of_the_web_is_no_booking_page(cast, url):
    answer = signed_in(cast.amina).post(reverse("leaddistrib:booking"), {"booking_url": url})
    assert answer.status_code == 400
    assert "Enter a valid URL." in answer.content.decode()
    cast.amina.refresh_from_db()
    assert cast.amina.booking_url == ""


def test_only_reps_have_a_booking_page(cast):
    answer = signed_in(cast.mireille).post(reverse("leaddistrib:booking"), {"booking_url": ""})
    assert answer.status_code == 403


def test_a_lead_given_back_shows_no_deadline_any_more(cast, own):
    release(own, cast.amina, reason="Wrong market")
    assert deadline(shown(cast.amina, own)) is None
    assert deadline(shown(cast.mireille, own)) is None
