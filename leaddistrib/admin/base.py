"""What the admin pages of leaddistrib have in common."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import (
    Count,
    IntegerField,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    URLField,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.models import Lead, Rep

# Named through other rows: choices load these with them, instead of one query for each choice.
NAMED_THROUGH = {Rep: ("user",)}


class LeadDistribAdmin(admin.ModelAdmin):
    """Lists that stay fast with a million rows: no count of everything, no facets."""

    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # Who leaves the scheme out of an address means https.
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    class Media:
        css = {"all": ("leaddistrib/admin/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what rows are named through: lists, search boxes and pages all begin here."""
        queryset = super().get_queryset(request)
        through = {*NAMED_THROUGH.get(self.model, ()), *(self.list_select_related or ())}
        return queryset.select_related(*sorted(through)) if through else queryset

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saved with who did it, for the record of changes."""
        super().save_model(request, attributed(obj, request.user), form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, attributed(obj, request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """One by one: each leaves its own record of who deleted it."""
        for obj in queryset:
            self.delete_model(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.forms:
            attributed(row.instance, request.user)
        super().save_formset(request, form, formset, change)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        return _named(super().get_field_queryset(db, db_field, request), db_field)


class PeopleAdmin(LeadDistribAdmin):
    """Users are chosen by search where the host has its users in the admin site."""

    users: tuple[str, ...] = ()

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        fields = tuple(super().get_autocomplete_fields(request))
        return fields + self.users if self.admin_site.is_registered(get_user_model()) else fields


class ReadOnlyAdmin(LeadDistribAdmin):
    """Facts: nobody adds, changes or deletes them here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LeadFactsAdmin(ReadOnlyAdmin):
    """Facts of leads. Only to whoever may view leads do they say of which one: others read the
    list without it, and no row's own page, whose title names the lead."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Others narrow the list by its filters alone: an address written by hand would tell them,
        letter by letter, what notes and explanations say of a lead."""
        if not super().lookup_allowed(lookup, value, request):
            return False
        return sees_leads(request) or lookup in _parameters(self.get_list_filter(request))

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._without_lead(request, super().get_list_display(request))

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self._without_lead(request, super().get_search_fields(request))

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """None for others: the box to tick names its row to readers of screens. Where the actions
        are for is said from Django 6.1 on."""
        if not sees_leads(request):
            return {}
        where = {} if action_location is None else {"action_location": action_location}
        return super().get_actions(request, **where)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        if not sees_leads(request):
            return None
        return super().get_list_display_links(request, list_display)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = super().has_view_permission(request, obj)
        return may and (obj is None or sees_leads(request))

    def _without_lead(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        if sees_leads(request):
            return list(names)
        return [name for name in names if name != "lead" and not name.startswith("lead__")]


def _parameters(list_filter: Iterable[Any]) -> set[str]:
    """What the filters of a list are called in its address: one of ours by its own name, the days
    of a DateRangeFilter and Django's by their field's."""
    names: set[str] = set()
    for one in list_filter:
        if isinstance(one, type) and issubclass(one, admin.SimpleListFilter):
            names.add(str(one.parameter_name))
        elif isinstance(one, tuple):
            names |= {f"{one[0]}_from", f"{one[0]}_to"}
        else:
            names |= {f"{one}__exact", f"{one}__isnull"}
    return names


def sees_leads(request: HttpRequest) -> bool:
    """Whether this person may see leads, in whatever list."""
    may = request.user.has_perm
    return may("leaddistrib.view_lead") or may("leaddistrib.change_lead")


class ReadOnlyInline(admin.TabularInline):
    """Facts about the row above, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _named(queryset: Any, db_field: Any) -> Any:
    remote = db_field.remote_field.model
    if remote not in NAMED_THROUGH:
        return queryset
    if queryset is None:
        queryset = remote._default_manager.all()
    return queryset.select_related(*NAMED_THROUGH[remote])


def number_of(rows: QuerySet, by: str) -> Any:
    """How many of ``rows`` point at each row of the outer query by their field ``by``.

    A subquery, because two joins counted at once multiply each other.
    """
    counted = (
        rows.filter(**{by: OuterRef("pk")})
        .order_by()
        .values(by)
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def leads_link(number: int, **filters: object) -> str:
    """A number of leads as a link to their list."""
    return format_html(
        '<a href="{}">{}</a>',
        reverse("admin:leaddistrib_lead_changelist", query=filters),
        number,
    )


def open_leads(by: str) -> Any:
    """Leads that somebody owns and that are not closed, counted ``by`` owner, team …"""
    return number_of(Lead.objects.filter(status=Lead.Status.OWNED), by)
