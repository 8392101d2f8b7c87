"""Conditions, fields and calendars' problems in the reader's language. The engine knows codes, here
are the words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.engine.errors import ConditionError
from leaddistrib.models import Lead, Rep, RuleStep
from leaddistrib.queries.fields import host_fields
from leaddistrib.queries.holidays import NoHolidays

FIELD_LABELS: Mapping[str, str | Promise] = {
    "source": lazy("source"),
    "source_system": lazy("source system"),
    "external_id": lazy("external id"),
    "lead_type": lazy("lead type"),
    "company": lazy("company"),
    "country": lazy("country"),
    "subdivision": lazy("subdivision"),
    "city": lazy("city"),
    "postal_code": lazy("postal code"),
    "industry": lazy("industry"),
    "employees": lazy("employees"),
    "product": lazy("product"),
    "score": lazy("score"),
    "language": lazy("language"),
    "contact.name": lazy("contact"),
    "contact.title": lazy("title"),
    "contact.email": lazy("e-mail"),
    "contact.phone": lazy("phone"),
    "email_domain": lazy("e-mail domain"),
    "company_domain": lazy("company domain"),
    "size_band": lazy("size"),
    "temperature": lazy("temperature"),
    "quality": lazy("quality"),
    "region": lazy("region"),
    "metro": lazy("metropolitan area"),
    "territory": lazy("territory"),
    "account": lazy("account"),
    "account_owner": lazy("account's owner"),
    "value": lazy("expected value"),
    "currency": lazy("currency"),
}

OPERATOR_LABELS: Mapping[str, str | Promise] = {
    "eq": lazy("is"),
    "ne": lazy("is not"),
    "in": lazy("is one of"),
    "not_in": lazy("is none of"),
    "gte": lazy("is at least"),
    "lte": lazy("is at most"),
    "between": lazy("is between"),
    "contains": lazy("contains"),
    "starts_with": lazy("starts with"),
    "is_blank": lazy("is blank"),
}

CONDITION_ERRORS: Mapping[str, str | Promise] = {
    "not_a_condition": lazy(
        "Write a condition here, such as {{field, op, value}}, instead of {found}."
    ),
    "unknown_key": lazy("Remove {keys}: only {allowed} may stand here."),
    "missing_key": lazy("Add {keys}: a condition needs a field, an op and a value."),
    "not_a_list": lazy("Write the conditions of this group as a list, instead of {found}."),
    "empty_group": lazy("Add a condition to this group, or remove the group."),
    "too_deep": lazy("Nest groups at most {limit} deep: split the rule into several."),
    "too_many_conditions": lazy(
        "Use at most {limit} conditions in a rule: split it, or use a list."
    ),
    "unknown_field": lazy("There is no field {name}: use one of {known}, or attributes.NAME."),
    "unknown_operator": lazy("There is no operator {name}: use one of {known}."),
    "operator_not_for_field": lazy("{op} does not work on {field}: use one of {known}."),
    "text_expected": lazy("Write the value as text, in quotes, instead of {found}."),
    "number_expected": lazy("Write the value as a number, instead of {found}."),
    "text_or_number_expected": lazy("Write the value as text or as a number, instead of {found}."),
    "true_or_false_expected": lazy("Write true or false, instead of {found}."),
    "list_expected": lazy("Write the values as a list, instead of {found}."),
    "range_expected": lazy("Write the range as [lowest, highest], instead of {found}."),
    "range_reversed": lazy(
        "Put the lower number first: [{high}, {low}] instead of [{low}, {high}]."
    ),
    "empty_list": lazy("Add a value to the list, or remove the condition."),
    "mixed_list": lazy(
        "Write only texts or only numbers in the list: they are compared differently."
    ),
    "blank_value": lazy("Write a text here; to ask for an empty field, use is_blank."),
    "nul_character": lazy("Remove the NUL character from the text."),
    "text_too_long": lazy("Shorten the text to {limit} characters."),
    "list_too_long": lazy("Shorten the list to {limit} values."),
}

# Why a rep's calendar could not be read, said to the rep and to managers.
CALENDAR_PROBLEMS: Mapping[str, str | Promise] = {
    "not_https": lazy("Its address does not begin with https://."),
    "host_not_allowed": lazy("Calendars are not read from this address."),
    "address_not_allowed": lazy("Its address is not on the public internet."),
    "unreachable": lazy("Its server cannot be reached."),
    "too_slow": lazy("Its server takes too long to answer."),
    "too_large": lazy("It is too large."),
    "redirected": lazy("Its address leads to another one. Enter that one."),
    "not_understood": lazy("Its server does not answer properly."),
    "answered": lazy(
        "Its server refuses it (status {detail}). Copy the address from your calendar again."
    ),
    "not_a_calendar": lazy("What is there is not a calendar in ICS format."),
    "too_many_events": lazy("It has too many events."),
    "too_much_work": lazy(
        "Too much repeats in it, or since too long ago. Delete old series, or publish another"
        " calendar."
    ),
    "seal_broken": lazy(
        "Its address can no longer be opened, because the SECRET_KEY of this site was changed."
        " Enter the address again."
    ),
    "no_library": lazy("Reading calendars needs the packages of leaddistrib[calendar]."),
}


_CHOICES: Mapping[str, Mapping[str, str | Promise]] = {
    "size_band": dict(Lead.SizeBand.choices),
    "temperature": dict(Lead.Temperature.choices),
    "quality": dict(Lead.Quality.choices),
}


def condition_error(error: ConditionError) -> str:
    """The error's sentence in the reader's language."""
    return str(CONDITION_ERRORS[error.code]).format(**error.params)


def seniority(level: str) -> str:
    return str(dict(Rep.Seniority.choices).get(level, level))


def calendar_problem(problem: str) -> str:
    """Why a calendar could not be read, by what was kept of it: a code, and maybe a detail."""
    code, _colon, detail = problem.partition(":")
    return str(CALENDAR_PROBLEMS[code]).format(detail=detail)


def holiday_problem(error: NoHolidays) -> str:
    """Why the holidays of a region are not known, and what to write instead."""
    if error.known is None:
        return _("Public holidays need the packages of leaddistrib[calendar].")
    return _(
        "No public holidays are known for %(region)s. Write a country or a part of one: %(known)s."
    ) % {
        "region": error.region,
        "known": ", ".join(error.known) if len(error.known) < 30 else "FR, DE-BY, US-CA …",
    }


def field_label(name: str) -> str:
    """A field as the reader knows it; an attribute by the host's label, else by its own name."""
    if name in FIELD_LABELS:
        return str(FIELD_LABELS[name])
    registered = host_fields().get(name)
    return str(registered.label) if registered else name.removeprefix("attributes.")


