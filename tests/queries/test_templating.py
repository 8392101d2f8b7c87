"""First messages: safe placeholders, and templates that fit a lead (SL5)."""

from email import message_from_string, policy
from urllib.parse import parse_qs, urlsplit

import pytest

from leaddistrib.models import Lead, MessageTemplate, Rep
from leaddistrib.policy import View, disclose
from leaddistrib.queries.templating import (
    PLACEHOLDERS,
    fill,
    first_messages,
    mailto,
    tel,
    unknown_placeholders,
    values_of,
)
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory


@pytest.fixture
def amina(db):
    return RepFactory(
        user__username="amina",
        user__first_name="Amina",
        user__last_name="Benali",
        user__email="amina@example.com",
        team=TeamFactory(name="Paris"),
        booking_url="https://meet.example.com/amina",
    )


@pytest.fixture
def lead(amina):
    return LeadFactory(
        owner=amina,
        company="Boulangeries Lenoir",
        contact_name="Jeanne Lenoir",
        contact_title="Director",
        contact_email="jeanne@lenoir.example",
        product="Route planner",
        city="Lyon",
        lead_type="demo_request",
        language="fr",
    )


def written(lead, rep):
    """The first messages of a rep who may see the whole lead."""
    return first_messages(lead, rep, disclose(lead, View.WHOLE))


def test_every_placeholder_says_something_of_the_lead_or_the_rep(lead, amina):
    text = " / ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    assert unknown_placeholders(text) == []
    assert fill(text, values_of(disclose(lead, View.WHOLE), amina)) == (
        "Jeanne Lenoir / Director / Boulangeries Lenoir / Route planner / Lyon / Amina Benali"
        " / amina@example.com / Paris / https://meet.example.com/amina"
    )


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {contact_name},", "Hello,"),
        ("{company} and {company}", "Lenoir and Lenoir"),
        ("Greetings from {city}. {company}", "Greetings from. Lenoir"),
        ("{ company } {}", "{ company } {}"),
        *[
            (f"{{{tried}}}", f"{{{tried}}}")
            for tried in ("company.owner", "company!r", "0", "lead")
        ],
        ("{{company}}", "{Lenoir}"),
        ("no braces", "no braces"),
    ],
)
def test_placeholders_are_replaced_and_nothing_else_is_read(text, filled):
    assert fill(text, {"company": "Lenoir", "contact_name": "", "city": ""}) == filled


def test_a_value_with_braces_is_text_and_is_not_filled_again(lead, amina):
    lead.company = "{rep_email} & Sons {contact_name}"
    values = values_of(disclose(lead, View.WHOLE), amina)
    assert fill("{company}", values) == "{rep_email} & Sons {contact_name}"


def test_unknown_placeholders_are_named_once_as_they_were_written():
    text = "{contact} {company} {contact} {first name} {company.owner}"
    assert unknown_placeholders(text) == ["contact", "first name", "company.owner"]


def template(name, **given):
    return MessageTemplate.objects.create(
        **{"name": name, "subject": "{company}", "body": "Hello {contact_name},\n\nYours", **given}
    )


def test_templates_that_fit_come_with_the_most_particular_first(lead, amina):
    template("Everybody")
    template("Also everybody")
    template("French demos of Paris", lead_type="Demo_Request", language="fr", team=amina.team)
    template("Demos", lead_type="demo_request")
    template("English", language="en")
    template("Referrals", lead_type="referral")
    template("London", team=TeamFactory(name="London"))
    template("Old", active=False)
    names = [one.name for one in written(lead, amina)]
    assert names == ["French demos of Paris", "Demos", "Also everybody", "Everybody"]


def test_a_rep_without_a_team_gets_those_for_everybody(lead):
    template("Everybody")
    template("Paris", team=lead.owner.team)
    david = RepFactory(team=None)
    assert [one.name for one in written(lead, david)] == ["Everybody"]


def test_a_lead_without_an_address_is_written_nothing(lead, amina, django_assert_num_queries):
    template("Everybody")
    lead.contact_email = ""
    with django_assert_num_queries(0):
        assert written(lead, amina) == []


def test_templates_cost_one_query(lead, amina, django_assert_num_queries):
    for number in range(5):
        template(f"Template {number}")
    rep = Rep.objects.select_related("user", "team").get(pk=amina.pk)
    with django_assert_num_queries(1):
        assert len(written(lead, rep)) == 5


def opened(link):
    """What an e-mail program makes of a link."""
    parts = urlsplit(link)
    assert parts.scheme == "mailto"
    return parts.path, {name: value for name, [value] in parse_qs(parts.query).items()}


def test_an_email_is_opened_with_subject_and_lines(lead, amina):
    template("Everybody", body="Hello {contact_name},\n\nà bientôt & 100 % + more?\n{booking_link}")
    [message] = written(lead, amina)
    address, fields = opened(message.mailto)
    assert address == "jeanne@lenoir.example"
    assert fields == {
        "subject": "Boulangeries Lenoir",
        "body": "Hello Jeanne Lenoir,\r\n\r\nà bientôt & 100 % + more?\r\n"
        "https://meet.example.com/amina",
    }


@pytest.mark.parametrize("field", ["company", "contact_name"])
def test_no_value_adds_a_header_or_a_recipient(lead, amina, field):
    """What a source sends is not trusted."""
    attack = "Lenoir\r\nBcc: eve@evil.example&bcc=eve@evil.example?cc=eve@evil.example"
    setattr(lead, field, attack)
    lead.contact_email = "jeanne@lenoir.example"
    template("Everybody", subject="{company} {contact_name}")
    [message] = written(lead, amina)
    address, fields = opened(message.mailto)
    assert address == "jeanne@lenoir.example"
    assert set(fields) == {"subject", "body"}
    sent = message_from_string(f"Subject: {fields['subject']}\n\n", policy=policy.default)
    assert sent.keys() == ["Subject"]


def test_an_address_with_signs_of_its_own_stays_one_address():
    address, fields = opened(mailto("o'hara+x?cc=eve@evil.example", "Hi"))
    assert "?" not in address
    assert fields == {"subject": "Hi"}
    assert mailto("jeanne@lenoir.example") == "mailto:jeanne@lenoir.example"


def test_a_number_opens_the_telephone():
    assert tel("+33140203040") == "tel:+33140203040"
    assert tel("1;phone-context=x y") == "tel:1%3Bphone-context%3Dx%20y"


def test_nothing_of_a_lead_is_changed_by_reading_it(lead, amina):
    before = Lead.objects.values().get(pk=lead.pk)
    template("Everybody")
    written(lead, amina)
    assert Lead.objects.values().get(pk=lead.pk) == before
