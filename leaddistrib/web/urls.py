"""Addresses of the pages."""

from django.urls import path

from leaddistrib.web.views import claim, home, lead, manage, me, parting, pool, snapshot

urlpatterns = [
    path("", home.home, name="home"),
    path("pool/", pool.pool, name="pool"),
    path("lead/<uuid:public_id>/", lead.lead, name="lead"),
    path("lead/<uuid:public_id>/claim/", claim.claim, name="claim"),
    path("lead/<uuid:public_id>/release/", parting.release, name="release"),
    path("lead/<uuid:public_id>/close/", parting.close, name="close"),
    path("me/", me.me, name="me"),
    path("me/availability/", me.availability, name="availability"),
    path("me/time-off/", me.time_off, name="time-off"),
    path("me/time-off/<int:pk>/remove/", me.remove_time_off, name="time-off-remove"),
    path("manage/", manage.manage, name="manage"),
    path("snapshot/", snapshot.snapshot, name="snapshot"),
]