def value_label(field: str, value: object) -> str:
    """A value as the reader knows it: a size, temperature or quality by its label, and what the
    host has labels for."""
    plain = str(value).strip().casefold()
    labels = _CHOICES.get(field)
    if labels is None:
        registered = host_fields().get(field)
        labels = (
            {code.casefold(): label for code, label in registered.choices} if registered else {}
        )
    return str(labels.get(plain, value))


def condition_in_words(document: Mapping[str, Any]) -> str:
    """Conditions as a phrase, such as "country is FR and score is at least 80" (RU8)."""
    if not document:
        return _("every lead")
    if "not" in document:
        return _("not (%(condition)s)") % {"condition": condition_in_words(document["not"])}
    for group, word in (("all", _(" and ")), ("any", _(" or "))):
        if group in document:
            inner = document[group]
            return word.join(
                f"({condition_in_words(one)})"
                if len(inner) > 1 and ("all" in one or "any" in one)
                else condition_in_words(one)
                for one in inner
            )
    return _leaf_in_words(document)


def _leaf_in_words(leaf: Mapping[str, Any]) -> str:
    op, value = leaf["op"], leaf["value"]
    name, verb = field_label(leaf["field"]), str(OPERATOR_LABELS[op])
    if op == "is_blank":
        if not value:
            return _("%(field)s is not blank") % {"field": name}
        return f"{name} {verb}"
    if op == "between":
        low, high = value
        return _("%(field)s is between %(low)s and %(high)s") % {
            "field": name,
            "low": low,
            "high": high,
        }
    values = value if isinstance(value, list) else [value]
    shown = ", ".join(value_label(leaf["field"], one) for one in values)
    return f"{name} {verb} {shown}"


def step_in_words(step: RuleStep) -> str:
    """A place that a rule sends leads to, such as "team “Paris”, in turn (round-robin)" (RU8).

    Reads the step's team and pool: load them with it.
    """
    if step.pool:
        return _("pool “%(name)s”") % {"name": step.pool.name}
    parts = [str(step.get_push_display())]
    if step.team:
        parts.insert(0, _("team “%(name)s”") % {"name": step.team.name})
    if step.seniority:
        parts.append(
            _("only reps of seniority “%(level)s”") % {"level": step.get_seniority_display()}
        )
    if step.attended:
        parts.append(_("only who attended the lead’s event"))
    return ", ".join(parts)
