"""Filters for long lists: a menu to choose from, and a range of dates."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db.models import Exists, Field, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import Alert, Decision, Lead, OutboxMessage, Pool, Rep, Rule, RuleSet, Team
from leaddistrib.queries import clock
from leaddistrib.queries.alerts import ABOUT_LEADS, waiting_for
from leaddistrib.queries.periods import FIRST, LAST
from leaddistrib.queries.policies import fitted_by, policies


class SelectFilter(admin.SimpleListFilter, ABC):
    """A menu instead of a list of links, for dozens of choices. Works without JavaScript.

    ``lookup`` is what the chosen value must equal.
    """

    template = "leaddistrib/admin/filter_select.html"
    lookup = ""

    @abstractmethod
    def options(self) -> Iterable[tuple[object, object]]:
        """The choices, as value and label, in one query."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(str(value), str(label)) for value, label in self.options()]

    def choices(self, changelist: ChangeList) -> Any:
        yield {
            "name": self.parameter_name,
            "options": [
                (value, label, value == self.value()) for value, label in self.lookup_choices
            ],
            "kept": kept(changelist, [str(self.parameter_name)]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None or self.value() == "":
            return queryset
        if self.value() not in [value for value, _label in self.lookup_choices]:
            raise IncorrectLookupParameters(self.value())
        return self.chosen(queryset, str(self.value()))

    def chosen(self, queryset: QuerySet, value: str) -> QuerySet:
        return queryset.filter(**{self.lookup: value})


class RepFilter(SelectFilter):
    title = _("rep")
    parameter_name = "rep"
    lookup = "rep"

    def options(self) -> Iterable[tuple[object, object]]:
        return [(rep.pk, rep.name) for rep in Rep.objects.select_related("user")]


class OwnerFilter(RepFilter):
    title = _("owner")
    parameter_name = "owner"
    lookup = "owner"


class RecipientFilter(SelectFilter):
    title = _("recipient")
    parameter_name = "recipient"
    lookup = "recipient"

    def options(self) -> Iterable[tuple[object, object]]:
        told = get_user_model().objects.filter(
            Exists(OutboxMessage.objects.filter(recipient=OuterRef("pk")))
        )
        names = [(user.pk, user.get_full_name() or user.get_username()) for user in told]
        return sorted(names, key=lambda option: option[1].casefold())


class TeamFilter(SelectFilter):
    title = _("team")
    parameter_name = "team"
    lookup = "team"

    def options(self) -> Iterable[tuple[object, object]]:
        return Team.objects.values_list("pk", "name")


class OwnerTeamFilter(TeamFilter):
    lookup = "owner__team"


class RepTeamFilter(TeamFilter):
    lookup = "rep__team"


class RotationTeamFilter(TeamFilter):
    lookup = "rotation__team"


class PoolFilter(SelectFilter):
    title = _("pool")
    parameter_name = "pool"
    lookup = "pool"

    def options(self) -> Iterable[tuple[object, object]]:
        return Pool.objects.values_list("pk", "name")


class SourceFilter(SelectFilter):
    """Sources of the newest leads: all of a million leads would take seconds to look through."""

    title = _("source")
    parameter_name = "source"
    lookup = "source"
    newest = 2000

    def options(self) -> Iterable[tuple[object, object]]:
        recent = Lead.objects.order_by("-received_at").values("source")[: self.newest]
        sources = {row["source"] for row in recent}
        if self.value():
            sources.add(str(self.value()))
        return [(source, source) for source in sorted(sources) if source]


class ResponsePolicyFilter(SelectFilter):
    """Leads by the response policy that is the first to fit them now."""

    title = _("response policy")
    parameter_name = "policy"

    def options(self) -> Iterable[tuple[object, object]]:
        return [(policy.pk, policy.name) for policy in policies()]

    def chosen(self, queryset: QuerySet, value: str) -> QuerySet:
        return fitted_by(int(value), queryset)


class RuleFilter(SelectFilter):
    """Leads that a rule has decided for, in any version and in any of its decisions."""

    title = _("rule")
    parameter_name = "rule"

    def options(self) -> Iterable[tuple[object, object]]:
        """Each rule once, by its key, as its latest version in force calls it."""
        rules = (
            Rule.objects.exclude(ruleset__status=RuleSet.Status.DRAFT)
            .order_by("-ruleset__version", "position")
            .values_list("key", "ruleset__version", "name")
        )
        latest: dict[object, str] = {}
        for key, version, name in rules[:2000]:
            latest.setdefault(key, f"v{version} · {name}")
        return list(latest.items())[:500]

    def chosen(self, queryset: QuerySet, value: str) -> QuerySet:
        decided = Decision.objects.filter(lead=OuterRef("pk"), rule__key=UUID(value))
        return queryset.filter(Exists(decided))


class AlertFilter(SelectFilter):
    """The waiting leads that an open alert is about."""

    title = _("alert")
    parameter_name = "alert"

    def options(self) -> Iterable[tuple[object, object]]:
        alerts = Alert.objects.filter(closed_at=None, kind__in=ABOUT_LEADS)
        return [(alert.pk, alert) for alert in alerts.select_related("rule", "pool")[:200]]

    def chosen(self, queryset: QuerySet, value: str) -> QuerySet:
        alert = Alert.objects.select_related("rule", "pool").get(pk=int(value))
        return queryset.filter(pk__in=waiting_for(alert, clock.now()).values("pk"))


class RuleSetFilter(SelectFilter):
    title = _("rule set")
    parameter_name = "ruleset"
    lookup = "ruleset"

    def options(self) -> Iterable[tuple[object, object]]:
        return [(ruleset.pk, ruleset) for ruleset in RuleSet.objects.all()[:200]]


class DateRangeFilter(admin.FieldListFilter):
    """From one day to another, both included, in the current time zone.

    Unlike a date hierarchy it asks the database nothing to draw itself.
    """

    template = "leaddistrib/admin/filter_dates.html"

    def __init__(
        self,
        field: Field,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.names = (f"{field_path}_from", f"{field_path}_to")
        super().__init__(field, request, params, model, model_admin, field_path)
        self.days = [self._day(name) for name in self.names]

    def _day(self, name: str) -> date | None:
        text = str(self.used_parameters.get(name, [""])[-1])  # type: ignore[index]
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error
        if day and not FIRST <= day <= LAST:
            raise IncorrectLookupParameters(text)
        return day

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Any:
        texts = [day.isoformat() if day else "" for day in self.days]
        yield {
            "first": {"name": self.names[0], "value": texts[0]},
            "last": {"name": self.names[1], "value": texts[1]},
            "kept": kept(changelist, self.names),
            "shown": [date_format(day) for day in self.days if day],
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, last = self.days
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": midnight(first)})
        if last:
            after = midnight(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
        return queryset


class DayRangeFilter(DateRangeFilter):
    """The same for a field that holds a day and no moment."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        for lookup, day in zip(("gte", "lte"), self.days, strict=True):
            if day:
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": day})
        return queryset


def midnight(day: date) -> datetime:
    """When ``day`` begins for whoever is served."""
    return timezone.make_aware(datetime.combine(day, time()))


def kept(changelist: ChangeList, without: Iterable[str]) -> list[tuple[str, object]]:
    """The other parameters of the list, which a filter's own form must carry along."""
    return [
        (name, value)
        for name, values in changelist.filter_params.items()
        if name not in without
        for value in values
    ]
