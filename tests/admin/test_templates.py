"""First messages are written by sales operations, and checked before reps send them (SL5)."""

import pytest
from django.urls import reverse

from leaddistrib.models import MessageTemplate

ADD = reverse("admin:leaddistrib_messagetemplate_add")


def fields(**given):
    return {
        "name": "Demo",
        "active": "on",
        "team": "",
        "lead_type": "",
        "language": "",
        "subject": "Your demo of {product}",
        "body": "Hello {contact_name},\r\n{booking_link}",
        **given,
    }


@pytest.fixture
def olga(db, signed_in):
    return signed_in("add_messagetemplate", "change_messagetemplate", "view_messagetemplate")


def test_a_template_is_written_and_read_as_it_will_be_sent(olga):
    answer = olga.post(ADD, fields(language="fr"))
    assert answer.status_code == 302
    kept = MessageTemplate.objects.get()
    assert (kept.language, kept.subject) == ("fr", "Your demo of {product}")
    assert kept.history.get().history_user == olga.user
    body = olga.get(reverse("admin:leaddistrib_messagetemplate_change", args=[kept.pk]))
    assert "Your demo of Route planner" in body.content.decode()
    assert "Hello Jeanne Lenoir,\r\nhttps://meet.example.com/amina" in body.content.decode()


def test_placeholders_are_listed_where_they_are_written(olga):
    body = olga.get(ADD).content.decode()
    assert "<code>{contact_name}</code> the contact&#x27;s name" in body
    assert "<code>{booking_link}</code>" in body


@pytest.mark.parametrize("field", ["subject", "body"])
def test_a_placeholder_that_does_not_exist_is_named(olga, field):
    answer = olga.post(ADD, fields(**{field: "Hello {first_name}, {company} {lead.owner}"}))
    form = answer.context["adminform"].form
    assert form.errors == {field: ["Placeholders {first_name}, {lead.owner} do not exist."]}
    answer = olga.post(ADD, fields(**{field: "Hello {first_name}"}))
    form = answer.context["adminform"].form
    assert form.errors == {field: ["There is no placeholder {first_name}."]}
    assert not MessageTemplate.objects.exists()


def test_what_is_written_is_text_wherever_it_is_shown(olga):
    olga.post(
        ADD, fields(name="Demo", subject="<script>alert(1)</script>", body="<b>{company}</b>")
    )
    kept = MessageTemplate.objects.get()
    body = olga.get(reverse("admin:leaddistrib_messagetemplate_change", args=[kept.pk]))
    assert "<script>alert" not in body.content.decode()
    assert "<b>Boulangeries" not in body.content.decode()
