"""Addresses of the API."""

from django.urls import path, re_path

from leaddistrib.api.base import Unknown
from leaddistrib.api.claims import Claim, Release
from leaddistrib.api.contacts import Attempts, Contacts, UndoneContacts
from leaddistrib.api.conversion import Conversion
from leaddistrib.api.leads import Explained, Leads, OneLead
from leaddistrib.api.metrics import Distribution
from leaddistrib.api.nextplease import Next
from leaddistrib.api.outcomes import Outcomes
from leaddistrib.api.pools import PoolLeads, Pools
from leaddistrib.api.response import ClaimSpeed, Responses
from leaddistrib.api.schema import Described, Docs
from leaddistrib.api.standing import OwnStanding
from leaddistrib.api.tiers import GiveBacks, Tiers
from leaddistrib.api.waiting import Waiting

urlpatterns = [
    path("leads/", Leads.as_view(), name="api-leads"),
    path("leads/<uuid:id>/", OneLead.as_view(), name="api-lead"),
    path("leads/<uuid:id>/explanation/", Explained.as_view(), name="api-explanation"),
    path("leads/<uuid:id>/claim/", Claim.as_view(), name="api-claim"),
    path("leads/<uuid:id>/contacts/", Contacts.as_view(), name="api-contacts"),
    path("leads/<uuid:id>/contacts/undo/", UndoneContacts.as_view(), name="api-contact-undo"),
    path("leads/<uuid:id>/attempts/", Attempts.as_view(), name="api-attempts"),
    path("leads/<uuid:id>/outcome/", Outcomes.as_view(), name="api-outcome"),
    path("leads/<uuid:id>/release/", Release.as_view(), name="api-release"),
    path("pools/", Pools.as_view(), name="api-pools"),
    path("pools/<uuid:id>/leads/", PoolLeads.as_view(), name="api-pool-leads"),
    path("pools/<uuid:id>/next/", Next.as_view(), name="api-next"),
    path("me/standing/", OwnStanding.as_view(), name="api-standing"),
    path("metrics/distribution/", Distribution.as_view(), name="api-distribution"),
    path("metrics/response/", Responses.as_view(), name="api-response"),
    path("metrics/waiting/", Waiting.as_view(), name="api-waiting"),
    path("metrics/claim-speed/", ClaimSpeed.as_view(), name="api-claim-speed"),
    path("metrics/give-backs/", GiveBacks.as_view(), name="api-give-backs"),
    path("metrics/tiers/", Tiers.as_view(), name="api-tiers"),
    path("metrics/conversion/", Conversion.as_view(), name="api-conversion"),
    path("schema/", Described.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    re_path("", Unknown.as_view(), name="api-unknown"),
]
