"""What all views of the API share: who calls, in which language, how often, and how it may fail."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas.inspectors import ViewInspector
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from leaddistrib.api.documenting import SCHEMA
from leaddistrib.api.errors import NotARep, answer
from leaddistrib.api.parsing import JSON, StrictJSONParser
from leaddistrib.api.throttling import Rate
from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.models import Decision, Lead, Rep
from leaddistrib.policy import Role, Sight, View
from leaddistrib.queries.sight import sight, view_of
from leaddistrib.queries.visibility import view_by


class HasRole(BasePermission):
    """Admins, managers and reps; what they see is the policy's to say."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(view, ApiView) and view.sight.role is not Role.OUTSIDER


class ApiView(APIView):
    """Base of every view. Sessions need CSRF tokens; programs send ``Authorization: Token …``.

    The token comes first because the first one's challenge goes into a 401.
    """

    authentication_classes: tuple[type[BaseAuthentication], ...] = (
        TokenAuthentication,
        SessionAuthentication,
    )
    permission_classes: tuple[type[BasePermission], ...] = (HasRole,)
    renderer_classes = (JSON,)
    parser_classes = (StrictJSONParser,)
    content_negotiation_class = DefaultContentNegotiation
    metadata_class = None
    versioning_class = None
    http_method_names = ["get", "head", "post"]
    schema: ViewInspector | None = SCHEMA
    rate = "default"

    @cached_property
    def sight(self) -> Sight:
        """Who calls."""
        return sight(self.request.user)

    @property
    def rep(self) -> Rep:
        """The rep who calls. Raises NotARep for everybody else."""
        if self.sight.rep is None:
            raise NotARep
        return self.sight.rep

    def lead(self) -> tuple[Lead, View]:
        """The lead that the address names, and how much the caller may see of it.

        Raises NotFound alike for a lead that there is not and one that is not theirs to see.
        """
        lead = self._named()
        view = view_by(lead, self.sight) if lead else View.NOTHING
        if lead is None or view is View.NOTHING:
            raise NotFound
        return lead, view

    def lead_to_read(self) -> tuple[Lead, View, Decision | None]:
        """The same for a lead that is read and not acted on, which may also be one that passed the
        caller by: then with the decision that did (``view_of``)."""
        lead = self._named()
        view, passed = view_of(lead, self.sight) if lead else (View.NOTHING, None)
        if lead is None or view is View.NOTHING:
            raise NotFound
        return lead, view, passed

    def _named(self) -> Lead | None:
        leads = Lead.objects.select_related("pool", "owner__user")
        return leads.filter(public_id=self.kwargs["id"]).first()

    def body(self, known: Mapping[str, object]) -> dict[str, Any]:
        """The object that was sent. Raises ValidationError naming what is not ``known``."""
        data, unknown = self.sorted_body(known)
        if unknown:
            raise ValidationError(unknown)
        return data

    def sorted_body(
        self, known: Mapping[str, object]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """What is ``known`` of the object that was sent, and what is wrong with the rest of it.

        Raises ValidationError if no object was sent.
        """
        data = self.request.data
        if not isinstance(data, dict):
            raise ValidationError([_("Send an object with named values.")])
        unknown = {
            shown(name): [_("There is no such field.")] for name in data if name not in known
        }
        return {name: value for name, value in data.items() if name in known}, unknown

    def get_throttles(self) -> list[BaseThrottle]:
        return [Rate(self.rate)]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return answer

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Given back afterwards: a rep's language must not stay with the thread.
        with translation.override(translation.get_language()):
            return super().dispatch(*args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        language = self.sight.rep.language if self.sight.rep else ""
        if language and translation.check_for_language(language):
            translation.activate(language)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Personal data is kept in no cache on its way."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Content-Language"] = translation.get_language() or ""
        patch_cache_control(response, private=True, no_store=True)
        return response


class Unknown(ApiView):
    """Any address under the API that there is not: an error like the others, not a page."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound
