"""A process full of reps who act at once. Started by the race tests, never imported by them.

``python -m tests.races.crew`` reads one line of JSON: ``sessions`` (each the acts of one thread,
in order) and ``faults`` (what is broken on purpose, see ``faults.py``). When every thread is
connected it prints "ready", waits for a line, lets all of them go, and prints what each act was
answered, and which messages pages were sent, as one line of JSON.
"""

import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from leaddistrib.events import publishing  # noqa: E402
from leaddistrib.lifecycle import claim, log_contact, receive, release, start  # noqa: E402
from leaddistrib.lifecycle.intake.cleaning import clean  # noqa: E402
from leaddistrib.models import Lead, Rep  # noqa: E402
from tests.races.faults import FAULTS  # noqa: E402

settings.DEBUG = False  # it keeps every query of every thread


class Crew:
    """All threads of this process, and what they were answered."""

    def __init__(self, sessions: list[list[list[Any]]]) -> None:
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

    def receive(self, external_id: str, key: str) -> list[dict[str, Any]]:
        """A lead comes in; with "" for either, without that identity."""

        def comes_in() -> dict[str, Any]:
            fields = {"company": "Acme", "source": "website", "external_id": external_id}
            received = receive(clean(fields), key=key, scope="tests")
            return {"result": str(received.outcome), "lead": received.lead.pk}

        return [self.answered("receive", None, None, comes_in) | {"identity": key or external_id}]

    def overhear(self, events: Mapping[str, publishing.Event]) -> None:
        """Stands in for the channel layer: what pages would be sent."""
        for event in events.values():
            self.messages += event.get("texts", ())

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


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    for fault in plan["faults"]:
        FAULTS[fault]()
    crew = Crew(plan["sessions"])
    publishing._send = crew.overhear
    for thread in crew.threads:
        thread.start()
    crew.connected.wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    crew.go.set()
    for thread in crew.threads:
        thread.join()
    sys.stdout.write(json.dumps({"answers": crew.answers, "messages": crew.messages}) + "\n")


if __name__ == "__main__":
    main()
