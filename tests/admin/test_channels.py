"""An admin sets up providers and rooms, and never sees a secret again (NO1)."""

import re

import pytest
from django.urls import reverse

from leaddistrib.models import Channel, Gateway, OutboxMessage, PushSubscription, TeamChat
from leaddistrib.notify.gateways import sealed, secrets_of
from leaddistrib.notify.push.keys import public_key
from leaddistrib.sealing import unseal
from leaddistrib.testing import RepFactory, TeamFactory
from tests.notify.conftest import set_up
from tests.notify.phones import Phone

RIGHTS = (
    *(f"{act}_gateway" for act in ("add", "change", "view")),
    *(f"{act}_teamchat" for act in ("add", "change", "view")),
    "view_team",
    "view_outboxmessage",
)
ADD = "/admin/leaddistrib/gateway/add/"
ADD_CHAT = "/admin/leaddistrib/teamchat/add/"
SMS = {
    "channel": "sms",
    "address": "https://sms.example/send",
    "sender": "Leads",
    "token": "CANARY-TOKEN",
}
SLACK = {"channel": "slack", "token": "xoxb-CANARY", "signing_secret": "CANARY-SIGN"}
WORKFLOW = "https://prod-1.westeurope.logic.azure.com/workflows/CANARY-SECRET?sig=x"


def page(obj, name="change"):
    return reverse(f"admin:leaddistrib_{obj._meta.model_name}_{name}", args=[obj.pk])


@pytest.fixture
def olga(signed_in, db):
    return signed_in(*RIGHTS)


@pytest.fixture
def paris(db):
    return TeamFactory(name="Paris")


def problems(response):
    assert response.status_code == 200, response
    return response.context["adminform"].form.errors


def test_an_sms_provider_is_set_up_and_its_token_is_never_shown(olga):
    assert olga.post(ADD, SMS).status_code == 302

    gateway = Gateway.objects.get()
    assert secrets_of(gateway) == {"token": "CANARY-TOKEN"}
    assert b"CANARY" not in bytes(gateway.secrets or b"")
    assert "CANARY" not in olga.get(page(gateway)).content.decode()
    assert "CANARY" not in olga.get(page(gateway, "history")).content.decode()
    assert gateway.history.get().history_user == olga.user


def test_an_empty_field_keeps_the_secret_and_a_new_one_takes_its_place(olga):
    olga.post(ADD, SLACK)
    gateway = Gateway.objects.get()

    assert olga.post(page(gateway), {"active": "on", "token": "", "address": ""}).status_code == 302
    gateway.refresh_from_db()
    assert secrets_of(gateway) == {"token": "xoxb-CANARY", "signing_secret": "CANARY-SIGN"}

    olga.post(page(gateway), {"active": "on", "token": "xoxb-new"})
    gateway.refresh_from_db()
    assert secrets_of(gateway)["token"] == "xoxb-new"
    assert secrets_of(gateway)["signing_secret"] == "CANARY-SIGN"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({**SMS, "token": ""}, "token"),
        ({**SMS, "sender": ""}, "sender"),
        ({**SMS, "address": ""}, "address"),
        ({**SMS, "address": "http://sms.example/"}, "address"),
        ({**SMS, "address": "https://127.0.0.1/"}, "address"),
        ({**SLACK, "signing_secret": ""}, "signing_secret"),
        ({**SLACK, "token": ""}, "token"),
        ({**SLACK, "address": "https://evil.example/api/"}, "address"),
        ({"channel": "push", "sender": "nobody"}, "sender"),
    ],
)
def test_what_is_missing_or_not_allowed_is_said_on_its_field(olga, given, field):
    assert field in problems(olga.post(ADD, given))
    assert not Gateway.objects.exists()


@pytest.mark.parametrize(
    ("provider", "elsewhere"),
    [
        (SMS, "https://collect.example/"),
        (SMS, "https://sms.example:8443/send"),
        (SLACK, "https://slack.example/api/"),
    ],
)
def test_a_token_goes_to_another_server_only_by_who_knows_it(olga, settings, provider, elsewhere):
    """Olga may change the provider, and reads no token: neither here nor at a server of her own."""
    settings.LEADDISTRIB = {"SLACK_HOSTS": ("slack.com", "slack.example")}
    olga.post(ADD, provider)
    gateway = Gateway.objects.get()
    moved = {"active": "on", "sender": "Leads", "address": elsewhere, "token": ""}

    assert "token" in problems(olga.post(page(gateway), moved))
    gateway.refresh_from_db()
    assert gateway.address == provider.get("address", "")

    assert olga.post(page(gateway), {**moved, "token": "the-new-one"}).status_code == 302
    assert secrets_of(Gateway.objects.get())["token"] == "the-new-one"


def test_another_path_of_the_same_server_needs_no_token(olga):
    olga.post(ADD, SMS)
    gateway = Gateway.objects.get()
    given = {"active": "on", "sender": "Leads", "address": "https://sms.example/v2/send"}

    assert olga.post(page(gateway), given).status_code == 302
    gateway.refresh_from_db()
    assert gateway.address == "https://sms.example/v2/send"


