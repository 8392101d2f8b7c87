"""Addresses of pages and API: ``path("leads/", include("leaddistrib.urls"))``."""

from django.urls import include, path

app_name = "leaddistrib"

urlpatterns = [
    path("api/v1/", include("leaddistrib.api.urls")),
    path("hooks/", include("leaddistrib.api.hook_urls")),
    path("", include("leaddistrib.web.urls")),
]
