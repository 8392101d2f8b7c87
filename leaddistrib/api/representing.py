"""What the API says of leads, decisions and refusals, as plain JSON. Times are UTC, with a Z."""

from collections.abc import Iterable
from typing import Any

from leaddistrib.engine.gates import Refusal
from leaddistrib.events.messages import stamp
from leaddistrib.models import Decision, Lead, Pool
from leaddistrib.policy import View, disclose
from leaddistrib.queries import refusing
from leaddistrib.queries.explanations import sentence, trace


def lead_document(lead: Lead, view: View) -> dict[str, Any]:
    """The lead as far as its viewer may see it. Nothing of it but that it is, for NOTHING: a rep
    who just gave it back learns that this was done, not where it went."""
    if view is View.NOTHING:
        return {"id": str(lead.public_id), "status": lead.status}
    shown = disclose(lead, view)
    for name in ("received_at", "opens_at"):
        shown[name] = stamp(shown[name])
    return shown


def decision_document(decision: Decision | None) -> dict[str, Any] | None:
    """A decision in short; None for a lead that was kept without routing."""
    if decision is None:
        return None
    return {
        "method": decision.method,
        "rule": decision.rule.name if decision.rule else None,
        "ruleset_version": decision.ruleset.version if decision.ruleset else None,
        "owner": decision.owner.name if decision.owner else None,
        "pool": decision.pool.name if decision.pool else None,
        "explanation": sentence(decision),
    }


def trace_document(decision: Decision) -> dict[str, Any]:
    """A decision in full: each rule tried, each rep looked at, and why (RU5)."""
    tried = trace(decision)
    return {
        **(decision_document(decision) or {}),
        "explanation": tried.sentence,
        "decided_at": stamp(decision.decided_at),
        "rules": [
            {
                "position": rule.position,
                "name": rule.name,
                "conditions": rule.conditions,
                "matched": rule.matched,
                "reasons": list(rule.reasons),
            }
            for rule in tried.rules
        ],
        "steps": [
            {
                "target": step.target,
                "took": step.took,
                "note": step.note,
                "candidates": [
                    {
                        "name": candidate.name,
                        "chosen": candidate.chosen,
                        "result": candidate.result,
                        "virtual_time": candidate.virtual_time,
                        "load": candidate.load._asdict() if candidate.load else None,
                        "backup_of": candidate.backup_of,
                        "passed_over": candidate.passed_over,
                        "lifts_at": stamp(candidate.lifts_at),
                    }
                    for candidate in step.candidates
                ],
            }
            for step in tried.steps
        ],
    }


def reasons_document(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Why a rep may not have a lead, and when each reason lifts (GU7)."""
    return [
        {
            "code": refusal.code,
            "message": refusing.refusal(refusal.code, refusal.params),
            "lifts_at": stamp(refusal.lifts_at),
        }
        for refusal in refusals
    ]


def pool_document(pool: Pool, size: int, *, member: bool) -> dict[str, Any]:
    """A pool, how many leads wait in it, whether the viewer may claim from it as a member, and
    whether it hands out the next one."""
    return {
        "id": str(pool.public_id),
        "name": pool.name,
        "mode": pool.mode,
        "size": size,
        "member": member,
        "next": pool.award == Pool.Award.NEXT,
    }
