"""Teams, reps, pools and messages in the admin site."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Alert, OutboxMessage, Rep, Team, Territory, TimeOff
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
)
from tests.admin.test_rep_time import change, form

pytestmark = pytest.mark.django_db

REPS = reverse("admin:leaddistrib_rep_changelist")


@pytest.fixture
def reps():
    """Amina is there, Bruno paused, Chloé on leave, David full, Emma gone."""
    names = ("amina", "bruno", "chloe", "david", "emma")
    reps = {name: RepFactory(user__username=name, user__first_name=name) for name in names}
    Rep.objects.filter(pk=reps["bruno"].pk).update(paused=True)
    now = timezone.now()
    TimeOff.objects.create(
        rep=reps["chloe"], starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1)
    )
    Rep.objects.filter(pk=reps["david"].pk).update(capacity=1)
    LeadFactory(owner=reps["david"])
    Rep.objects.filter(pk=reps["emma"].pk).update(active=False)
    return reps


@pytest.mark.parametrize(
    ("availability", "name"),
    [
        ("available", "amina"),
        ("paused", "bruno"),
        ("away", "chloe"),
        ("full", "david"),
        ("inactive", "emma"),
    ],
)
def test_the_list_says_who_is_available_and_who_not(signed_in, reps, availability, name):
    response = signed_in("view_rep").get(REPS, {"availability": availability})
    assert [rep.user.username for rep in response.context["cl"].result_list] == [name]


def test_reps_are_paused_and_resumed_from_the_list(signed_in, reps):
    client = signed_in("view_rep", "change_rep")
    chosen = {"_selected_action": [rep.pk for rep in reps.values()]}
    client.post(REPS, {"action": "pause", **chosen})
    assert Rep.objects.filter(paused=True).count() == 5
    client.post(REPS, {"action": "resume", **chosen})
    assert not Rep.objects.filter(paused=True).exists()


def test_who_unticks_active_is_told_what_is_left_and_where_it_is_handed_over(client, reps):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    david = reps["david"]

    answer = client.post(change(david), form(david, active=""), follow=True)

    text = answer.content.decode()
    assert "David still has 1 open lead, which nobody works now." in text
    assert f'href="{reverse("leaddistrib:leave", args=[david.public_id])}"' in text
    assert Alert.objects.get().kind == "left_behind"


def test_who_may_not_hand_over_is_told_what_is_left_without_a_way_to_it(signed_in, reps):
    client = signed_in("view_rep", "change_rep")
    david = reps["david"]
    text = client.post(change(david), form(david, active=""), follow=True).content.decode()
    assert "David still has 1 open lead, which nobody works now." in text
    assert reverse("leaddistrib:leave", args=[david.public_id]) not in text


def test_who_had_nothing_open_is_set_inactive_without_a_word(client, reps):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    answer = client.post(change(reps["amina"]), form(reps["amina"], active=""), follow=True)

    assert not Rep.objects.get(pk=reps["amina"].pk).active
    assert not [text for text in answer.context["messages"] if "open lead" in str(text)]
    assert not Alert.objects.exists()


def test_who_may_only_look_cannot_pause_anybody(signed_in, reps):
    client = signed_in("view_rep")
    client.post(REPS, {"action": "pause", "_selected_action": [reps["amina"].pk]})
    assert not Rep.objects.get(pk=reps["amina"].pk).paused


def test_open_leads_are_counted_and_lead_to_their_list(signed_in, reps):
    page = signed_in("view_rep", "view_lead").get(REPS).content.decode()
    assert f"?owner={reps['david'].pk}&amp;status__exact=owned" in page


def test_a_pool_shows_how_many_leads_wait_there_whatever_was_taken(signed_in, reps):
    pool = PoolFactory(name="Everyone", reps=reps.values(), teams=[TeamFactory(), TeamFactory()])
    for _number in range(3):
        LeadFactory(pool=pool)
    response = signed_in("view_pool").get(reverse("admin:leaddistrib_pool_changelist"))
    [row] = response.context["cl"].result_list
    assert (row._waiting, row._reps, row._teams) == (3, 5, 2)


@pytest.mark.parametrize("name", ["team", "rep", "pool"])
def test_what_is_in_use_is_not_deleted_but_shown_as_protected(admin_client, name):
    rep = RepFactory()
    pool = PoolFactory(reps=[rep])
    LeadFactory(owner=rep, pool=pool)
    LeadFactory(pool=pool)
    row = {"team": rep.team, "rep": rep, "pool": pool}[name]
    delete = reverse(f"admin:leaddistrib_{name}_delete", args=[row.pk])
    assert admin_client.get(delete).context["protected"]
    admin_client.post(delete, {"post": "yes"})
    assert type(row).objects.filter(pk=row.pk).exists()


def test_a_territory_is_written_as_people_say_it(signed_in):
    team = TeamFactory(name="Paris")
    client = signed_in("add_territory")
    add = reverse("admin:leaddistrib_territory_add")
    data = {
        "name": "West",
        "team": team.pk,
        "countries": "France\nIE, GB",
        "postal_prefixes": "FR 35",
    }
    assert client.post(add, data | {"subdivisions": "FR-35"}).status_code == 302
    west = Territory.objects.get()
    assert (west.countries, west.subdivisions) == (["FR", "IE", "GB"], ["FR-35"])
    assert west.postal_prefixes == ["FR 35"]
    response = client.post(add, data | {"name": "Lost", "countries": "Atlantis"})
    assert "Atlantis" in response.context["adminform"].form.errors["countries"][0]


def test_a_message_that_was_given_up_is_sent_again_and_a_sent_one_is_not(signed_in):
    now = timezone.now()
    common = {"recipient": UserFactory(), "channel": "email", "created_at": now, "due_at": now}
    dead = OutboxMessage.objects.create(event="a", dead_at=now, attempts=9, **common)
    sent = OutboxMessage.objects.create(event="b", sent_at=now, attempts=1, **common)
    client = signed_in("view_outboxmessage", "change_outboxmessage")
    client.post(
        reverse("admin:leaddistrib_outboxmessage_changelist"),
        {"action": "send_again", "_selected_action": [dead.pk, sent.pk]},
    )
    dead.refresh_from_db()
    sent.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)
    assert (sent.sent_at, sent.attempts) == (now, 1)


def test_why_a_message_was_not_sent_is_said_in_words(signed_in):
    now = timezone.now()
    common = {"recipient": UserFactory(), "channel": "email", "created_at": now, "due_at": now}
    over = OutboxMessage.objects.create(
        event="a", dropped_at=now, last_error="alert_over", **common
    )
    OutboxMessage.objects.create(event="b", dead_at=now, last_error="550 no such user", **common)
    client = signed_in("view_outboxmessage")
    listed = client.get(reverse("admin:leaddistrib_outboxmessage_changelist")).content.decode()
    assert "The alert is over." in listed
    assert "550 no such user" in listed
    one = client.get(reverse("admin:leaddistrib_outboxmessage_change", args=[over.pk]))
    assert "The alert is over." in one.content.decode()
    assert "alert_over" not in one.content.decode()


@pytest.mark.parametrize("may_see_leads", [True, False])
def test_of_which_lead_a_message_is_is_said_to_whoever_may_see_leads(signed_in, may_see_leads):
    now = timezone.now()
    message = OutboxMessage.objects.create(
        event="a",
        lead=LeadFactory(company="", contact_name="Jeanne Lenoir"),
        recipient=UserFactory(username="amina"),
        channel="email",
        created_at=now,
        due_at=now,
    )
    client = signed_in("view_outboxmessage", *(["view_lead"] if may_see_leads else []))

    page = reverse("admin:leaddistrib_outboxmessage_change", args=[message.pk])
    text = client.get(page).content.decode()

    assert "amina" in text
    assert ("Jeanne Lenoir" in text) is may_see_leads


def test_a_new_team_gets_its_reps_from_the_reps_page(signed_in):
    client = signed_in("add_team")
    client.post(reverse("admin:leaddistrib_team_add"), {"name": "Lyon", "weighting": "by_hand"})
    assert Team.objects.get().name == "Lyon"
