"""A version of the rules that was published never changes, whichever way it is written to (RU3).

Lifecycle acts lock the version and look at its status first. This stands behind them, for every
other way that Django offers: ``save``, ``delete``, ``update``, ``bulk_create``, ``bulk_update``.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules

M = TypeVar("M", bound=models.Model)


def refuse() -> None:
    """Raises: InvalidRules, always."""
    raise InvalidRules({"rules": _("Only a draft can be changed. Make a draft from it.")})


class DraftsQuerySet(models.QuerySet[M]):
    """Rows of versions of the rules, which change while their version is a draft."""

    def update(self, **values: Any) -> int:
        self._refuse_published()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_published()
        return super().delete()

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        rows = list(objs)
        owners = {getattr(row, f"{self._owner}_id") for row in rows}
        own = self.model._meta.get_field(self._owner).related_model
        refuse_if(own._default_manager.filter(pk__in=owners))  # type: ignore[union-attr]
        return super().bulk_create(rows, *args, **options)

    @property
    def _owner(self) -> str:
        """What a row belongs to: a rule to its version, a step to its rule."""
        return str(self.model.BELONGS_TO)  # type: ignore[attr-defined]

    def _refuse_published(self) -> None:
        # A slice or an order has no part in it; bulk_update, too, comes this way.
        refuse_if(self.model._base_manager.filter(pk__in=self.values("pk")))


def refuse_if(rows: "models.QuerySet[Any]") -> None:
    """Raise if any of ``rows`` (versions, rules or steps) is of a version that is no draft.

    Raises:
        InvalidRules: it says to make a draft.
    """
    if rows.exclude(**{f"{rows.model.VERSION}status": "draft"}).exists():
        refuse()


class VersionsQuerySet(models.QuerySet[M]):
    """Versions of the rules: a draft can be thrown away, what was in force is kept."""

    def delete(self) -> tuple[int, dict[str, int]]:
        refuse_if(self.model._base_manager.filter(pk__in=self.values("pk")))
        return super().delete()


class OfADraft(models.Model):
    """A row that changes only while the version it belongs to is a draft."""

    BELONGS_TO: str
    VERSION: str
    """How a row's version is reached in a query, such as "rule__ruleset__"."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        self._refuse_published()
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        self._refuse_published()
        return super().delete(*args, **options)

    def _refuse_published(self) -> None:
        """Neither the version the row is in, nor the one it would come from, may be published."""
        own = self._meta.get_field(self.BELONGS_TO).related_model
        refuse_if(
            own._default_manager.filter(  # type: ignore[union-attr]
                Q(pk=getattr(self, f"{self.BELONGS_TO}_id"))
                | Q(pk__in=type(self)._base_manager.filter(pk=self.pk).values(self.BELONGS_TO))
            )
        )
