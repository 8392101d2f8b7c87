"""Every page of the admin site opens, and costs the same however much is in it."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.testing import UserFactory
from tests.admin.company import company

REGISTRY: dict[Any, admin.ModelAdmin] = admin.site._registry
# One row, whose list leads straight to its page; and no rows of its own: see test_audit.
WITHOUT_A_LIST = {"organisation", "configurationchange"}
AT_MOST = {"gateway": 3}  # one for each channel that has a provider
MODELS = [
    model
    for model in REGISTRY
    if model._meta.app_label == "leaddistrib" and model._meta.model_name not in WITHOUT_A_LIST
]
READ_ONLY = {
    "alert",
    "allocation",
    "assignment",
    "claim",
    "configurationchange",
    "decision",
    "importrun",
    "jobrun",
    "logentry",
    "offer",
    "onboarding",
    "outboxmessage",
    "outcome",
    "phasechange",
    "prioritywindow",
    "publication",
    "responseclock",
    "rotation",
    "satisfaction",
    "tierplacement",
    "turn",
}


def address(model, page, *args):
    return reverse(f"admin:leaddistrib_{model._meta.model_name}_{page}", args=args)


def queries_of(client, url):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.django_db(transaction=True)
def test_every_list_costs_as_many_queries_for_3_rows_as_for_40(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    company(3)
    urls = {model: address(model, "changelist") for model in MODELS}
    for url in urls.values():
        client.get(url)  # content types and the like are asked for once a process
    few = {model: queries_of(client, url) for model, url in urls.items()}
    company(40)
    for model, url in urls.items():
        enough = AT_MOST.get(str(model._meta.model_name), 40)
        assert model.objects.count() >= enough, f"{model.__name__}: nothing to compare"
        many = queries_of(client, url)
        assert len(many) <= len(few[model]), (model.__name__, many)


@pytest.mark.django_db(transaction=True)
def test_every_page_of_every_model_opens(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    company(2)
    for model in MODELS:
        name = model.__name__
        assert client.get(address(model, "changelist"), {"q": "a"}).status_code == 200, name
        may_add = model._meta.model_name not in READ_ONLY
        assert client.get(address(model, "add")).status_code == (200 if may_add else 403), name
        rows = model.objects.all()
        assert rows, name
        for row in rows[:3]:
            response = client.get(address(model, "change", row.pk))
            assert response.status_code == 200, name
            assert "<script>" not in response.content.decode(), name


@pytest.mark.parametrize("name", sorted(READ_ONLY))
def test_what_happened_is_neither_changed_nor_deleted_even_by_a_superuser(rf, name, admin_user):
    request = rf.get("/")
    request.user = admin_user
    page = REGISTRY[apps.get_model("leaddistrib", name)]
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_whoever_has_no_permission_sees_nothing_of_leaddistrib(signed_in, db):
    client = signed_in()
    assert b"leaddistrib" not in client.get(reverse("admin:index")).content
    for model in MODELS:
        assert client.get(address(model, "changelist")).status_code == 403
