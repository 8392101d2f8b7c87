"""Reps who are played: they race for leads with human delays, work on what they have, and leave
enough undone that somebody who looks around can win, or lose, within a minute."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import InterfaceError, OperationalError, close_old_connections

from leaddistrib.errors import Busy, NotYours
from leaddistrib.lifecycle import claim, close, receive, release
from leaddistrib.lifecycle.contacting import log_contact
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.working import start
from leaddistrib.management.prospects import SOURCE_SYSTEM, prospect
from leaddistrib.models import Assignment, Contact, Lead, Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.visibility import audiences

log = logging.getLogger("leaddistrib.demo")

T = TypeVar("T")

BETWEEN_LEADS = (3.0, 6.0)  # seconds
LOOK_EVERY = 1.0  # seconds
INTERESTED = (1, 3)  # rivals who go for the same lead
QUICKEST, SLOWEST = 4.0, 25.0  # seconds to a claim
LOOK_AGAIN = 60.0  # seconds, at a lead that nobody took
GIVEN_BACK = 0.06  # of the leads that rivals have
# A rival works on a lead for this long, and then about as long again.
WORK = timedelta(seconds=60)
# Those who look around keep their newest leads; others are closed for them after a while, so that
# there is always room for one more.
KEPT = 15
KEPT_FOR = timedelta(minutes=30)

TROUBLE = (Busy, OperationalError, InterfaceError)


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function that uses the database as a request would: beside the others. What it
    publishes goes out on this event loop, where the pages' sockets are."""

    def run() -> T:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False)()


async def leads_come_in(seed: int) -> None:
    """One invented lead every few seconds, following those that came in before; for ever."""
    random = Random()
    number = await in_thread(_next_number)
    while True:
        await asyncio.sleep(random.uniform(*BETWEEN_LEADS))
        try:
            await in_thread(_receive, seed, number)
        except TROUBLE as error:
            log.warning("The lead is sent again: %s", error)
        else:
            number += 1


def _next_number() -> int:
    known = Lead.objects.filter(source_system=SOURCE_SYSTEM).order_by("-external_id")
    latest = known.values_list("external_id", flat=True).first()
    return int(latest) + 1 if latest else 0


def _receive(seed: int, number: int) -> None:
    received = receive(clean(prospect(seed, number)))
    lead, decision = received.lead, received.decision
    if decision is not None:
        how = "pushed to" if lead.owner else f"{decision.method} in"
        log.info("%s, %s: %s %s", lead, lead.city, how, lead.owner or lead.pool)


class Rivals:
    """Every rep whom nobody can sign in as. What they look at is kept here, all else is in the
    database, so that stopping and starting changes nothing."""

    def __init__(self) -> None:
        self.random = Random()
        self.looked_at: dict[tuple[int, int], float] = {}
        self.skills: dict[int, float] = {}

    async def race(self) -> None:
        """Look for open leads, and reach for each after a while; for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    for lead, rep, delay in await in_thread(self._look):
                        group.create_task(self._reach(lead, rep, delay))
                    await in_thread(self._work)
                except TROUBLE as error:
                    log.warning("The rivals wait: %s", error)
                await asyncio.sleep(LOOK_EVERY)

    def _look(self) -> list[tuple[Lead, Rep, float]]:
        """(lead, rival, seconds) for each lead that is newly open: who goes for it, and when."""
        moment = time.monotonic()
        waiting = Lead.objects.filter(status=Lead.Status.WAITING, opens_at__lte=clock.now())
        newest = waiting.select_related("pool").order_by("-opens_at")[:200]
        leads = {(lead.pk, lead.period): lead for lead in newest}
        self.looked_at = {key: self.looked_at[key] for key in leads if key in self.looked_at}
        new = [key for key in leads if self.looked_at.get(key, -LOOK_AGAIN) + LOOK_AGAIN <= moment]
        members = members_by_pool({leads[key].pool_id or 0 for key in new})
        seen = audiences(leads[key] for key in new)
        rivals = {rep.pk: rep for rep in _rivals()}
        chances = []
        for key in new:
            self.looked_at[key] = moment
            inside = seen.get(leads[key].pk, members[leads[key].pool_id or 0])
            able = sorted(rep for rep in inside if rep in rivals)
            for rep in self.random.sample(able, min(len(able), self.random.randint(*INTERESTED))):
                chances.append((leads[key], rivals[rep], self._delay(rep)))
        return chances

    def _delay(self, rep: int) -> float:
        """Seconds until a rival claims: log-normal, as people's reactions are, times the skill."""
        skill = self.skills.setdefault(rep, self.random.uniform(0.7, 1.4))
        return min(max(skill * self.random.lognormvariate(2.4, 0.45), QUICKEST), SLOWEST)

    async def _reach(self, lead: Lead, rep: Rep, delay: float) -> None:
        """Claim the lead after a while; a shared one is worked on, and then called."""
        try:
            if lead.pool and lead.pool.mode == Pool.Mode.SHARED:
                await in_thread(_work_on, lead, rep)
                await asyncio.sleep(delay)
                await in_thread(_call, lead, rep)
            else:
                await asyncio.sleep(delay)
                await in_thread(_claim, lead, rep, delay)
        except NotYours:
            log.debug("%s is no longer shared", lead)
        except TROUBLE as error:
            log.warning("%s could not take %s: %s", rep, lead, error)

    def _work(self) -> None:
        """Rivals finish their leads or give them back; people's oldest leads are closed."""
        now = clock.now()
        held = Assignment.objects.filter(ended_at=None).select_related("lead", "rep__user")
        rivals = {rep.pk for rep in _rivals()}
        for assignment in held.filter(rep__in=rivals, started_at__lt=now - WORK):
            if self.random.random() < LOOK_EVERY / WORK.total_seconds():
                self._finish(assignment, given_back=self.random.random() < GIVEN_BACK)
        for rep in Rep.objects.exclude(pk__in=rivals):
            for assignment in held.filter(rep=rep).order_by("-started_at")[KEPT:]:
                if assignment.started_at < now - KEPT_FOR:
                    self._finish(assignment, given_back=False)

    def _finish(self, assignment: Assignment, given_back: bool) -> None:
        lead, rep = assignment.lead, assignment.rep
        try:
            if given_back:
                release(lead, rep, reason="I have too much to do")
                log.info("%s gave %s back", rep, lead)
            else:
                _call(lead, rep)
                close(lead, rep, reason="Done, in the demo")
        except NotYours:
            log.debug("%s has %s no more", rep, lead)


def _rivals() -> "list[Rep]":
    nobody = Rep.objects.filter(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return list(nobody.filter(active=True).select_related("user"))


def _work_on(lead: Lead, rep: Rep) -> None:
    if start(lead, rep).result == "working":
        log.info("%s is working on %s", rep, lead)


def _call(lead: Lead, rep: Rep) -> None:
    log_contact(lead, rep, Contact.Channel.CALL)
    log.info("%s called %s", rep, lead)


def _claim(lead: Lead, rep: Rep, delay: float) -> None:
    if claim(lead, rep, via="demo").result == "won":
        log.info("%s won %s after %.0f s", rep, lead, delay)
