"""Who is who, and who sees which fields of a lead. A host overrides ``Policy`` by a setting.

Pages, API, sockets and messages all go through ``disclose``, so that a field shown to nobody in
one place leaks through no other (IG4).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.utils.module_loading import import_string

from leaddistrib import conf
from leaddistrib.models import Lead, Pool, Rep, Team

Viewer = AbstractUser | AnonymousUser


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    REP = "rep"
    OUTSIDER = "outsider"


class View(StrEnum):
    """How much of a lead a viewer may see."""

    NOTHING = "nothing"
    BLIND = "blind"  # next to nothing, until somebody claims it (GU2)
    UNRATED = "unrated"  # a preview that does not tell how good the lead is (GU3)
    PREVIEW = "preview"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks, loaded once (``queries.sight.sight``), so that many leads cost no more queries.

    ``pools`` are those the user is a member of as a rep; ``managed_teams`` and ``managed_pools``
    those of a manager. All are primary keys.
    """

    role: Role
    rep: Rep | None = None
    pools: frozenset[int] = frozenset()
    managed_teams: frozenset[int] = frozenset()
    managed_pools: frozenset[int] = frozenset()


PREVIEW_FIELDS = (
    "source",
    "lead_type",
    "company",
    "contact_title",
    "country",
    "subdivision",
    "city",
    "industry",
    "employees",
    "size_band",
    "product",
    "score",
    "temperature",
    "language",
)
WHOLE_FIELDS = (
    *PREVIEW_FIELDS,
    "source_system",
    "external_id",
    "contact_name",
    "contact_email",
    "contact_phone",
    "postal_code",
    "value",
    "currency",
)
BLIND_FIELDS = ("lead_type", "country", "language")
RATINGS = ("score", "temperature", "quality")
"""What tells the class of a lead, which a pool that opens leads in a mix keeps from reps."""

HIDING = (View.BLIND, View.UNRATED)
"""Views to whose readers neither a rule's name, nor what its steps or a limit depend on, is told:
that would tell what is hidden."""
MOST_FIRST = (View.WHOLE, View.PREVIEW, View.UNRATED, View.BLIND, View.NOTHING)


