"""Leads: sent in, listed, read, and why each went where it did."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from leaddistrib.api.base import ApiView, HasRole
from leaddistrib.api.documenting import Parameter, documented
from leaddistrib.api.filters import LeadFilter
from leaddistrib.api.pagination import MAX_LIMIT, page
from leaddistrib.api.representing import lead_document, trace_document
from leaddistrib.api.sending import (
    ANSWERS,
    EXAMPLES,
    FIELDS,
    answer,
    idempotency_key,
    key_parameter,
)
from leaddistrib.api.shapes.explanations import Explanation
from leaddistrib.api.shapes.leads import LeadIn, LeadOut, LeadPage
from leaddistrib.api.throttling import Rate
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import LeadInput, clean, require_identity
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.models import Lead
from leaddistrib.policy import Role, View, policy
from leaddistrib.queries.blindness import tells_class
from leaddistrib.queries.explanations import decisions_of, sentence
from leaddistrib.queries.sight import leads_of
from leaddistrib.queries.visibility import views

PAGING = (
    Parameter("cursor", "Where to go on; taken from `next`.", {"type": "string"}),
    Parameter("limit", "Leads on a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
)
FILTER_TYPES: Mapping[str, Mapping[str, Any]] = {
    "status": {"type": "string", "enum": Lead.Status.values},
    "pool": {"type": "string", "format": "uuid"},
    "received_after": {"type": "string", "format": "date-time"},
    "received_before": {"type": "string", "format": "date-time"},
}
FILTERS = tuple(
    Parameter(name, one.extra["help_text"], FILTER_TYPES.get(name, {"type": "string"}))
    for name, one in LeadFilter.base_filters.items()
)


class MaySendLeads(BasePermission):
    """Admins, and integrations: users with the permission to add leads."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return policy().may_send_leads(request.user)


class Leads(ApiView):
    """The list of leads, and the door they come in by."""

    def get_permissions(self) -> list[BasePermission]:
        return [MaySendLeads() if self.request.method == "POST" else HasRole()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Rate("intake" if self.request.method == "POST" else "default")]

    @documented(
        "leads_list",
        "List leads",
        "Newest first. Admins see all; managers those of their teams and pools; reps their own "
        "and those that wait in their pools. Each as far as the caller may see it.",
        answers={200: (LeadPage, "One page of leads.")},
        errors=(400,),
        parameters=(*PAGING, *FILTERS),
    )
    def get(self, request: Request) -> Response:
        """What is shown of each lead is the policy's to say, as for a single one."""
        narrowed = LeadFilter(request.query_params, leads_of(self.sight), who=self.sight)
        if not narrowed.is_valid():
            raise ValidationError(narrowed.errors)
        found = page(request, narrowed.qs, by="-received_at")
        shown = views(found.leads, self.sight)
        results = [lead_document(lead, view) for lead, view in shown if view is not View.NOTHING]
        return Response({"next": found.next, "results": results})

    @documented(
        "leads_send",
        "Send a lead",
        "For admins and for integrations, which are users who may add leads. Every wrong field is "
        "named at once. The same lead again, by `source_system` and `external_id` or by its key, "
        "changes nothing and is answered as the first time.",
        body=LeadIn,
        answers=ANSWERS,
        errors=(422,),
        parameters=(key_parameter("user"),),
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        given = self._given()
        actor = cast("AbstractUser", request.user)
        received = receive(given, actor=actor, key=key, scope=f"user:{actor.pk}")
        return answer(received)

    def _given(self) -> LeadInput:
        """The lead that was sent. Raises InvalidLead naming all that is wrong with it."""
        data, unknown = self.sorted_body(FIELDS)
        try:
            given = clean(data, require=("source",))
            require_identity(given)
        except InvalidLead as error:
            raise InvalidLead({**unknown, **error.fields}) from error
        if unknown:
            raise InvalidLead(unknown)
        return given


class OneLead(ApiView):
    """A lead."""

    @documented(
        "leads_read",
        "Read a lead",
        "Personal data is left out unless the lead is the caller's, or of a team that the caller "
        "manages. A rep may also read, without personal data, a lead that the rules looked at them "
        "for and gave to another.",
        answers={200: (LeadOut, "What the caller may see.")},
        errors=(404,),
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        lead, view, _passed = self.lead_to_read()
        return Response(lead_document(lead, view))


class Explained(ApiView):
    """Why a lead went where it went (RU5)."""

    @documented(
        "leads_explain",
        "Explain a lead",
        "Why it went where it went: in a sentence for reps, also for those whom it passed by; with "
        "every rule tried and every rep looked at for admins, and for managers who see the whole "
        "lead.",
        answers={200: (Explanation, "The latest decision in a sentence, and all of them in full.")},
        errors=(404,),
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The whole quotes what the lead says of itself, so it is for those who see that too."""
        lead, view, passed = self.lead_to_read()
        whole = view is View.WHOLE
        in_full = self.sight.role in (Role.ADMIN, Role.MANAGER) and whole
        decisions = decisions_of(lead)
        told = passed or decisions.last()
        answer: dict[str, Any] = {
            "explanation": sentence(
                told,
                None if in_full else self.sight.rep,
                whole=whole,
                oversees=in_full,
                unnamed=tells_class(view),
            )
            if told
            else _("This lead was kept and has not been routed yet.")
        }
        if in_full:
            answer["decisions"] = [trace_document(decision) for decision in decisions]
        return Response(answer)
