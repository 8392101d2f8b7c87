"""What workers promise, however many there are and whenever they die: the whole outcome, checked
afterwards. ``broken`` says in a sentence each what is wrong; nothing, if all is well."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from django.db.models import Q

from leaddistrib.models import (
    Assignment,
    Channel,
    Decision,
    LogEntry,
    OutboxMessage,
    ResponseClock,
)
from leaddistrib.notify.outbox import WIDTH
from leaddistrib.notify.push.payload import tag
from tests.notify.standin import Call, Provider, Reply

WORKER = "x-worker"
"""The header by which the workers of these tests say who they are: their process."""

GAP = 10.0
"""Seconds from a provider's taking a message to its mark, on a busy machine: whoever is killed
within them leaves a message that goes out once more."""

BESIDE_THE_POINT = "beside the point"
"""Why a test itself dropped a message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that a push service took: when, by its path, which is a user's, its topic, which
    is an event's, and from which worker. The message itself it cannot read."""

    moment: float
    path: str
    topic: str
    worker: str


@dataclass
class Diary:
    """What a push service took. ``deaths`` are the times at which workers were killed, by who they
    were."""

    answer: Callable[[Provider, Call], Reply | None]
    taken: list[Taken] = field(default_factory=list)
    deaths: dict[str, float] = field(default_factory=dict)

    def __call__(self, provider: Provider, call: Call) -> Reply | None:
        reply = self.answer(provider, call)
        if reply is not None and reply.status < 300:
            said = call.headers
            self.taken.append(Taken(monotonic(), call.path, said["topic"], said[WORKER]))
        return reply

    def messages(self) -> dict[tuple[str, str], list[Taken]]:
        """How often each message was taken, by path and topic, in order."""
        found: dict[tuple[str, str], list[Taken]] = defaultdict(list)
        for one in sorted(self.taken, key=lambda one: one.moment):
            found[one.path, one.topic].append(one)
        return found

    def died_with(self, one: Taken) -> bool:
        """Whether its sender was killed about then: a message that it had in hand."""
        death = self.deaths.get(one.worker)
        return death is not None and abs(death - one.moment) <= GAP


SOON = timedelta(seconds=2)
"""Moments of two machines' clocks this far apart may be the same."""


def path_of(user: int) -> str:
    """Where the push service knows the one device of a user."""
    return f"/push/{user}"


def topic_of(event: str) -> str:
    """What the push service knows an event by."""
    return tag(OutboxMessage(event=event))


def broken(diary: Diary) -> list[str]:
    """Everything that was promised and not kept."""
    messages = list(OutboxMessage.objects.filter(channel=Channel.PUSH))
    return [
        *_lost(diary, messages),
        *_dropped(messages),
        *_doubled(diary, messages),
        *_untold(),
        *_clocks(),
        *_owners(),
    ]


def _key(message: OutboxMessage) -> tuple[str, str]:
    return path_of(message.recipient_id or 0), topic_of(message.event)


def _lost(diary: Diary, messages: Iterable[OutboxMessage]) -> Iterator[str]:
    taken = diary.messages()
    for one in messages:
        if one.sent_at and _key(one) not in taken:
            yield f"{one.event} counts as sent, and nobody has it"
        if not one.sent_at and not one.dropped_at:
            yield f"{one.event} was not sent: {one.last_error or 'still to come'}"


def _dropped(messages: Iterable[OutboxMessage]) -> Iterator[str]:
    """Nobody is told of a lead that is not theirs any more; everything else is sent."""
    for one in messages:
        if not one.dropped_at or one.last_error == BESIDE_THE_POINT:
            continue
        theirs = Assignment.objects.filter(lead=one.lead_id, rep__user=one.recipient_id)
        then = theirs.filter(Q(ended_at=None) | Q(ended_at__gt=one.dropped_at + SOON))
        if not one.event.startswith("lead.assigned:") or then.exists():
            yield f"{one.event} was dropped as {one.last_error}, and it was true"


def _doubled(diary: Diary, messages: Iterable[OutboxMessage]) -> Iterator[str]:
    """A second time only if the first sender died with it in hand, between send and mark; and
    nobody has more in hand than goes out side by side."""
    known = {_key(one): one for one in messages}
    in_hand: Counter[str] = Counter()
    for key, taken in diary.messages().items():
        if key not in known:
            yield f"somebody at {key[0]} was told of something that is in no row"
            continue
        if not all(diary.died_with(one) for one in taken[:-1]):
            yield f"{known[key].event} went out {len(taken)} times, and who had it did not die"
        in_hand.update(one.worker for one in taken[:-1])
    for number in in_hand.values():
        if number > WIDTH[Channel.PUSH]:
            yield f"of what one worker sent, {number} messages went out again"


def _untold() -> Iterator[str]:
    """Whoever got a lead, and whoever lost one, has a message about it. Here leads go on at their
    deadline, so nobody is told of a deadline alone."""
    given = Decision.objects.filter(owner__isnull=False).exclude(method="duplicate")
    expected = Counter(
        (f"lead.assigned:{pk}", user) for pk, user in given.values_list("pk", "owner__user")
    )
    lost = ResponseClock.objects.filter(assignment__end=Assignment.Ended.LAPSED)
    expected.update(
        (f"lead.handed_on:{pk}", user) for pk, user in lost.values_list("pk", "rep__user")
    )
    about = Q()
    for kind in ("lead.assigned:", "lead.handed_on:", "response.lapsed:"):
        about |= Q(event__startswith=kind)
    kept = OutboxMessage.objects.filter(about, channel=Channel.PUSH)
    written = Counter(kept.values_list("event", "recipient"))
    for event, user in expected - written:
        yield f"user {user} was never written to about {event}"
    for event, user in written - expected:
        yield f"user {user} was written to about {event}, which never was"


def _clocks() -> Iterator[str]:
    """Each deadline that passed is noted once, and its lead went on once."""
    entries = LogEntry.objects.filter(event=LogEntry.Event.LAPSED)
    noted = Counter(entries.values_list("detail__clock", flat=True))
    escalated = Decision.objects.filter(explanation__has_key="escalated")
    gone = Counter(escalated.values_list("explanation__escalated__clock", flat=True))
    for clock in ResponseClock.objects.all():
        times = (noted[clock.pk], gone[clock.pk])
        if times != ((1, 1) if clock.lapsed_at else (0, 0)):
            yield f"clock {clock.pk} lapsed {times[0]} times, its lead went on {times[1]} times"


def _owners() -> Iterator[str]:
    """One owner at a time, and the lead says who."""
    held = Assignment.objects.filter(ended_at=None)
    for lead, said, owner in held.values_list("lead", "lead__owner", "rep"):
        if said != owner:
            yield f"lead {lead} says owner {said}, its assignment says {owner}"


def overdue(clocks: Sequence[int]) -> int:
    """How many of these clocks are still to be acted on, to the end: a worker may die, or lose the
    database, when it noted a deadline and before it handed the lead on."""
    return ResponseClock.objects.filter(pk__in=clocks, stopped_at=None).count()


def unsent() -> int:
    """How many messages are still to be sent."""
    return OutboxMessage.objects.filter(sent_at=None, dropped_at=None, dead_at=None).count()