class Policy:
    """The rules of sight. Override what differs and name the class in ``LEADDISTRIB["POLICY"]``."""

    def rep(self, user: Viewer) -> Rep | None:
        """The active rep that this user is, if any."""
        if not user.is_authenticated or not user.is_active:
            return None
        return Rep.objects.select_related("user", "team").filter(user=user.pk, active=True).first()

    def role(self, user: Viewer) -> Role:
        """The highest role of a user. One who is rep and manager is a manager."""
        if not user.is_authenticated or not user.is_active:
            return Role.OUTSIDER
        if self.is_admin(user):
            return Role.ADMIN
        if Team.objects.filter(managers=user.pk).exists():
            return Role.MANAGER
        return Role.REP if self.rep(user) else Role.OUTSIDER

    def is_admin(self, user: Viewer) -> bool:
        """Sales operations: superusers, and whoever may change leads in the admin site."""
        return bool(user.has_perm("leaddistrib.change_lead"))

    def may_send_leads(self, user: Viewer) -> bool:
        """Admins, and integrations: accounts of programs that may add leads and nothing else."""
        return self.is_admin(user) or bool(user.has_perm("leaddistrib.add_lead"))

    def view(self, lead: Lead, sight: Sight) -> View:
        """How much of ``lead`` one user sees, whatever their role (IG4).

        A manager who is a rep too sees what either may see. Read ``lead`` with its owner and pool.
        """
        if sight.role is Role.ADMIN:
            return View.WHOLE
        views = {View.NOTHING}
        if sight.role is Role.MANAGER:
            views.add(self.view_for_manager(lead, sight))
        if sight.rep is not None:
            member = lead.pool_id in sight.pools
            views.add(self.view_for_rep(lead, sight.rep, member=member))
        return next(view for view in MOST_FIRST if view in views)

    def view_for_manager(self, lead: Lead, sight: Sight) -> View:
        """What a manager sees: leads of the own teams' reps whole, and those that wait in their
        pools; what another team's rep took from such a pool stays a preview."""
        if lead.owner is not None and lead.owner.team_id in sight.managed_teams:
            return View.WHOLE
        if lead.pool_id not in sight.managed_pools:
            return View.NOTHING
        return View.WHOLE if lead.owner_id is None else View.PREVIEW

    def view_for_rep(self, lead: Lead, rep: Rep, *, member: bool) -> View:
        """What a rep sees: own leads whole, waiting ones of own pools as ``preview_of`` says.

        Those that wait in an own shared pool are whole too: any member may call them (PO1). A lead
        that was taken from the rep's pool stays as it was, so that the page can say who was
        faster; everything else does not exist for the rep, but for what ``view_for_passed_over``
        says. Read ``lead`` with its pool.
        """
        if lead.owner_id == rep.pk:
            return View.WHOLE
        if not member or lead.status == Lead.Status.RECEIVED:
            return View.NOTHING
        shared = lead.pool is not None and lead.pool.mode == Pool.Mode.SHARED
        if shared and lead.status == Lead.Status.WAITING:
            return View.WHOLE
        return self.preview_of(lead)

    def preview_of(self, lead: Lead) -> View:
        """The preview of a lead for reps who do not have it, the same for all of them: next to
        nothing of one that is blind (GU2), no ratings where a pool opens leads in a mix (GU3). So
        it stays when somebody else claims it: whoever loses a blind lead does not learn what it
        was. Read ``lead`` with its pool.
        """
        if lead.blind:
            return View.BLIND
        return View.UNRATED if lead.pool is not None and lead.pool.unrated else View.PREVIEW

    def view_for_passed_over(self, lead: Lead, rep: Rep) -> View:
        """What a rep sees of a lead that exists for them for one reason alone: the rules looked at
        them, and somebody else has it. Read ``lead`` with its owner and pool.

        What a member of its pool sees. Whoever asks "why not me?" has to recognise the
        lead and to see who has it; the rules could as well have given it to this rep, with all of
        its personal data, which no answer needs and is left out. A lead that the rules never had
        for the rep, and one that the rep had and gave up, stays out of sight. Return
        ``View.NOTHING`` to keep such leads from reps altogether.
        """
        return self.preview_of(lead)

    def fields(self, view: View) -> tuple[str, ...]:
        """The fields that ``view`` shows. What a host keeps from previews, the lesser ones do not
        show either."""
        match view:
            case View.WHOLE:
                return WHOLE_FIELDS
            case View.PREVIEW:
                return PREVIEW_FIELDS
            case View.UNRATED:
                return tuple(one for one in self.fields(View.PREVIEW) if one not in RATINGS)
            case View.BLIND:
                return tuple(one for one in self.fields(View.PREVIEW) if one in BLIND_FIELDS)
        return ()


def policy() -> Policy:
    """The policy in force."""
    made: Policy = import_string(conf.settings.POLICY)()
    return made


def handed_out(lead: Lead) -> bool:
    """Whether a lead, read with its pool, is, or was, where a button hands out the next one: it
    exists for no rep before it is theirs (RA5)."""
    return lead.pool is not None and lead.pool.award == Pool.Award.NEXT


def at_most_a_preview(view: View) -> View:
    """``view``, without what only who sees the whole lead may see."""
    return View.PREVIEW if view is View.WHOLE else view


def disclose(lead: Lead, view: View) -> dict[str, Any]:
    """The lead as a viewer with ``view`` sees it, with the names of the API. One that is ``blind``
    to this viewer says so."""
    shown: dict[str, Any] = {
        "id": str(lead.public_id),
        "status": lead.status,
        "received_at": lead.received_at,
        "opens_at": lead.opens_at,
        "pool": lead.pool.name if lead.pool else None,
        "owner": lead.owner.name if lead.owner else None,
    }
    contact: dict[str, str] = {}
    for field in policy().fields(view):
        if field.startswith("contact_"):
            contact[field.removeprefix("contact_")] = getattr(lead, field)
        else:
            shown[field] = getattr(lead, field)
    shown["contact"] = contact
    if view is View.BLIND:
        shown["blind"] = True
    if view is View.WHOLE:
        shown["attributes"] = lead.attributes
    return shown
