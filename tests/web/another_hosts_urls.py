"""Addresses of a project that signs its people in elsewhere and has no admin site."""

from django.urls import include, path

urlpatterns = [path("leads/", include("leaddistrib.urls"))]
