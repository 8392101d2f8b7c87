"""What workers promise, however many there are and whenever they die: the whole outcome, checked
afterwards. ``broken`` says in a sentence each what is wrong; nothing, if all is well."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from django.db.models import Q

from leaddistrib.models import Assignment, Decision, LogEntry, OutboxMessage, ResponseClock
from leaddistrib.notify.push.keys import encoded
from tests.notify.standin import Call, Provider, Reply

GAP = 10.0
"""Seconds between a provider's taking a message and its mark, on a busy machine: whoever is killed
within them leaves a message that goes out once more. Less than a lease: what goes out again because
a lease ran out is seen."""


@dataclass
class Diary:
    """What a push service took, and when: by its path, which is a user's, and its topic, which is
    an event's. The message itself it cannot read. ``kills`` are the times of workers' deaths."""

    answer: Callable[[Provider, Call], Reply | None]
    taken: list[tuple[float, str, str]] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)

    def __call__(self, provider: Provider, call: Call) -> Reply | None:
        reply = self.answer(provider, call)
        if reply is not None and reply.status < 300:
            self.taken.append((monotonic(), call.path, call.headers["topic"]))
        return reply

    def times(self) -> dict[tuple[str, str], list[float]]:
        """When each message was taken, by path and topic, in order."""
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for moment, path, topic in sorted(self.taken):
            found[path, topic].append(moment)
        return found


def path_of(user: int) -> str:
    """Where the push service knows the one device of a user."""
    return f"/push/{user}"


def topic_of(event: str) -> str:
    """What the push service knows an event by."""
    return encoded(sha256(event.encode()).digest()[:24])


def broken(diary: Diary) -> list[str]:
    """Everything that was promised and not kept."""
    messages = list(OutboxMessage.objects.filter(channel="push"))
    return [
        *_lost(diary, messages),
        *_doubled(diary, messages),
        *_untold(),
        *_clocks(),
        *_owners(),
    ]


def _lost(diary: Diary, messages: Iterable[OutboxMessage]) -> Iterator[str]:
    times = diary.times()
    for one in messages:
        there = times.get((path_of(one.recipient_id or 0), topic_of(one.event)), [])
        if one.sent_at and not there:
            yield f"{one.event} counts as sent, and nobody has it"
        if not one.sent_at and not one.dropped_at:
            yield f"{one.event} was not sent: {one.last_error or 'still to come'}"


def _doubled(diary: Diary, messages: Iterable[OutboxMessage]) -> Iterator[str]:
    """A second time only if somebody died right after the first: between send and mark."""
    known = {(path_of(one.recipient_id or 0), topic_of(one.event)): one for one in messages}
    for key, times in diary.times().items():
        if key not in known:
            yield f"somebody at {key[0]} was told of something that is in no row"
            continue
        for taken in times[:-1]:
            if not any(taken <= death <= taken + GAP for death in diary.kills):
                yield f"{known[key].event} went out {len(times)} times, and nobody died"
                break


def _untold() -> Iterator[str]:
    """Whoever got a lead, and whoever lost one, has a message about it."""
    given = Decision.objects.filter(owner__isnull=False).exclude(method="duplicate")
    expected = Counter(
        (f"lead.assigned:{pk}", user) for pk, user in given.values_list("pk", "owner__user")
    )
    lost = ResponseClock.objects.filter(assignment__end=Assignment.Ended.LAPSED)
    expected.update(
        (f"response.lapsed:{pk}", user) for pk, user in lost.values_list("pk", "rep__user")
    )
    about = Q(event__startswith="lead.assigned:") | Q(event__startswith="response.lapsed:")
    kept = OutboxMessage.objects.filter(about, channel="push")
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
    """How many of these clocks are still to be acted on."""
    return ResponseClock.objects.filter(pk__in=clocks, lapsed_at=None).count()


def unsent() -> int:
    """How many messages are still to be sent."""
    return OutboxMessage.objects.filter(sent_at=None, dropped_at=None, dead_at=None).count()
