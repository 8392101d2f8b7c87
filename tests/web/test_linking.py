"""Who presses a button in Slack ties that account to the one here, signed in, by a form (NO1)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from leaddistrib.models import NotificationSettings
from leaddistrib.notify.links import slack_link_token
from leaddistrib.testing import RepFactory, UserFactory

pytestmark = pytest.mark.django_db


def page(member="U0AMINA"):
    return reverse("leaddistrib:slack-link", args=[slack_link_token(member)])


@pytest.fixture
def amina(client, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    rep = RepFactory(user__username="amina")
    client.force_login(rep.user)
    return rep


def member_of(user):
    known = NotificationSettings.objects.filter(user=user).first()
    return known.slack_member if known else ""


def test_the_link_asks_and_ties_nothing(client, amina):
    answer = client.get(page())

    assert answer.status_code == 200
    assert "U0AMINA" in answer.content.decode()
    assert member_of(amina.user) == ""


def test_the_form_ties_the_account(client, amina):
    answer = client.post(page(), follow=True)

    assert answer.status_code == 200
    assert "From now on you can claim leads in Slack" in answer.content.decode()
    assert member_of(amina.user) == "U0AMINA"


def test_a_manager_who_is_no_rep_is_promised_no_claims(client, db):
    mireille = UserFactory(username="mireille")
    client.force_login(mireille)

    asked = client.get(page("U0MIREILLE")).content.decode()
    assert "Messages for you go to Slack, to member U0MIREILLE, too." in asked
    assert "will claim leads for you" not in asked

    answer = client.post(page("U0MIREILLE"), follow=True)

    assert "From now on you are written to in Slack." in answer.content.decode()
    assert "claim leads in Slack" not in answer.content.decode()
    assert member_of(mireille) == "U0MIREILLE"
    tied = client.get(reverse("leaddistrib:notifications")).content.decode()
    assert "Your Slack account is tied to this one: you are written to there." in tied
    assert "you can claim leads from there" not in tied


def test_what_else_somebody_chose_stays(client, amina):
    NotificationSettings.objects.create(user=amina.user, sms=True, phone="+33612345678")

    client.post(page())

    kept = NotificationSettings.objects.get(user=amina.user)
    assert (kept.sms, kept.phone, kept.slack_member) == (True, "+33612345678", "U0AMINA")


def test_a_member_that_is_somebody_elses_stays_theirs(client, amina):
    bruno = UserFactory(username="bruno")
    NotificationSettings.objects.create(user=bruno, slack_member="U0AMINA")

    answer = client.post(page())

    assert answer.status_code == 409
    assert "already tied to somebody else" in answer.content.decode()
    assert (member_of(bruno), member_of(amina.user)) == ("U0AMINA", "")


def test_who_is_not_signed_in_signs_in_and_comes_back(client, db):
    answer = client.get(page())

    assert answer.status_code == 302
    assert "next=%2Fleads%2Fme%2Fslack%2F" in answer["Location"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_forged_or_old_ties_nobody(client, amina, method):
    old = page()
    with travel(timezone.now() + timedelta(hours=2)):
        client.force_login(amina.user)
        assert getattr(client, method)(old).status_code == 404
    client.force_login(amina.user)
    forged = reverse("leaddistrib:slack-link", args=["U0AMINA~1.abc"])
    assert getattr(client, method)(forged).status_code == 404
    assert member_of(amina.user) == ""
