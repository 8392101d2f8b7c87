"""What e-mails say, to whom, and what a mail server's answer means (NO1, NO2)."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import locmem, smtp
from django.db import transaction
from time_machine import travel

from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.models import Assignment, Channel, Lead, OutboxMessage, ResponseClock, Satisfaction
from leaddistrib.notify.links import read_survey
from leaddistrib.policy import Policy
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, UserFactory
from tests.notify.conftest import LENOIR, NOON, send, write
from tests.notify.mailserver import goes_by

SITE = {"SITE_URL": "https://leads.example.com"}


@pytest.fixture(autouse=True)
def site(settings):
    settings.LEADDISTRIB = SITE


class Discreet(Policy):
    """A host whose previews name no company."""

    def fields(self, view):
        return tuple(name for name in super().fields(view) if name != "company")


def test_the_mail_says_what_a_preview_shows_and_leads_to_it(amina, lead):
    with transaction.atomic():
        start_clocks(list(Assignment.objects.all()), clock.now())

    send(write(Channel.EMAIL, rep=amina, lead=lead))

    [sent] = mail.outbox
    body = str(sent.body)
    assert sent.subject == "New lead: Lenoir"
    assert sent.to == ["amina@example.com"]
    for line in (
        "Answer it by ",
        "Company: Lenoir",
        "Size: Enterprise (500+)",
        "Contact: Head of IT",
        "Source: website",
        "Score: 87 (Hot)",
        "https://leads.example.com/leads/preview/",
    ):
        assert line in body
    assert not any(LENOIR[name] in body for name in ("contact_name", "contact_phone"))


def test_what_a_hosts_policy_keeps_from_previews_is_in_no_mail(amina, lead, settings):
    settings.LEADDISTRIB = {**SITE, "POLICY": f"{Discreet.__module__}.{Discreet.__name__}"}

    send(write(Channel.EMAIL, rep=amina, lead=lead))

    [sent] = mail.outbox
    assert "Lenoir" not in f"{sent.subject} {sent.body}"
    assert sent.subject == "New lead: Head of IT"


def test_a_lead_without_a_company_is_not_called_by_its_contact(amina):
    lead = LeadFactory(owner=amina, company="", contact_name="Ana Lenoir")

    send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert mail.outbox[0].subject == "New lead: Company not known"


def test_a_company_cannot_write_headers_or_lines(amina):
    lead = LeadFactory(owner=amina, company="Evil\r\nBcc: all@example.com\n\nPay here")

    send(write(Channel.EMAIL, rep=amina, lead=lead))

    [sent] = mail.outbox
    assert sent.subject == "New lead: Evil Bcc: all@example.com Pay here"
    assert "\nPay here" not in sent.body


def test_the_mail_is_in_the_language_of_the_rep_or_of_the_site(amina, lead, settings):
    settings.LANGUAGE_CODE = "fr"
    send(write(Channel.EMAIL, rep=amina, lead=lead))
    amina.language = "en"
    amina.save()
    send(write(Channel.EMAIL, "lead.assigned:0", rep=amina, lead=lead))

    first, second = mail.outbox
    assert first.body.startswith("Bonjour")
    assert second.body.startswith("Hello")


def test_times_are_those_of_the_rep(amina, lead):
    amina.time_zone = "Asia/Tokyo"
    amina.save()
    with travel(NOON, tick=False):
        message = write(Channel.EMAIL, rep=amina, lead=lead)
        ResponseClock.objects.all().delete()
        assignment = Assignment.objects.get()
        due_at = NOON + timedelta(minutes=95)
        ResponseClock.objects.create(
            assignment=assignment, lead=lead, rep=amina, started_at=NOON, due_at=due_at
        )
        message = send(message)

    assert "Answer it by 10:35 p.m." in mail.outbox[0].body  # 21:00 there at noon in UTC


def test_the_customer_is_asked_in_the_own_language_by_a_link_of_their_own(amina, lead):
    Lead.objects.filter(pk=lead.pk).update(language="fr")
    asked = Satisfaction.objects.create(lead=lead, rep=amina, asked_at=clock.now())
    message = send(write(Channel.EMAIL, f"satisfaction.asked:{asked.pk}", lead=lead))

    assert message.sent_at is not None
    [sent] = mail.outbox
    assert sent.to == ["ana@lenoir.example"]
    [url] = [line for line in str(sent.body).splitlines() if line.startswith("https://")]
    assert read_survey(url.rstrip("/").rpartition("/")[2]) == asked
    assert "amina" not in sent.body


def test_a_contact_without_an_address_is_not_asked(amina):
    lead = LeadFactory(owner=amina, contact_email="")
    asked = Satisfaction.objects.create(lead=lead, rep=amina, asked_at=clock.now())

    message = send(write(Channel.EMAIL, f"satisfaction.asked:{asked.pk}", lead=lead))

    assert message.last_error == "no_address"
    assert mail.outbox == []


def test_a_mail_that_went_out_twice_can_be_told(amina, lead):
    """A crash between send and mark: both have the same name."""
    message = send(write(Channel.EMAIL, rep=amina, lead=lead))
    OutboxMessage.objects.update(sent_at=None, due_at=message.created_at)
    send(message)

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert message.reference == first.extra_headers["Message-ID"]


def test_whoever_has_no_lead_to_see_is_led_to_the_page(db):
    mireille = UserFactory(username="mireille")
    now = clock.now()
    message = OutboxMessage.objects.create(
        event="channel.test:1",
        channel=Channel.EMAIL,
        recipient=mireille,
        created_at=now,
        due_at=now,
    )

    assert send(message).sent_at is not None
    assert mail.outbox[0].subject == "Test message"


@pytest.mark.parametrize(
    ("problem", "reason", "dead"),
    [
        (smtplib.SMTPServerDisconnected("CANARY"), "unreachable: SMTPServerDisconnected", False),
        (TimeoutError("CANARY"), "unreachable: TimeoutError", False),
        (smtplib.SMTPAuthenticationError(535, b"CANARY"), "credentials_refused: 535", False),
        (smtplib.SMTPSenderRefused(451, b"CANARY", "x"), "answered: 451", False),
        (smtplib.SMTPDataError(554, b"CANARY"), "answered: 554", True),
        (smtplib.SMTPRecipientsRefused({"CANARY": (550, b"CANARY")}), "answered: 550", True),
        (smtplib.SMTPRecipientsRefused({"CANARY": (450, b"CANARY")}), "answered: 450", False),
    ],
)
def test_what_the_mail_server_answers_decides(
    amina, lead, monkeypatch, caplog, problem, reason, dead
):
    def refuse(backend, mails):
        raise problem

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse)

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert message.last_error == reason
    assert (message.dead_at is not None) is dead
    assert "CANARY" not in caplog.text


def test_no_mail_server_is_waited_for_for_ever_where_the_host_says_nothing(
    amina, lead, settings, monkeypatch
):
    """Django's own default is to wait; a host project that sets its own time keeps it."""
    patience = []

    def handed(backend, mails):
        patience.append(backend.timeout)
        return len(mails)

    monkeypatch.setattr(smtp.EmailBackend, "send_messages", handed)
    for seconds in (None, 5):
        goes_by(settings, host="mail.example", timeout=seconds)
        send(write(Channel.EMAIL, f"lead.assigned:{seconds or 0}", rep=amina, lead=lead))

    assert patience == [15, 5]