def test_what_a_password_manager_fills_in_keeps_push_from_nothing(olga):
    given = {"channel": "push", "sender": "it@example.com", "token": "hunter2"}

    assert olga.post(ADD, given).status_code == 302

    assert set(secrets_of(Gateway.objects.get())) == {"private_key"}
    assert len(public_key()) == 87


@pytest.mark.parametrize("channel", ["push", "sms", "slack"])
def test_a_provider_is_ready_when_what_it_needs_is_there_and_opens(olga, channel):
    secrets = {} if channel == "push" else {"token": "t", "signing_secret": "s"}
    gateway = set_up(Channel(channel), sender="it@example.com", **secrets)
    assert ready(olga)

    Gateway.objects.update(secrets=sealed({"something": "else"}))
    assert not ready(olga)

    Gateway.objects.update(secrets=b"gAAAAAB-of-a-lost-key")
    assert not ready(olga)
    assert olga.get(page(gateway)).status_code == 200


def ready(olga):
    """What the list says of the only provider."""
    shown = olga.get("/admin/leaddistrib/gateway/").content.decode()
    [cell] = re.findall(r'field-ready"><img[^>]* alt="(True|False)"', shown)
    return cell == "True"


def test_push_gets_its_keys_by_itself_and_shows_the_public_one(olga):
    assert olga.post(ADD, {"channel": "push", "sender": "it@example.com"}).status_code == 302

    assert len(public_key()) == 87
    shown = olga.get(page(Gateway.objects.get())).content.decode()
    assert public_key() in shown
    assert secrets_of(Gateway.objects.get())["private_key"] not in shown


def test_new_keys_are_made_after_a_question_and_forget_the_browsers(olga):
    gateway = set_up(Channel.PUSH, sender="it@example.com")
    Phone(RepFactory(), "https://push.example/1")
    before = public_key()

    asked = olga.get(page(gateway, "keys"))
    assert "1 browser takes push notifications." in asked.content.decode()
    assert public_key() == before

    assert olga.post(page(gateway, "keys")).status_code == 302
    assert public_key() not in ("", before)
    assert not PushSubscription.objects.exists()


def test_a_test_message_goes_the_way_of_all_others(olga):
    gateway = set_up(Channel.PUSH, sender="it@example.com")

    shown = olga.post(page(gateway, "test"), follow=True)

    message = OutboxMessage.objects.get()
    assert (message.recipient, message.channel) == (olga.user, "push")
    assert message.event.startswith("channel.test:")
    assert page(message) in shown.content.decode()


def test_a_room_of_teams_is_set_up_and_its_address_is_never_shown(olga, paris):
    given = {"team": paris.pk, "channel": "teams", "name": "Paris", "address": WORKFLOW}
    assert olga.post(ADD_CHAT, given).status_code == 302

    chat = TeamChat.objects.get()
    assert unseal(chat.secret or b"") == WORKFLOW
    shown = olga.get(page(chat)).content.decode()
    assert "prod-1.westeurope.logic.azure.com" in shown
    assert "CANARY" not in shown + olga.get(page(chat, "history")).content.decode()

    kept = {"team": paris.pk, "name": "Paris 2", "address": "", "active": "on"}
    assert olga.post(page(chat), kept).status_code == 302
    chat.refresh_from_db()
    assert (chat.name, unseal(chat.secret or b"")) == ("Paris 2", WORKFLOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "slack", "room": "#paris"}, "room"),
        ({"channel": "slack", "room": ""}, "room"),
        ({"channel": "teams", "address": ""}, "address"),
        ({"channel": "teams", "address": "https://evil.example/"}, "address"),
    ],
)
def test_a_room_that_cannot_be_reached_is_said_on_its_field(olga, paris, given, field):
    assert field in problems(olga.post(ADD_CHAT, {"team": paris.pk, "name": "Paris", **given}))


def test_a_room_gets_a_test_message(olga, paris):
    given = {"team": paris.pk, "channel": "slack", "name": "Paris", "room": "C0123456789"}
    olga.post(ADD_CHAT, given)
    chat = TeamChat.objects.get()

    assert olga.post(page(chat, "test")).status_code == 302

    assert OutboxMessage.objects.get().chat == chat


@pytest.mark.parametrize("act", ["keys", "test"])
def test_who_may_only_look_does_nothing(signed_in, db, act):
    gateway = set_up(Channel.PUSH, sender="it@example.com")
    before = public_key()
    viewer = signed_in("view_gateway")

    assert viewer.get(page(gateway)).status_code == 200
    assert viewer.post(page(gateway, act)).status_code == 403

    assert public_key() == before
    assert not OutboxMessage.objects.exists()


def test_following_a_link_sends_nothing(olga):
    gateway = set_up(Channel.PUSH, sender="it@example.com")

    assert olga.get(page(gateway, "test")).status_code == 405
    assert not OutboxMessage.objects.exists()


def test_no_source_takes_the_address_of_slacks_calls(signed_in, db):
    client = signed_in("add_webhook", "view_webhook")

    answer = client.post("/admin/leaddistrib/webhook/add/", {"slug": "slack", "source": "Web"})

    assert "slug" in problems(answer)
