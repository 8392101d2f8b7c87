"""What the settings of a pool mean together: who is told of its leads when, in sentences (TI1, GU4,
RA5)."""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.engine.mixing import IN_A_ROW, Mix
from leaddistrib.models import GuardrailPolicy, Pool, Rep, Team, Tier, TierPolicy
from leaddistrib.queries.closed import closed
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.levels import Levels, levels_of, middle, own_tier


def told_when(pool: Pool) -> list[str]:
    """Who is told of the leads of a saved pool when, what they see of them, whose a lead is, and to
    whom the pool is closed; nothing of a pool where nobody races. A constant number of queries,
    however many teams and reps are in it."""
    if pool.mode != Pool.Mode.RACE:
        return []
    names = _members(pool)
    return [
        *_by_tier(pool, names),
        *(_first(names) if pool.priority else ()),
        *_awarded(pool),
        *_shown(pool),
        *closed(pool),
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
    tiers = levels_of(policies.values())
    own = {team: tiers.get(policy.pk, {}) if policy else {} for team, policy in policies.items()}
    members = _levels(pool)
    waiting = any(
        tier and (tier.premium or not pool.premium)
        for team, levels in members.items()
        for tier in (own_tier(own[team], level) for level in levels)
    )
    said = []
    for team, name in names.items():
        policy = policies[team]
        if policy is None or not own[team]:
            said.append(_("%(team)s: no tiers, all of them at once.") % {"team": name})
            continue
        text = (
            _("%(team)s: %(tiers)s, counting working minutes only.")
            if pool.tiered and policy.working_time
            else _("%(team)s: %(tiers)s.")
        )
        parts = _of_team(own[team], members.get(team, ()), pool, waiting=waiting)
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


def _levels(pool: Pool) -> dict[int | None, set[int | None]]:
    """On which levels the active members of each team were placed; None: on none. One query."""
    inside = Q(pools=pool) | Q(team__pools=pool)
    reps = Rep.objects.filter(inside, active=True, user__is_active=True)
    found: dict[int | None, set[int | None]] = {}
    for team, level in reps.order_by().values_list("team", "tier").distinct():
        found.setdefault(team, set()).add(level)
    return found


def _of_team(tiers: Levels, members: Collection[int | None], pool: Pool, *, waiting: bool) -> str:
    """When the tiers of a team are told. Where none of its members is in one, because the team is
    too small or not placed yet, they are told as the middle one is; and if nobody in the pool is in
    one, nobody waits."""
    between = middle(tiers)
    if between is None or not members or any(own_tier(tiers, level) for level in members):
        return ", ".join(_when(tier, pool) for tier in tiers.values())
    return _("nobody is in a tier, and all count as of the middle one: %(tier)s") % {
        "tier": _when(between, pool, waits=waiting)
    }


def _when(tier: Tier, pool: Pool, *, waits: bool = True) -> str:
    if pool.premium and not tier.premium:
        return _("%(tier)s never") % {"tier": tier.name}
    if not (waits and pool.tiered and tier.delay_minutes):
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
        case Pool.Award.NEXT:
            yield _(
                "Members see no list and no lead, only how many wait. A button gives each the most "
                "fitting lead that nothing stands against: what the rep had before comes last; "
                "then the own territory and own accounts go first, then the higher score, then "
                "who waits longest."
            )
        case _:
            yield _("The first valid claim owns the lead.")


def _shown(pool: Pool) -> Iterable[str]:
    if pool.blind_percent:
        yield _("%(percent)d %% of the leads show next to nothing until they are claimed.") % {
            "percent": pool.blind_percent
        }
    if pool.unrated:
        yield _("Nobody sees the score or the temperature of a lead until it is claimed.")
    if pool.mixed:
        yield from _mixed(pool)


def _mixed(pool: Pool) -> Iterable[str]:
    """The mix in leads, as it is counted: of a share of 2 % there is none in 20."""
    mix = Mix(pool.mix_high, pool.mix_low)
    parts = [
        text % {"count": most}
        for quality, text in (
            ("high", _("%(count)d of high quality")),
            ("low", _("%(count)d of low quality")),
        )
        if (most := mix.most(quality)) is not None
    ]
    yield _(
        "Of any %(leads)d leads that the rules send here at most: %(parts)s. What is beyond goes "
        "to the rule's next step, and opens here if nobody there takes it."
    ) % {"leads": IN_A_ROW, "parts": ", ".join(parts)}
