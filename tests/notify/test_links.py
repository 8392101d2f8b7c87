"""What a message carries is signed for one purpose, and good for as long as it should be (NO2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from leaddistrib.lifecycle.subscribing import revoke_links
from leaddistrib.models import Lead, NotificationSettings, OutboxMessage, Satisfaction
from leaddistrib.notify import links
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, clock_at

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", user__password=None)


@pytest.fixture
def lead(amina):
    return LeadFactory(pool=PoolFactory(reps=[amina]))


@pytest.fixture
def token(lead, amina):
    return links.preview_token(lead, amina, NOW)


def test_a_preview_stands_for_its_lead_its_rep_and_its_moment(token, lead, amina):
    preview = links.read_preview(token, NOW)
    assert preview is not None
    assert (preview.lead, preview.rep) == (lead, amina)
    assert abs(preview.issued_at - NOW) < timedelta(milliseconds=1)


def test_a_preview_costs_two_queries(token, django_assert_num_queries):
    with django_assert_num_queries(2):
        preview = links.read_preview(token, NOW)
        assert preview is not None
        assert preview.rep.name == "amina"
        assert preview.lead.pool is not None


def test_a_preview_is_good_for_a_day(token):
    assert links.read_preview(token, NOW + 24 * HOUR - SECOND)
    assert links.read_preview(token, NOW + 24 * HOUR) is None


@pytest.mark.parametrize(("hours", "good"), [(2, 2), (24, 24), (90, 24)])
def test_a_site_may_make_it_shorter_but_never_longer(token, settings, hours, good):
    settings.LEADDISTRIB = {"PREVIEW_HOURS": hours}
    assert links.read_preview(token, NOW + good * HOUR - SECOND)
    assert links.read_preview(token, NOW + good * HOUR + SECOND) is None


def test_a_clock_that_is_ten_minutes_ahead_makes_no_link_worthless(token):
    assert links.read_preview(token, NOW - timedelta(minutes=10))


def test_a_day_of_a_clock_that_is_ahead_is_no_longer_than_a_day_of_ours(token):
    assert links.read_preview(token, NOW - 25 * HOUR) is None


def test_revoked_links_are_worthless_and_later_ones_are_not(token, lead, amina):
    with clock_at(NOW + HOUR):
        revoke_links(amina.user)
    assert links.read_preview(token, NOW + HOUR) is None
    later = links.preview_token(lead, amina, NOW + HOUR + SECOND)
    assert links.read_preview(later, NOW + 2 * HOUR)


def test_revoking_own_links_leaves_those_of_others(token, lead, amina):
    bruno = RepFactory(user__username="bruno", user__password=None)
    with clock_at(NOW + HOUR):
        revoke_links(bruno.user)
    assert links.read_preview(token, NOW + HOUR)


def test_a_rep_who_left_sees_nothing_by_old_links(token, amina):
    amina.active = False
    amina.save()
    assert links.read_preview(token, NOW) is None


def test_a_user_who_was_locked_out_sees_nothing_by_old_links(token, amina):
    amina.user.is_active = False
    amina.user.save()
    assert links.read_preview(token, NOW) is None


def test_a_lead_that_was_erased_leaves_a_link_to_nothing(token, lead):
    Lead.objects.filter(pk=lead.pk).delete()
    assert links.read_preview(token, NOW) is None


def test_no_character_of_a_link_can_be_changed(token):
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert links.read_preview(token[:place] + other + token[place + 1 :], NOW) is None


@pytest.mark.parametrize("nonsense", ["", ".", "~~", "~.~", "x" * 5000, "é~ü", "a~b~c.d"])
def test_nonsense_is_no_link(nonsense):
    assert links.read_preview(nonsense) is None
    assert links.read_receipt(nonsense) is None
    assert links.read_survey(nonsense) is None
    assert links.read_slack_link(nonsense) is None


def test_a_link_names_nobody(lead, amina, token):
    Lead.objects.filter(pk=lead.pk).update(contact_name="CANARY", company="Fournil")
    url = links.preview_url(lead, amina, NOW)
    assert url == f"http://127.0.0.1:8000/leads/preview/{token}/"
    assert len(url) < 160  # it goes into an SMS


def test_a_site_under_another_name_is_linked_to_by_it(settings):
    settings.LEADDISTRIB = {"SITE_URL": "https://leads.example.com/"}
    assert links.absolute("/leads/") == "https://leads.example.com/leads/"


def test_what_is_signed_for_one_purpose_is_worth_nothing_for_another(token, lead):
    message = OutboxMessage.objects.create(
        event="lead.offered:1:1", channel="push", lead=lead, created_at=NOW, due_at=NOW
    )
    asked = Satisfaction.objects.create(lead=lead)
    tokens: dict[Callable[[str], object], str] = {
        links.read_preview: token,
        links.read_receipt: links.receipt_token(message),
        links.read_survey: links.survey_token(asked),
        links.read_slack_link: links.slack_link_token("U012AB3CD"),
    }
    for read, own in tokens.items():
        good = [other for other in tokens.values() if read(other) is not None]
        assert good == [own]
    assert links.read_receipt(tokens[links.read_receipt]) == message.pk
    assert links.read_survey(tokens[links.read_survey]) == asked
    assert links.read_slack_link(tokens[links.read_slack_link]) == "U012AB3CD"


def test_a_link_to_tie_a_slack_account_is_good_for_an_hour():
    with travel(NOW, tick=False):
        token = links.slack_link_token("U012AB3CD")
    with travel(NOW + HOUR - SECOND, tick=False):
        assert links.read_slack_link(token) == "U012AB3CD"
    with travel(NOW + HOUR + SECOND, tick=False):
        assert links.read_slack_link(token) is None


def test_links_outlive_a_change_of_the_secret_key(token, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-new-one"
    assert links.read_preview(token, NOW)
    settings.SECRET_KEY_FALLBACKS = []
    assert links.read_preview(token, NOW) is None


def test_no_settings_means_nothing_was_revoked(token):
    assert not NotificationSettings.objects.exists()
    assert links.read_preview(token, NOW)
