"""Who is looking, and which leads exist for them (IG4)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from leaddistrib.models import Decision, Lead, Rep
from leaddistrib.policy import Role, Sight, View, policy
from leaddistrib.queries.sight import sight, view_of
from leaddistrib.queries.visibility import is_member_for
from leaddistrib.web.middleware import speak

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in user, and what exists for them."""

    user: AbstractUser
    sight: Sight

    @property
    def rep(self) -> Rep | None:
        return self.sight.rep

    @property
    def own(self) -> Rep:
        """The rep, on pages that are for reps only.

        Raises:
            PermissionDenied: the user is not a rep.
        """
        if self.sight.rep is None:
            raise PermissionDenied(_("This page is for reps, and you are not one."))
        return self.sight.rep

    @property
    def name(self) -> str:
        return self.user.get_full_name() or self.user.get_username()

    @property
    def first_name(self) -> str:
        return self.user.get_short_name() or self.name

    @property
    def key(self) -> str:
        """Tells one user of a browser from the next, and nobody who they are."""
        digest = salted_hmac("leaddistrib.viewer", str(self.user.pk), algorithm="sha256")
        return digest.hexdigest()[:16]

    @property
    def sign_in(self) -> str:
        """Where the viewer signs in again, when the session is over."""
        return resolve_url(settings.LOGIN_URL)

    @property
    def oversees(self) -> bool:
        """Whether the viewer looks after the leads of others."""
        return self.sight.role in (Role.MANAGER, Role.ADMIN)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, rather than somebody who follows a link or sends a form."""
    preferred: str | None = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def signed_in(
    view: Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Hand the view a ``Viewer``; send everybody else to sign in, and back here afterwards.

    Nothing of these pages is kept by caches: they show personal data, and what may be claimed.
    """

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            return _sign_in(request)
        viewer = Viewer(user, sight(user))
        if viewer.rep is not None:
            speak(request, viewer.rep.language)
        response = view(request, viewer, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return inner


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    if wants_json(request):
        return JsonResponse({"code": "signed_out", "detail": _("Sign in to go on.")}, status=401)
    # A form that was sent cannot be sent again after signing in; its address then shows the
    # confirmation, or says that it takes forms only.
    return redirect(
        f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
    )


def lead_for(viewer: Viewer, public_id: UUID) -> tuple[Lead, View, Decision | None]:
    """The lead and how much of it the viewer may see; and the decision that passed them over, where
    that is why they see it (``view_of``).

    Raises:
        Http404: there is no such lead, or none for this viewer; nothing tells the two apart.
    """
    lead = _lead(public_id)
    view, passed = view_of(lead, viewer.sight)
    if view is View.NOTHING:
        raise Http404
    return lead, view, passed


def lead_for_rep(viewer: Viewer, public_id: UUID) -> tuple[Lead, Rep]:
    """A lead that exists for the viewer as a rep: to be claimed, or to be given back.

    Raises:
        Http404: as in ``lead_for``, and for everybody who is not a rep.
    """
    lead, rep = _lead(public_id), viewer.rep
    if rep is None:
        raise Http404
    member = is_member_for(lead, viewer.sight)
    if policy().view_for_rep(lead, rep, member=member) is View.NOTHING:
        raise Http404
    return lead, rep


def _lead(public_id: UUID) -> Lead:
    lead = Lead.objects.select_related("pool", "owner__user").filter(public_id=public_id).first()
    if lead is None:
        raise Http404
    return lead
