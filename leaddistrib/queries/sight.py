"""Who looks, and which leads and pools exist for them (IG4)."""

from django.db.models import Q, QuerySet

from leaddistrib.models import Decision, Lead, Pool, Team
from leaddistrib.policy import Role, Sight, View, Viewer, policy
from leaddistrib.queries import clock
from leaddistrib.queries.membership import pools_of
from leaddistrib.queries.passing import passed_over
from leaddistrib.queries.visibility import seen_by, view_by


def sight(user: Viewer) -> Sight:
    """Everything ``Policy.view`` asks about ``user``, in a constant number of queries."""
    rules = policy()
    role, rep = rules.role(user), rules.rep(user)
    pools = pools_of(rep).values_list("pk", flat=True) if rep else ()
    if role is not Role.MANAGER:
        return Sight(role, rep, frozenset(pools))
    teams = frozenset(Team.objects.filter(managers=user.pk).values_list("pk", flat=True))
    managed = Pool.objects.filter(Q(teams__in=teams) | Q(reps__team__in=teams))
    return Sight(
        role, rep, frozenset(pools), teams, frozenset(managed.values_list("pk", flat=True))
    )


def view(user: Viewer, lead: Lead) -> View:
    """How much of one lead ``user`` sees. For many leads, take one ``sight`` and ask the policy."""
    return view_by(lead, sight(user))


def view_of(lead: Lead, who: Sight) -> tuple[View, Decision | None]:
    """How much of one lead is shown where it is read by itself: also one that somebody has and that
    the rules passed the viewer over for (RU5). The decision is then the latest that looked at them,
    which is why.

    One that nobody has waits for others, in a pool that is none of the viewer's business. One query
    more, for a lead that does not exist for a rep otherwise. Who may act on it is not asked here:
    ``Policy.view``.
    """
    rules = policy()
    view = view_by(lead, who)
    if view is not View.NOTHING or who.rep is None or lead.owner_id is None:
        return view, None
    decision = passed_over(who.rep).filter(lead=lead).order_by("-pk").first()
    if decision is None:
        return View.NOTHING, None
    return rules.view_for_passed_over(lead, who.rep), decision


def leads_of(who: Sight) -> QuerySet[Lead]:
    """Leads in a viewer's list: all for admins, those of teams and their pools for managers, for
    reps the own ones and those that wait in their pools.

    How much of each is shown is the policy's to say: ``Policy.view``.
    """
    leads = Lead.objects.select_related("pool", "owner__user")
    if who.role is Role.ADMIN:
        return leads
    wanted = Q(pk__in=())
    if who.rep is not None:
        wanted |= Q(owner=who.rep) | Q(
            seen_by(who.rep, clock.now()), pool__in=who.pools, status=Lead.Status.WAITING
        )
    if who.role is Role.MANAGER:
        wanted |= Q(owner__team__in=who.managed_teams) | Q(pool__in=who.managed_pools)
    return leads.filter(wanted)


def pools_seen(who: Sight) -> QuerySet[Pool]:
    """All pools for admins, else those the viewer is a member or the manager of."""
    if who.role is Role.ADMIN:
        return Pool.objects.all()
    return Pool.objects.filter(pk__in=who.pools | who.managed_pools)
