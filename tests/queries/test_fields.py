"""Attributes that the host registers are fields like ours, as far as they go (RU1)."""

import pytest
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy, override

from leaddistrib import checks
from leaddistrib.engine.conditions import parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.engine.fields import FIELDS, Field
from leaddistrib.queries import wording
from leaddistrib.queries.fields import known_fields

REGISTERED = {
    "attributes.plan": {
        "label": gettext_lazy("country"),  # any word with a translation
        "kind": "text",
        "choices": [("free", "Free of charge"), "paid"],
    },
    "attributes.seats": {"label": "Seats", "kind": "number"},
    "attributes.trial": {},
}
AT_THIS_PATH = "tests.queries.test_fields.REGISTERED"


@pytest.fixture(params=[REGISTERED, AT_THIS_PATH], ids=["a dict", "the path of one"])
def registered(settings, request):
    settings.LEADDISTRIB = {"FIELDS": request.param}


def condition(field, op, value):
    return {"field": field, "op": op, "value": value}


def test_registered_attributes_have_their_kind_and_ours_stay(registered):
    known = known_fields()

    assert known["attributes.plan"] == Field("attributes.plan", "text")
    assert known["attributes.seats"] == Field("attributes.seats", "number")
    assert known["attributes.trial"] == Field("attributes.trial", "any")
    assert {name: known[name] for name in FIELDS} == dict(FIELDS)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (condition("attributes.seats", "contains", "1"), "operator_not_for_field"),
        (condition("attributes.seats", "eq", "many"), "number_expected"),
        (condition("attributes.plan", "gte", 5), "operator_not_for_field"),
        (condition("attributes.plan", "eq", 5), "text_expected"),
    ],
)
def test_a_draft_is_checked_against_what_the_host_said(registered, document, code):
    with pytest.raises(ConditionError) as caught:
        parse(document, fields=known_fields())
    assert caught.value.code == code


def test_a_published_version_is_read_whatever_the_host_registers_later(registered):
    assert parse(condition("attributes.seats", "contains", "1"))


def test_an_attribute_that_nobody_registered_may_be_anything(registered):
    for op, value in (("contains", "x"), ("gte", 5)):
        assert parse(condition("attributes.other", op, value), fields=known_fields())


def test_rules_are_worded_with_the_hosts_labels_in_the_readers_language(registered):
    rule = {"all": [condition("attributes.plan", "in", ["FREE", "paid"])]}

    assert wording.condition_in_words(rule) == "country is one of Free of charge, paid"
    assert wording.condition_in_words(condition("attributes.seats", "gte", 5)) == (
        "Seats is at least 5"
    )
    with override("fr"):
        assert wording.field_label("attributes.plan") == "pays"


def test_an_attribute_without_a_label_goes_by_its_name(registered):
    assert wording.field_label("attributes.trial") == "trial"
    assert wording.field_label("attributes.other") == "other"


@pytest.mark.parametrize(
    "given",
    [
        {},
        REGISTERED,
        AT_THIS_PATH,
        {"attributes.plan": {"label": lazystr("Plan"), "choices": [1, (2.5, "two")]}},
    ],
)
def test_what_a_host_may_register(settings, given):
    settings.LEADDISTRIB = {"FIELDS": given}

    assert list(checks.settings()) == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("nowhere.FIELDS", "cannot be imported"),
        (["attributes.plan"], "not a dict"),
        ({"plan": {}}, "'plan' is no name of an attribute"),
        ({"attributes.": {}}, "is no name of an attribute"),
        ({"attributes." + "x" * 65: {}}, "is no name of an attribute"),
        ({5: {}}, "5 is no name of an attribute"),
        ({"attributes.plan": "Plan"}, "not a dict with label"),
        ({"attributes.plan": {"labels": "Plan"}}, "has labels"),
        ({"attributes.plan": {"kind": "date"}}, "of kind 'date'"),
        ({"attributes.plan": {"label": 5}}, "has the label 5"),
        ({"attributes.plan": {"choices": "free"}}, "has the choices 'free'"),
        ({"attributes.plan": {"choices": [("free",)]}}, "has the choices"),
        ({"attributes.plan": {"choices": [{"free": "Free"}]}}, "has the choices"),
    ],
)
def test_what_is_wrong_with_a_registered_attribute_is_named_at_start(settings, given, named):
    settings.LEADDISTRIB = {"FIELDS": given}

    [message] = checks.settings()

    assert message.id == "leaddistrib.E012"
    assert named in message.msg


@pytest.mark.parametrize("currency", ["euro", "eur", "€", "", "EU"])
def test_a_currency_is_an_iso_code(settings, currency):
    settings.LEADDISTRIB = {"CURRENCY": currency}

    assert [message.id for message in checks.settings()] == ["leaddistrib.E010"]
