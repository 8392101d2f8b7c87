"""Forms and checks of the pages on which managers move leads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.models import HandOver, Lead, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.due import late_number
from leaddistrib.queries.overseeing import movable, reps_overseen
from leaddistrib.web.access import Viewer

MOST = 100
"""Leads that are moved by hand at once."""

CREDITS: Mapping[str, Any] = {
    "duplicate": lazy("It was a duplicate"),
    "invalid": lazy("It was no real lead"),
    "no_show": lazy("Nobody came to the meeting"),
}


class MoveForm(forms.Form):
    """Whom leads are given to, and why."""

    to = forms.ModelChoiceField(
        label=lazy("Give to"),
        queryset=Rep.objects.none(),
        to_field_name="public_id",
        empty_label=lazy("Choose somebody"),
    )
    reason = forms.CharField(label=lazy("Why?"), max_length=500)

    def __init__(self, *args: Any, reps: QuerySet[Rep], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = reps.filter(active=True)  # type: ignore[attr-defined]


class HandOverForm(forms.Form):
    """What happens when a rep leaves. ``public_id`` says which hand-over it is: a form that is
    sent twice goes on with the same one. To be shown what would happen takes no reason."""

    public_id = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={
            "invalid": lazy(
                "This was the form of another hand-over: look at it again, and send it."
            )
        },
    )
    successor = forms.ModelChoiceField(
        label=lazy("Who takes over"),
        queryset=Rep.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=lazy("Nobody: they stay as they are"),
    )
    reason = forms.CharField(label=lazy("Why?"), max_length=500)
    leaves = forms.BooleanField(
        label=lazy("The rep leaves: nothing more comes in"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, reps: QuerySet[Rep], rep: Rep, showing: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rep = rep
        others = reps.filter(active=True).exclude(pk=rep.pk)
        self.fields["successor"].queryset = others  # type: ignore[attr-defined]
        self.fields["reason"].required = not showing
        self.fields["reason"].widget.is_required = True

    def clean_public_id(self) -> UUID | None:
        public_id: UUID | None = self.cleaned_data["public_id"]
        others = HandOver.objects.exclude(rep=self.rep)
        if public_id and others.filter(public_id=public_id).exists():
            raise ValidationError(self.fields["public_id"].error_messages["invalid"])
        return public_id

    @property
    def number(self) -> UUID:
        """What the form is sent with next: a fresh one, if its own is of no use."""
        sent: UUID | None = self.cleaned_data.get("public_id") if self.is_bound else None
        return sent or uuid4()

    def differs(self, begun: HandOver) -> bool:
        """Whether ``begun`` is not what was asked for here, but what an earlier form of its number
        asked for. Whoever was inactive already was not set inactive by it."""
        given = self.cleaned_data
        otherwise = given["leaves"] != begun.retired and (begun.retired or begun.rep.active)
        return otherwise or (given["successor"], given["reason"]) != (begun.successor, begun.reason)


class CreditForm(forms.Form):
    """Why a lead's turn is given back (PU7)."""

    reason = forms.ChoiceField(
        label=lazy("Why?"), choices=list(CREDITS.items()), widget=forms.RadioSelect
    )


def must_oversee(viewer: Viewer) -> None:
    """
    Raises:
        PermissionDenied: the viewer looks after nobody's leads.
    """
    if not viewer.oversees:
        raise PermissionDenied(_("This page is for managers."))


def overview(viewer: Viewer) -> dict[str, Any]:
    """What each page of those who oversee shows besides its own: how many leads are late. One
    query.

    Raises:
        PermissionDenied: the viewer looks after nobody's leads.
    """
    must_oversee(viewer)
    return {"viewer": viewer, "late": late_number(viewer.sight, clock.now())}


def leads_to_move(viewer: Viewer, texts: list[str]) -> list[Lead]:
    """The leads named in an address.

    Raises:
        Http404: none are named, too many, or one does not exist for the viewer or is not theirs to
            move; nothing tells these apart.
    """
    must_oversee(viewer)
    try:
        named = {UUID(text) for text in texts}
    except ValueError:
        raise Http404 from None
    leads = movable(viewer.sight, named) if 0 < len(named) <= MOST else []
    if not leads or len(leads) < len(named):
        raise Http404
    return leads


def as_it_is(lead: Lead) -> str:
    """Whose the lead is, or in which opening it waits: what whoever gives it away has seen."""
    owner = lead.owner.public_id if lead.owner else ""
    return f"{lead.public_id}:{lead.status}:{lead.period}:{owner}"


def rep_overseen(viewer: Viewer, public_id: UUID) -> Rep:
    """
    Raises:
        Http404: there is no such rep in the viewer's teams.
    """
    must_oversee(viewer)
    rep = reps_overseen(viewer.sight).filter(public_id=public_id).first()
    if rep is None:
        raise Http404
    return rep
