"""What the pages of policies have in common that hold for a team, or for every other team."""

from abc import abstractmethod
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.whatif.page import WhatIfAdmin


class TeamPolicyAdmin(WhatIfAdmin):
    """A page for each kind of policy: the list says for whom each holds and what it means, and so
    does the top of each policy's own page, where its numbers can be tried before they are saved.

    Subclasses say ``sentences`` and ``tried``, and in ``means_by`` which rows the sentences read,
    such as ("tiers",).
    """

    means_by: ClassVar[tuple[str, ...]] = ()
    list_display: Any = ("whose", "active", "meaning")
    list_filter: ClassVar[Any] = ("active",)
    list_select_related = ("team",)
    search_fields = ("team__name",)
    autocomplete_fields: ClassVar[Any] = ("team",)
    change_form_template = "leaddistrib/admin/policy.html"

    @abstractmethod
    def sentences(self, policy: Any) -> list[str]:
        """What a saved policy means, as plain sentences; the page escapes them. Asks the database
        nothing beyond ``team`` and ``means_by``."""

    def said(self, policy: Any) -> list[str]:
        """What is shown of it: the sentences, or that none of it holds."""
        if policy.active:
            return self.sentences(policy)
        if policy.team_id is None:
            return [_("Not active: teams without a policy of their own have none.")]
        return [_("Not active: for this team none holds, not even the general one.")]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related(*self.means_by)

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        """With what the policy means as it is saved, also while what was typed is refused."""
        saved = self.get_queryset(request).filter(pk=obj.pk).first() if obj else None
        context["may_try"] = self.may_try(request, obj)
        context["sentences"] = self.said(saved) if saved else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=lazy("team"), ordering="team__name")
    def whose(self, policy: Any) -> str:
        return str(policy)

    @admin.display(description=lazy("what it means"))
    def meaning(self, policy: Any) -> str:
        return format_html_join("", "<p>{}</p>", ((one,) for one in self.said(policy)))
