"""A process full of reps who act at once. Forked by the race tests, never imported by them.

``main`` is sent ``sessions`` (each the acts of one thread, in order) and ``faults`` (what is broken
on purpose, see ``faults.py``). When every thread is connected it says that it is ready, waits for a
word, lets all of them go, and sends back what each act was answered, and which messages pages were
sent.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from leaddistrib.errors import InvalidRules, KeyReused  # noqa: E402
from leaddistrib.events import publishing  # noqa: E402
from leaddistrib.lifecycle import (  # noqa: E402
    awarding,
    claim,
    claim_next,
    log_contact,
    receive,
    release,
    start,
    take_back,
)
from leaddistrib.lifecycle.crediting import credit_turn  # noqa: E402
from leaddistrib.lifecycle.firing import fire_due  # noqa: E402
from leaddistrib.lifecycle.intake.cleaning import clean  # noqa: E402
from leaddistrib.lifecycle.opening import tell_due  # noqa: E402
from leaddistrib.lifecycle.publishing import (  # noqa: E402
    publish_scheduled,
    put_in_force,
    roll_back,
    schedule,
    unschedule,
)
from leaddistrib.lifecycle.recycling import recycle_due  # noqa: E402
from leaddistrib.lifecycle.retrying import retry_due  # noqa: E402
from leaddistrib.models import HandOver, Lead, Pool, Rep, RuleSet  # noqa: E402
from leaddistrib.queries import clock  # noqa: E402
from tests.races.clocks import Clocks  # noqa: E402
from tests.races.faults import FAULTS  # noqa: E402
from tests.races.meeting import PATIENCE  # noqa: E402

settings.DEBUG = False  # it keeps every query of every thread
# A busy machine alone makes nobody give up.
settings.LEADDISTRIB = settings.LEADDISTRIB | {"LOCK_TIMEOUT": 60.0}


PAUSE = 0.02  # seconds between two looks for what is to be awarded


class Crew:
    """All threads of this process, and what they were answered."""

    def __init__(self, sessions: list[list[list[Any]]]) -> None:
        self.clocks = Clocks()
        self.answers: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self.go = threading.Event()
        self.connected = threading.Barrier(len(sessions) + 1)
        self.threads = [
            threading.Thread(target=self.session, args=(acts,), daemon=True) for acts in sessions
        ]

    def session(self, acts: list[list[Any]]) -> None:
        connection.ensure_connection()
        self.connected.wait()
        self.go.wait()
        for act, *arguments in acts:
            self.answers += getattr(self, act)(*arguments)
        connection.close()

    def stop_clock(self, moment: str) -> list[dict[str, Any]]:
        """For this session it is ``moment`` from now on."""
        self.clocks.own.stopped = datetime.fromisoformat(moment)
        return []

    def claim(self, lead: int, rep: int) -> list[dict[str, Any]]:
        return [self.answered("claim", lead, rep, lambda: self._claim(lead, rep))]

    def _claim(self, lead: int, rep: int) -> dict[str, Any]:
        result = claim(Lead(pk=lead), Rep(pk=rep), via="page")
        return {
            "result": result.result,
            "taken_by": result.taken_by and result.taken_by.pk,
            "taken_at": result.taken_at and result.taken_at.isoformat(),
            "reasons": [refusal.code for refusal in result.refusals],
        }

    def next_please(self, pool: int, rep: int, key: str) -> list[dict[str, Any]]:
        """Ask for the next lead: what comes of it is a claim's answer, if a lead was at stake."""
        return [self.answered("claim", None, rep, lambda: self._next_please(pool, rep, key))]

    def _next_please(self, pool: int, rep: int, key: str) -> dict[str, Any]:
        try:
            result = claim_next(Pool(pk=pool), Rep(pk=rep), key=UUID(key), via="page")
        except KeyReused:
            return {"act": "next", "result": "of another"}
        if result is None:
            return {"act": "next", "result": "nothing"}
        return {
            "lead": result.lead.pk,
            "result": result.result,
            "taken_by": result.taken_by and result.taken_by.pk,
            "taken_at": result.taken_at and result.taken_at.isoformat(),
            "reasons": [refusal.code for refusal in result.refusals],
        }

    def claim_and_give_back(self, lead: int, rep: int) -> list[dict[str, Any]]:
        """Claim the lead, and give it back at once when it was won."""
        [answer] = self.claim(lead, rep)
        return [answer, *(self.give_back(lead, rep) if answer["result"] == "won" else ())]

    def give_back(self, lead: int, rep: int) -> list[dict[str, Any]]:
        return [self.answered("give back", lead, rep, lambda: self._give_back(lead, rep))]

    def _give_back(self, lead: int, rep: int) -> dict[str, Any]:
        given = release(Lead(pk=lead), Rep.objects.get(pk=rep), reason="wrong number")
        return {"result": "given back", "owner": given.owner_id}

    def contact(self, lead: int, rep: int) -> list[dict[str, Any]]:
        return [self.answered("contact", lead, rep, lambda: self._contact(lead, rep))]

    def _contact(self, lead: int, rep: int) -> dict[str, Any]:
        result = log_contact(Lead(pk=lead), Rep(pk=rep), "call")
        return {
            "result": result.result,
            "taken_by": result.taken_by and result.taken_by.pk,
            "taken_at": result.taken_at and result.taken_at.isoformat(),
            "reasons": [refusal.code for refusal in result.refusals],
        }

    def contact_and_give_back(self, lead: int, rep: int) -> list[dict[str, Any]]:
        """Contact the lead, and give it back at once when that made the rep its owner."""
        [answer] = self.contact(lead, rep)
        return [answer, *(self.give_back(lead, rep) if answer["result"] == "logged" else ())]

    def work(self, lead: int, rep: int) -> list[dict[str, Any]]:
        """Begin to work on the lead."""

        def begins() -> dict[str, Any]:
            result = start(Lead(pk=lead), Rep(pk=rep))
            until = result.until and result.until.isoformat()
            return {"result": result.result, "by": result.by and result.by.pk, "until": until}

        return [self.answered("work", lead, rep, begins)]

    def retry(self, moment: str) -> list[dict[str, Any]]:
        """Ask the rules again about leads that are due, as a worker does."""

        def asks() -> dict[str, Any]:
            return {"result": "asked", "leads": retry_due(datetime.fromisoformat(moment))}

        return [self.answered("retry", None, None, asks)]

    def fire(self) -> list[dict[str, Any]]:
        """Do what response clocks are due for, as a worker does, until there is nothing more."""

        def fires() -> dict[str, Any]:
            number = 0
            while done := fire_due(timezone.now(), limit=5):
                number += done
            return {"result": "fired", "clocks": number}

        return [self.answered("fire", None, None, fires)]

    def open_windows(self) -> list[dict[str, Any]]:
        """Tell reps that leads have opened for them, as a worker does."""

        def opens() -> dict[str, Any]:
            return {"result": "opened", "windows": tell_due(timezone.now(), limit=1000)}

        return [self.answered("open windows", None, None, opens)]

    def award(self) -> list[dict[str, Any]]:
        """Award leads whose claims were collected, as a worker does, until none waits."""

        def awards() -> dict[str, Any]:
            number, until = 0, time.monotonic() + PATIENCE
            while Lead.objects.filter(status=Lead.Status.WAITING).exists():
                number += awarding.award_due(clock.now())
                if time.monotonic() > until:
                    raise TimeoutError("leads still wait")
                time.sleep(PAUSE)
            return {"result": "awarded", "leads": number}

        return [self.answered("award", None, None, awards)]

    def award_one(self, lead: int) -> list[dict[str, Any]]:
        """One of these leads is awarded, as soon as it may be."""

        def awards() -> dict[str, Any]:
            return {"result": "awarded", "leads": int(awarding._award(lead))}

        return [self.answered("award", lead, None, awards)]

    def bring(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """A lead with these fields comes in."""

        def comes_in() -> dict[str, Any]:
            received = receive(clean({"company": "Acme", "source": "website", **fields}))
            return {"result": str(received.outcome), "lead": received.lead.pk}

        return [self.answered("receive", None, None, comes_in) | {"identity": ""}]

    def recycle(self) -> list[dict[str, Any]]:
        """Give another chance to what nobody worked, as the daily job does."""

        def recycles() -> dict[str, Any]:
            return {"result": "recycled", **recycle_due(timezone.now())}

        return [self.answered("recycle", None, None, recycles)]

    def credit(self, lead: int) -> list[dict[str, Any]]:
        """The lead turns out to be none: its turn is given back."""

        def gives_back() -> dict[str, Any]:
            return {"result": str(credit_turn(Lead(pk=lead), reason="invalid"))}

        return [self.answered("credit", lead, None, gives_back)]

    def take_back(self, handover: int) -> list[dict[str, Any]]:
        """The hand-over was a mistake: what nobody worked on comes back."""

        def takes() -> dict[str, Any]:
            one = HandOver.objects.get(pk=handover)
            done = take_back(one, actor=one.rep.user, reason="She stays")
            return {"result": "taken back", "leads": [each.lead_id for each in done.decisions]}

        return [self.answered("take back", None, None, takes)]

    def receive(self, external_id: str, key: str) -> list[dict[str, Any]]:
        """A lead comes in; with "" for either, without that identity."""

        def comes_in() -> dict[str, Any]:
            fields = {"company": "Acme", "source": "website", "external_id": external_id}
            received = receive(clean(fields), key=key, scope="tests")
            return {"result": str(received.outcome), "lead": received.lead.pk}

        return [self.answered("receive", None, None, comes_in) | {"identity": key or external_id}]

    def decide_version(self, act: str, ruleset: int) -> list[dict[str, Any]]:
        """Publish a version, roll back to it, schedule it or take it off the schedule."""
        moment = timezone.now()
        acts: dict[str, Callable[[RuleSet], object]] = {
            "publish": put_in_force,
            "roll back": roll_back,
            "schedule": lambda one: schedule(one, moment + timedelta(hours=1), actor=None),
            "unschedule": lambda one: unschedule(one, actor=None),
            "publish scheduled": lambda one: publish_scheduled(moment + timedelta(hours=2)),
        }

        def decides() -> dict[str, Any]:
            try:
                acts[act](RuleSet(pk=ruleset))
            except InvalidRules as error:
                return {"result": "refused", "why": str(error)}
            return {"result": "done"}

        return [self.answered(act, None, None, decides) | {"ruleset": ruleset}]

    def overhear(self, events: Mapping[str, publishing.Event]) -> None:
        """Stands in for the channel layer: what pages would be sent."""
        for event in events.values():
            self.messages += event.get("texts", ())
            # A page gets the one or the other; both have the change's version.
            self.messages += (change["text"] for change in event.get("changes", ()))

    def answered(self, act: str, lead: int | None, rep: int | None, perform: Any) -> dict[str, Any]:
        asked_at = time.time()
        try:
            answer = perform()
        except Exception as error:  # noqa: BLE001 - an error is an answer, and the history judges it
            answer = {
                "result": "error",
                "error": f"{type(error).__name__}: {error} {error.__cause__ or ''}",
            }
        told: dict[str, Any] = {"act": act, "lead": lead, "rep": rep, "asked_at": asked_at}
        return {**told, **answer} | {"answered_at": time.time()}


def main(tests: Connection) -> None:
    sessions, faults = tests.recv()
    for fault in faults:
        FAULTS[fault]()
    crew = Crew(sessions)
    publishing._send = crew.overhear
    for thread in crew.threads:
        thread.start()
    crew.connected.wait()
    tests.send("ready")
    tests.recv()
    crew.go.set()
    for thread in crew.threads:
        thread.join()
    tests.send((crew.answers, crew.messages))
