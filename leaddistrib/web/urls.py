"""Addresses of the pages."""

from django.urls import path

from leaddistrib.web.views import (
    claim,
    contributions,
    distribution,
    home,
    hours,
    lead,
    leaving,
    manage,
    me,
    moving,
    parting,
    pool,
    rules,
    sharing,
    snapshot,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("pool/", pool.pool, name="pool"),
    path(
        "pool/<uuid:public_id>/contributions/",
        contributions.parts,
        name="contributions",
    ),
    path("lead/<uuid:public_id>/", lead.lead, name="lead"),
    path("lead/<uuid:public_id>/claim/", claim.claim, name="claim"),
    path("lead/<uuid:public_id>/contacts/", sharing.contacts, name="contacts"),
    path("lead/<uuid:public_id>/working/", sharing.work, name="working"),
    path("lead/<uuid:public_id>/release/", parting.release, name="release"),
    path("lead/<uuid:public_id>/close/", parting.close, name="close"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<uuid:key>/review/", rules.review, name="rule-review"),
    path("me/", me.me, name="me"),
    path("me/availability/", me.availability, name="availability"),
    path("me/time-off/", me.time_off, name="time-off"),
    path("me/time-off/<int:pk>/", me.change_time_off, name="time-off-change"),
    path("me/time-off/<int:pk>/remove/", me.remove_time_off, name="time-off-remove"),
    path("me/hours/", hours.hours, name="hours"),
    path("me/cover/", hours.cover, name="cover"),
    path("me/calendar/", hours.calendar, name="calendar"),
    path("me/calendar/remove/", hours.remove_calendar, name="calendar-remove"),
    path("manage/", manage.manage, name="manage"),
    path("manage/distribution/", distribution.spread, name="distribution"),
    path("manage/distribution/leads/", distribution.behind, name="distribution-leads"),
    path("manage/assign/", moving.assign, name="assign"),
    path("manage/credit/<uuid:public_id>/", moving.credit, name="credit"),
    path("manage/reps/", leaving.reps, name="reps"),
    path("manage/reps/<uuid:public_id>/", leaving.leave, name="leave"),
    path(
        "manage/reps/<uuid:public_id>/<uuid:handover>/", leaving.handed_over, name="handed-over"
    ),
    path("snapshot/", snapshot.snapshot, name="snapshot"),
]
