"""What the settings of a pool mean together: who is told of its leads when, in sentences (TI1, GU4,
RA5)."""

from collections.abc import Iterable, Mapping

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import GuardrailPolicy, Pool, Team, Tier, TierPolicy
from leaddistrib.queries.competing import policies_for


def told_when(pool: Pool) -> list[str]:
    """Who is told of the leads of a saved pool when, what they see of them, and whose a lead is;
    nothing of a pool where nobody races. Five queries at most, however many teams are in it."""
    if pool.mode != Pool.Mode.RACE:
        return []
    names = _members(pool)
    return [
        *_by_tier(pool, names),
        *(_first(names) if pool.priority else ()),
        *_awarded(pool),
        *_shown(pool),
    ]


def _members(pool: Pool) -> dict[int | None, str]:
    """The teams whose reps are members, by primary key; None: reps without a team."""
    teams = Team.objects.filter(Q(pools=pool) | Q(reps__pools=pool)).distinct()
    names: dict[int | None, str] = dict(teams.values_list("pk", "name"))
    if pool.reps.filter(team=None).exists():
        names[None] = _("Reps without a team")
    return names


def _by_tier(pool: Pool, names: Mapping[int | None, str]) -> list[str]:
    if not (pool.tiered or pool.premium):
        return [_("Every member is told as soon as a lead opens.")] if not pool.in_waves else []
    policies = policies_for(TierPolicy, names)
    tiers: dict[int, list[Tier]] = {}
    holding = {policy.pk for policy in policies.values() if policy}
    for tier in Tier.objects.filter(policy__in=holding).order_by("level"):
        tiers.setdefault(tier.policy_id, []).append(tier)
    said = []
    for team, name in names.items():
        policy = policies[team]
        if policy is None or policy.pk not in tiers:
            said.append(_("%(team)s: no tiers, all of them at once.") % {"team": name})
            continue
        parts = ", ".join(_when(tier, pool) for tier in tiers[policy.pk])
        text = (
            _("%(team)s: %(tiers)s, counting working minutes only.")
            if pool.tiered and policy.working_time
            else _("%(team)s: %(tiers)s.")
        )
        said.append(text % {"team": name, "tiers": parts})
    if not tiers:
        return said
    said.append(_("Who is in no tier counts as of the middle one."))
    floor = max(policy.floor_percent for policy in policies.values() if policy)
    if pool.tiered and floor:
        said.append(
            _("%(percent)d %% of the leads, drawn by lot, wait for no tier.") % {"percent": floor}
        )
    return said


def _when(tier: Tier, pool: Pool) -> str:
    if pool.premium and not tier.premium:
        return _("%(tier)s never") % {"tier": tier.name}
    if not (pool.tiered and tier.delay_minutes):
        return _("%(tier)s at once") % {"tier": tier.name}
    text = ngettext(
        "%(tier)s after %(count)d minute", "%(tier)s after %(count)d minutes", tier.delay_minutes
    )
    return text % {"tier": tier.name, "count": tier.delay_minutes}


def _first(names: Mapping[int | None, str]) -> Iterable[str]:
    """Of priority windows."""
    policies = policies_for(GuardrailPolicy, names)
    starts = {
        name: policy.priority_head_start
        for team, name in names.items()
        # Windows go round a team: who is in none has none.
        if team is not None and (policy := policies[team]) and policy.priority_minutes
    }
    if not starts:
        yield _("None of the members has priority windows: no guardrail policy gives them any.")
        return
    yield _(
        "Whoever has a priority window when a lead opens is told at once. For all others every "
        "time counts from the end of the head start."
    )
    for name, minutes in starts.items():
        text = ngettext(
            "Head start of %(team)s: %(count)d minute.",
            "Head start of %(team)s: %(count)d minutes.",
            minutes,
        )
        yield text % {"team": name, "count": minutes}


def _awarded(pool: Pool) -> Iterable[str]:
    seconds = {"count": pool.cascade_seconds}
    match pool.award:
        case Pool.Award.CASCADE:
            text = ngettext(
                "Members are told one after the other, %(count)d second apart: first who is there, "
                "then by tier and score. Where both a tier and a rank wait, the later time counts.",
                "Members are told one after the other, %(count)d seconds apart: first who is "
                "there, then by tier and score. Where both a tier and a rank wait, the later time "
                "counts.",
                pool.cascade_seconds,
            )
            yield text % seconds
            yield _("The first valid claim owns the lead.")
        case Pool.Award.SEALED:
            text = ngettext(
                "Claims are collected for %(count)d second after the first one. Then the lead goes "
                "to: %(whom)s.",
                "Claims are collected for %(count)d seconds after the first one. Then the lead "
                "goes to: %(whom)s.",
                pool.sealed_seconds,
            )
            yield text % {"count": pool.sealed_seconds, "whom": pool.get_sealed_by_display()}
        case _:
            yield _("The first valid claim owns the lead.")


def _shown(pool: Pool) -> Iterable[str]:
    if pool.blind_percent:
        yield _("%(percent)d %% of the leads show next to nothing until they are claimed.") % {
            "percent": pool.blind_percent
        }
    if pool.unrated:
        yield _("Nobody sees the score or the temperature of a lead until it is claimed.")
