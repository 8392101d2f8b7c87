"""Addresses of the host project."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = _("Lead distribution")

urlpatterns = [
    path("", RedirectView.as_view(url="/leads/")),
    path("leads/", include("leaddistrib.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
