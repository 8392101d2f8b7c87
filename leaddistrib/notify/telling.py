"""Messages are written in the transaction that causes them, one for each way to each person (NO1,
NO4). ``notify.outbox`` sends them.

Whoever is told the same event twice hears it once. Constant numbers of queries, however many are
told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from leaddistrib.models import (
    Channel,
    Claim,
    Decision,
    Gateway,
    Lead,
    NotificationSettings,
    OutboxMessage,
    Pool,
    PushSubscription,
    Team,
    TeamChat,
)
from leaddistrib.notify.kinds import KINDS, name_of
from leaddistrib.notify.quiet import sms_wait

FROM_SLACK = "slack"
"""``Claim.via`` of a claim by the button there."""


@dataclass(frozen=True, slots=True)
class Telling:
    """``users``, by primary key, are told of ``event`` (``kind:id…``), about ``lead`` if any, and
    so are the rooms of ``teams``, by primary key. ``by_text``: an SMS may follow if the kind is
    urgent; it is for whoever has to act, whose texts of a day are counted."""

    users: Iterable[int]
    event: str
    lead: Lead | None = None
    teams: Collection[int] = ()
    by_text: bool = True


def tell_users(
    users: Iterable[int], event: str, moment: datetime, *, lead: Lead | None = None
) -> None:
    """Write the messages about ``event`` to each of ``users`` (primary keys): one for each channel
    of its kind that the user has and wants. Must run in the same transaction."""
    tell_many([Telling(users, event, lead)], moment)


def tell_many(items: Iterable[Telling], moment: datetime) -> None:
    """As ``tell_users``, for many events at once. Two queries; one more where texts may follow, and
    one where rooms of teams are told."""
    listed = [(telling, sorted(set(telling.users))) for telling in items]
    ways = _ways({user for _telling, users in listed for user in users})
    wait = sms_wait() if any(one.sms for one in ways.values()) else timedelta()
    rooms = _rooms({team for telling, _users in listed for team in telling.teams})
    to_users = (
        OutboxMessage(event=telling.event, recipient_id=user, lead=telling.lead, **where)
        for telling, users in listed
        for user in users
        if user in ways
        for where in _rows(telling, ways[user], moment, wait)
    )
    to_rooms = (
        _post(chat, telling.event, moment, telling.lead)
        for telling, _users in listed
        for team in sorted(set(telling.teams))
        for chat in rooms.get(team, ())
    )
    _write([*to_users, *to_rooms])


def tell_assigned(pushed: Iterable[Decision], moment: datetime) -> None:
    """Write to each rep who was given a lead. Must run in the same transaction."""
    tell_many(
        (
            Telling((decision.owner.user_id,), f"lead.assigned:{decision.pk}", decision.lead)
            for decision in pushed
            if decision.owner
        ),
        moment,
    )


def tell_chats(where: Pool | Team, event: str, moment: datetime, lead: Lead) -> None:
    """Post ``event`` about ``lead`` in the chats of a team, or of all teams of a pool. Must run in
    the same transaction. Two queries."""
    teams = where.teams.all() if isinstance(where, Pool) else [where]
    chats = _reachable(TeamChat.objects.filter(team__in=teams))
    _write(_post(chat, event, moment, lead) for chat in chats)


def tell_chat(chat: TeamChat, event: str, moment: datetime, *, lead: Lead | None = None) -> None:
    """Post ``event`` in one chat, whether it is in use or not. Must run in the same transaction."""
    _write([_post(chat, event, moment, lead)])


def tell_taken(leads: Iterable[Lead], moment: datetime) -> None:
    """``leads`` left the pools where they waited in their periods: the posts that told of them are
    changed. Nothing where none were posted. Must run in the same transaction. Two queries."""
    events = {f"lead.offered:{lead.pk}:{lead.period}": lead for lead in leads}
    posts = OutboxMessage.objects.filter(
        event__in=events, chat__isnull=False, dropped_at=None, dead_at=None
    )
    _write(
        OutboxMessage(
            event=post.event.replace("lead.offered", "lead.taken"),
            chat_id=post.chat_id,
            channel=post.channel,
            lead=events[post.event],
            created_at=moment,
            due_at=moment,
        )
        for post in posts
    )


def tell_decided(claims: Iterable[Claim], moment: datetime) -> None:
    """Tell those of whom ``claims`` were collected what came of them, in the rooms of Slack where
    they pressed the button and were told so. Whoever is answered later is told the result itself.
    Must run in the same transaction. Two queries; none where nobody claimed from there."""
    events = [f"claim.answered:{one.pk}" for one in claims if one.via == FROM_SLACK]
    answers = OutboxMessage.objects.filter(event__in=events, chat__isnull=False) if events else ()
    _write(
        OutboxMessage(
            event=answer.event.replace("claim.answered", "claim.decided"),
            chat_id=answer.chat_id,
            channel=answer.channel,
            lead_id=answer.lead_id,
            created_at=moment,
            due_at=moment,
        )
        for answer in answers
    )


def tell_after_all(events: Collection[str], moment: datetime) -> None:
    """Messages about ``events`` that were dropped because the lead was answered are sent, now that
    it is not: they would not be written a second time. What was dropped for another reason stays
    so. Must run in the same transaction. One query."""
    dropped = OutboxMessage.objects.filter(
        event__in=events, sent_at=None, dropped_at__isnull=False, last_error="already_answered"
    )
    dropped.update(dropped_at=None, last_error="", attempts=0, due_at=moment)


def tell_contact(lead: Lead, event: str, moment: datetime) -> None:
    """Write to the contact of ``lead`` by e-mail. Must run in the same transaction."""
    _write(
        [
            OutboxMessage(
                event=event, channel=Channel.EMAIL, lead=lead, created_at=moment, due_at=moment
            )
        ]
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """By which channels somebody can be reached and wants to be."""

    channels: frozenset[str] = field(default_factory=frozenset)

    @property
    def sms(self) -> bool:
        return Channel.SMS in self.channels


def _ways(users: Iterable[int]) -> dict[int, Ways]:
    """The ways to each of ``users`` that is active. One query."""
    known = (
        get_user_model()
        .objects.filter(pk__in=users, is_active=True)
        .annotate(
            has_device=Exists(PushSubscription.objects.filter(user=OuterRef("pk"))),
            push_set_up=Exists(_active(Channel.PUSH)),
            sms_set_up=Exists(_active(Channel.SMS)),
            slack_set_up=Exists(_active(Channel.SLACK)),
        )
    )
    return {user.pk: _ways_to(user) for user in known.select_related("notification_settings")}


def _ways_to(user: Any) -> Ways:
    wants = getattr(user, "notification_settings", None) or NotificationSettings()
    reached: Mapping[str, bool] = {
        Channel.EMAIL: wants.email,
        Channel.PUSH: wants.push and user.has_device and user.push_set_up,
        Channel.SMS: wants.sms and bool(wants.phone) and user.sms_set_up,
        Channel.SLACK: wants.slack and bool(wants.slack_member) and user.slack_set_up,
    }
    return Ways(frozenset(channel for channel, is_so in reached.items() if is_so))


def _rows(
    telling: Telling, ways: Ways, moment: datetime, wait: timedelta
) -> Iterator[dict[str, Any]]:
    """What differs between the messages by which one person is told. An SMS waits whether the push
    notification is seen, and goes at once where there is none."""
    kind = KINDS[name_of(telling.event)]
    texted = kind.urgent and telling.by_text and ways.sms
    reached = [channel for channel in kind.channels if channel in ways.channels]
    if kind.otherwise in ways.channels and not (reached or texted):
        reached = [kind.otherwise]
    for channel in reached:
        yield {"channel": channel, "created_at": moment, "due_at": moment}
    if texted:
        due_at = moment + wait if Channel.PUSH in reached else moment
        yield {"channel": Channel.SMS, "created_at": moment, "due_at": due_at}


def _post(chat: TeamChat, event: str, moment: datetime, lead: Lead | None) -> OutboxMessage:
    return OutboxMessage(
        event=event, chat=chat, channel=chat.channel, lead=lead, created_at=moment, due_at=moment
    )


def _rooms(teams: Collection[int]) -> Mapping[int, Sequence[TeamChat]]:
    """The chats of ``teams`` that are in use, by team. One query, none for no teams."""
    found: dict[int, list[TeamChat]] = defaultdict(list)
    for chat in _reachable(TeamChat.objects.filter(team__in=teams)) if teams else ():
        found[chat.team_id].append(chat)
    return found


def _reachable(chats: Any) -> Any:
    """Those of ``chats`` that are in use. Slack's need the site's provider, Teams' do not."""
    slack = Exists(_active(Channel.SLACK))
    active = chats.filter(active=True)
    return active.filter(channel=Channel.TEAMS) | active.filter(slack, channel=Channel.SLACK)


def _active(channel: str) -> Any:
    return Gateway.objects.filter(channel=channel, active=True)


def _write(messages: Iterable[OutboxMessage]) -> None:
    """The same event is not told again: the unique constraints see to it."""
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)
