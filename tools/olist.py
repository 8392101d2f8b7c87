# ruff: noqa: T201 - it prints what it found
"""A marketplace's leads, and the deals that came of them, go through the product's own import, and
its report says what became of them.

    make olist DATA=DIR

DIR holds ``olist_marketing_qualified_leads_dataset.csv`` and ``olist_closed_deals_dataset.csv``.
The database that the settings name must be migrated and empty of reps. Those are made through the
admin site's own forms; nothing is written past the product.
"""

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test.utils import setup_test_environment

from leaddistrib.models import Lead, Team
from leaddistrib.queries import clock
from leaddistrib.queries.conversion import By, Figure, Line, Report, conversion, leads_behind
from tools.adminforms import AdminSite


@dataclass(frozen=True, slots=True)
class Figures:
    """What is to come out: of all leads the row as ``figures`` has it, of each origin leads and
    won, of each stage by how many reps and the Gini coefficient, and the leads that were won before
    they came in."""

    total: tuple[object, ...]
    origins: Mapping[str, tuple[int, int]]
    spreads: Mapping[str, tuple[int, float]]
    early: tuple[str, ...]


LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"
KNOWN = Figures(
    total=(8000, 842, "10.53%", 14, 5, 55, 162),
    origins={
        "organic search": (2296, 271),
        "paid search": (1586, 195),
        "social": (1350, 75),
        "unknown": (1099, 179),
        "direct traffic": (499, 56),
        "email": (493, 15),
        "referral": (284, 24),
        "other": (150, 4),
        "display": (118, 6),
        "other publicities": (65, 3),
        "Not given": (60, 14),
    },
    spreads={"opportunity": (32, 0.6177), "won": (22, 0.4596)},
    early=("b91cf8812365f50ff4bda4bcd6206b05",),
)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NO_PASSWORD = {"usable_password": "false", "password1": "", "password2": ""}
# Of the file: whoever qualified a lead made it an opportunity, when the sales rep won it.
LEADS_MAP = """
source_system = "olist"
[columns]
external_id = "mql_id"
received_at = "first_contact_date"
source = "origin"
"attributes.landing_page" = "landing_page_id"
"""
DEALS_MAP = """
source_system = "olist"
[columns]
external_id = "mql_id"
closed_at = "won_date"
owner = "{who}"
[constants]
stage = "{stage}"
"""


def build(folder: Path) -> None:
    """Everybody who sold, the leads as they came, and what came of them."""
    add_people(AdminSite(), folder / DEALS)
    bring(folder / LEADS, LEADS_MAP, no_route=True)
    for who, stage in (("sdr_id", "opportunity"), ("sr_id", "won")):
        bring(folder / DEALS, DEALS_MAP.format(who=who, stage=stage), outcomes=True)


def add_people(site: AdminSite, deals: Path) -> None:
    """A user and a rep for each id, in one team."""
    with deals.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    site.fill("leaddistrib_team_add", name="Olist", managers=[])
    team = Team.objects.get(name="Olist")
    for name in dict.fromkeys(row[who] for who in ("sdr_id", "sr_id") for row in rows):
        site.fill("auth_user_add", username=name, **NO_PASSWORD)
        user = get_user_model()._default_manager.get(username=name)
        site.fill("leaddistrib_rep_add", user=user.pk, team=team.pk)


def bring(file: Path, column_map: str, **options: bool) -> None:
    """One file, by the command that operators use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "map.toml")
        path.write_text(column_map, "utf-8")
        call_command("leaddistrib_import", file, map=path, **options)


def report() -> Report:
    """What became of every lead that ever came, by where it came from."""
    return conversion(Lead.objects.all(), EVER, clock.now(), By.SOURCE)


def early() -> list[Lead]:
    """Leads that were won before they came in, as the report's own list names them."""
    found = leads_behind(Lead.objects.all(), EVER, clock.now(), By.SOURCE, None, Figure.EARLY)
    return list(found.order_by("pk"))


def show(found: Report) -> None:
    columns = ("leads", "won", "rate", "median", "p25", "p75", "p90")
    print(f"\n{'origin':20}" + "".join(f"{name:>8}" for name in columns))
    for line in (*found.lines, found.total):
        print(f"{line.name or 'all':20}" + "".join(f"{one:>8}" for one in figures(line)))
    print(f"\nwon before they came in: {found.total.early} ({', '.join(map(str, early()))})")
    for spread in found.spreads:
        print(f"{spread.stage}: {spread.leads} by {spread.reps} reps, Gini {spread.gini:.4f}")


def figures(line: Line) -> tuple[object, ...]:
    """A row's figures as they are printed; days are whole days of the calendar."""
    days = (line.median, line.p25, line.p75, line.p90)
    said = ("–" if one is None else one for one in days)
    return line.leads, line.won, f"{line.rate or 0:.2%}", *said


def found_in(found: Report) -> Figures:
    """The report's figures that are compared."""
    return Figures(
        total=figures(found.total),
        origins={line.name: (line.leads, line.won) for line in found.lines},
        spreads={one.stage: (one.reps, round(one.gini, 4)) for one in found.spreads},
        early=tuple(lead.external_id for lead in early()),
    )


def differences(found: Figures, known: Figures) -> Iterator[str]:
    """What the report says otherwise, in a line each."""
    for name, said in asdict(found).items():
        if said != (right := getattr(known, name)):
            yield f"{name}: the report says {said}, and the files {right}"


if __name__ == "__main__":
    setup_test_environment()
    build(Path(sys.argv[1]))
    show(report())
    wrong = list(differences(found_in(report()), KNOWN))
    print("\n".join(wrong or ["\nEvery figure is as in the files."]))
    sys.exit(bool(wrong))
