"""The forms of an import: the file, and which of its columns is what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.lifecycle.intake.cleaning import FIELDS
from leaddistrib.lifecycle.intake.conventions import Conventions
from leaddistrib.lifecycle.intake.mapping import ATTRIBUTE, ColumnMap
from leaddistrib.lifecycle.intake.table import Limits
from leaddistrib.models import Outcome
from leaddistrib.queries import wording

LOCALES = (
    ("", lazy("Take only what has one meaning")),
    ("en_US", lazy("US English: 1,234.5 and 12/31/2026")),
    ("en_GB", lazy("British English: 1,234.5 and 31/12/2026")),
    ("fr", lazy("French: 1 234,5 and 31/12/2026")),
    ("de", lazy("German: 1.234,5 and 31.12.2026")),
)
LABELS = {"received_at": lazy("received"), "company_domain": lazy("company domain")}
OUTCOME_LABELS = {
    "source_system": lazy("Source system"),
    "external_id": lazy("external id"),
    "stage": lazy("stage"),
    "closed_at": lazy("when"),
    "owner": lazy("rep"),
    "deal_value": lazy("value"),
    "deal_currency": lazy("Currency"),
}
"""What a file of outcomes says, and how that is called."""
LONGEST_ATTRIBUTE = 64


class FileForm(forms.Form):
    """A file that is small enough to be read."""

    import_file = forms.FileField(
        label=lazy("File"), help_text=lazy("CSV or Excel (.xlsx), with the column names on top.")
    )

    def clean_import_file(self) -> Any:
        upload, most = self.cleaned_data["import_file"], Limits().size
        if upload.size > most:
            raise ValidationError(
                _("The file is larger than %(max)d MB. Split it."), params={"max": most // 1024**2}
            )
        return upload


class HowWritten(forms.Form):
    """What holds for the whole file."""

    source = forms.CharField(
        label=lazy("Source"),
        max_length=100,
        required=False,
        help_text=lazy("For all rows, where no column says it."),
    )
    source_system = forms.CharField(
        label=lazy("Source system"),
        max_length=100,
        required=False,
        help_text=lazy("With the external id it makes that a lead sent twice is one lead."),
    )
    locale = forms.ChoiceField(label=lazy("Numbers and dates"), choices=LOCALES, required=False)


class OutcomesWritten(HowWritten):
    """The same of a file of outcomes, whose leads have a source already."""

    source = None  # type: ignore[assignment]  # the field of the base is left out
    stage = forms.ChoiceField(
        label=lazy("Stage"),
        choices=[("", lazy("As a column says")), *Outcome.Stage.choices],
        required=False,
        help_text=lazy("For all rows, where no column says it: such as a list of deals won."),
    )


class UploadForm(FileForm, HowWritten):
    field_order = ("import_file", "source", "source_system", "locale")


class OutcomeUploadForm(FileForm, OutcomesWritten):
    field_order = ("import_file", "source_system", "stage", "locale")


class MappingForm(HowWritten):
    """One menu for each column. ``initial_from`` is the upload's form, ``data`` a later post."""

    def __init__(
        self,
        headers: Sequence[str],
        *,
        data: Mapping[str, Any] | None = None,
        initial_from: HowWritten | None = None,
        token: str = "",
    ) -> None:
        self.headers = list(headers)
        if initial_from is not None:
            said = {name: initial_from.cleaned_data[name] for name in self.base_fields}
            data = {**said, **self.guessed(), "file": token}
        super().__init__(data)
        self.token = data["file"] if data else ""
        for number, header in enumerate(self.headers):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=header, required=False, choices=self.targets(header)
            )

    def guessed(self) -> dict[str, str]:
        """What each column is by its name; a second one for the same field is an attribute."""
        taken: dict[str, int] = {}
        for number, header in enumerate(self.headers):
            [target] = ColumnMap.default_for([header]).columns
            taken.setdefault(target if target not in taken else ATTRIBUTE + header, number)
        return {
            f"column-{number}": target
            for target, number in taken.items()
            if not target.startswith(ATTRIBUTE) or len(target) <= len(ATTRIBUTE) + LONGEST_ATTRIBUTE
        }

    def targets(self, header: str) -> list[tuple[str, Any]]:
        """What a column may be."""
        attribute = ATTRIBUTE + header.removeprefix(ATTRIBUTE)
        fields = [
            (name, LABELS.get(name, wording.field_label(name)))
            for name in FIELDS
            if name != "attributes"
        ]
        kept = _("keep as attribute “%(name)s”") % {"name": header}
        return [("", _("leave out")), (attribute, kept), *_named(fields)]

    def constants(self) -> dict[str, object]:
        """What holds for each row, unless a column says it."""
        system = self.cleaned_data["source_system"]
        return {"source_system": system} if system else {}

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[f"column-{number}"] for number in range(len(self.headers))]

    @property
    def whole_file(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields]

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for number, header in enumerate(self.headers):
            target = self.cleaned_data.get(f"column-{number}")
            if target and target in taken:
                self.add_error(
                    f"column-{number}",
                    _("“%(other)s” is this field already.") % {"other": taken[target]},
                )
            elif target:
                taken[target] = header
        if not taken and not self.errors:
            raise ValidationError(_("Say of at least one column what it is."))
        return self.cleaned_data

    def column_map(self) -> ColumnMap:
        columns = {
            self.cleaned_data[f"column-{number}"]: header
            for number, header in enumerate(self.headers)
            if self.cleaned_data[f"column-{number}"]
        }
        return ColumnMap(
            columns,
            constants={
                name: value for name, value in self.constants().items() if name not in columns
            },
            conventions=Conventions(locale=self.cleaned_data["locale"]),
        )


class OutcomeMappingForm(OutcomesWritten, MappingForm):
    """The same of a file of outcomes: what else it says of leads is left alone."""

    def guessed(self) -> dict[str, str]:
        taken: dict[str, int] = {}
        for number, header in enumerate(self.headers):
            [target] = ColumnMap.default_for([header], history=True).columns
            taken.setdefault(target, number)
        return {f"column-{taken[name]}": name for name in OUTCOME_LABELS if name in taken}

    def targets(self, header: str) -> list[tuple[str, Any]]:
        return [("", _("leave out")), *_named(OUTCOME_LABELS.items())]

    def constants(self) -> dict[str, object]:
        stage = self.cleaned_data["stage"]
        return super().constants() | ({"stage": stage} if stage else {})


def _named(fields: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Fields with their labels, by the names that files and the documentation have for them."""
    return [(name, f"{capfirst(str(label))} ({name})") for name, label in fields]
