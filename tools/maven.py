"""A company of files becomes an organisation, its past is imported, and every lead of it is decided
again by the rules that were published, and by each strategy.

    make maven DATA=DIR

DIR holds ``maven_sales_teams.csv``, ``maven_accounts.csv`` and ``maven_sales_pipeline.csv``. The
database that the settings name must be migrated and empty of teams. Everything is set up through
the admin site's own forms, filled in as an admin does; nothing is written past them.
"""

import csv
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test.utils import setup_test_environment
from django.urls import reverse

from leaddistrib.models import Pool, Rep, Rule, RuleSet, Team
from tools import maven_tables
from tools.adminforms import AdminSite

Row = dict[str, str]

SPELLING = {"Philipines": "Philippines", "Korea": "KR", "technolgy": "technology"}
NO_PASSWORD = {"usable_password": "false", "password1": "", "password2": ""}
TERRITORIES = {
    "United States": ("Central", ["United States"]),
    "Europe": ("East", ["Belgium", "Germany", "Italy", "Norway", "Poland", "Romania"]),
    "Rest of the world": ("West", []),
}
KEY_ACCOUNT = 5_000  # employees from which an account has somebody who looks after it
Conditions = list[tuple[str, str, object]]
# Name of the rule, its conditions, and where it leads: a strategy and a team, or none for those
# that need none. By product, account ownership, size and territory, in the order that they count.
RULES: list[tuple[str, Conditions, list[tuple[str, str]]]] = [
    (
        "Large systems",
        [("product", "in", ["GTK 500", "GTX Plus Pro"])],
        [("least_loaded", "West"), ("round_robin", "Central")],
    ),
    (
        "Key accounts",
        [("account_owner", "is_blank", "false")],
        [("account_owner", ""), ("territory_owner", "")],
    ),
    ("Enterprises", [("employees", "gte", "1000")], [("weighted", "Central")]),
    (
        "United States and Europe",
        [("territory", "in", ["United States", "Europe"])],
        [("territory_owner", ""), ("round_robin", "East")],
    ),
    ("All others", [("source", "eq", "pipeline")], [("round_robin", "East")]),
]
MAP = """
source = "pipeline"
source_system = "maven"
[columns]
external_id = "opportunity_id"
owner = "sales_agent"
company = "account"
country = "office_location"
industry = "sector"
employees = "employees"
product = "product"
stage = "deal_stage"
assigned_at = "engage_date"
closed_at = "close_date"
deal_value = "close_value"
[constants]
deal_currency = "USD"
[values.product]
GTXPro = "GTX Pro"
[values.industry]
technolgy = "technology"
[values.country]
Philipines = "PH"
Korea = "KR"
[values.stage]
Engaging = "contacted"
Prospecting = ""
"""


def read(folder: Path, name: str) -> list[Row]:
    """The rows of a file, by its column names."""
    with (folder / f"maven_{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def username(name: str) -> str:
    return name.lower().replace(" ", ".")


def add_people(site: AdminSite, agents: Sequence[Row]) -> None:
    """A user for everybody, a team for each region with its managers, and the reps."""
    for name in dict.fromkeys([row[one] for one in ("manager", "sales_agent") for row in agents]):
        site.fill(
            "auth_user_add",
            username=username(name),
            **NO_PASSWORD,
        )
        user = get_user_model().objects.get(username=username(name))
        first, _space, last = name.partition(" ")
        site.fill("auth_user_change", user.pk, first_name=first, last_name=last)
    users = dict(get_user_model()._default_manager.values_list("username", "pk"))
    managers: dict[str, list[int]] = defaultdict(list)
    for row in agents:
        managers[row["regional_office"]].append(users[username(row["manager"])])
    for region, those in managers.items():
        site.fill("leaddistrib_team_add", name=region, managers=sorted(set(those)))
    teams = dict(Team.objects.values_list("name", "pk"))
    for row in agents:
        pk, team = users[username(row["sales_agent"])], teams[row["regional_office"]]
        site.fill("leaddistrib_rep_add", user=pk, team=team)


def add_markets(site: AdminSite, accounts: Sequence[Row], pipeline: Sequence[Row]) -> None:
    """Territories with the reps of their team, and the accounts; whoever sold most to a key account
    looks after it."""
    for name, (team, countries) in TERRITORIES.items():
        found = Team.objects.get(name=team)
        reps = list(found.reps.values_list("pk", flat=True))
        site.fill(
            "leaddistrib_territory_add",
            name=name,
            team=found.pk,
            reps=reps,
            countries="\n".join(countries),
        )
    sold: dict[str, Counter[str]] = defaultdict(Counter)
    for row in pipeline:
        sold[row["account"]][username(row["sales_agent"])] += 1
    reps_by_name = dict(Rep.objects.values_list("user__username", "pk"))
    for row in accounts:
        most = sold[row["account"]].most_common(int(row["employees"]) >= KEY_ACCOUNT)
        site.fill(
            "leaddistrib_account_add",
            name=row["account"],
            country=SPELLING.get(row["office_location"], row["office_location"]),
            industry=SPELLING.get(row["sector"], row["sector"]),
            employees=row["employees"],
            owner=reps_by_name[most[0][0]] if most else "",
        )


def asked(conditions: Conditions) -> str:
    """The fields that a rule asks about."""
    return ", ".join(field for field, _op, _value in conditions)


def add_rules(site: AdminSite) -> RuleSet:
    """The rules in a draft, the safety net with everybody in it, and the draft put in force."""
    teams = dict(Team.objects.values_list("name", "pk"))
    site.fill("leaddistrib_ruleset_add", based_on="", note="Maven")
    draft = RuleSet.objects.get(note="Maven", status=RuleSet.Status.DRAFT)
    # What takes the rest was made with the draft.
    net = Pool.objects.get(is_safety_net=True)
    site.fill("leaddistrib_pool_change", net.pk, teams=list(teams.values()))
    for name, conditions, steps in RULES:
        sent: dict[str, object] = {"ruleset": draft.pk, "name": name, "cond-root-match": "all"}
        sent["cond-order"] = [str(number) for number in range(len(conditions))]
        for number, condition in enumerate(conditions):
            row = zip(("parent", "field", "op", "value"), ("root", *condition), strict=True)
            sent |= {f"cond-{number}-{part}": said for part, said in row}
        sent["steps-TOTAL_FORMS"] = len(steps)
        for number, (push, team) in enumerate(steps):
            row = zip(
                ("order", "push", "team"), (number + 1, push, teams.get(team, "")), strict=True
            )
            sent |= {f"steps-{number}-{part}": said for part, said in row}
        site.fill("leaddistrib_rule_add", **sent)
    path = reverse("admin:leaddistrib_ruleset_publish", args=[draft.pk])
    shown = site.client.get(path, secure=True).context
    read = {"acknowledged": shown["fingerprint"], "confirmed": shown["confirmed"]}
    site.post(path, {"publish": "1", **read})
    draft.refresh_from_db()
    if draft.status != RuleSet.Status.PUBLISHED:
        raise SystemExit(f"The rules were not published: {Rule.objects.filter(ruleset=draft)}")
    return draft


def import_past(accounts: Sequence[Row], pipeline: Sequence[Row]) -> None:
    """The leads as they were, each with what is known of its account."""
    known = {row["account"]: row for row in accounts}
    with tempfile.TemporaryDirectory() as folder:
        file, column_map = Path(folder, "pipeline.csv"), Path(folder, "map.toml")
        column_map.write_text(MAP, "utf-8")
        columns = [*pipeline[0], "office_location", "sector", "employees"]
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows({**known.get(row["account"], {}), **row} for row in pipeline)
        call_command("leaddistrib_import", file, map=column_map, history=True)


def build(folder: Path) -> RuleSet:
    """The whole organisation with its past, from the files of ``folder``."""
    agents, accounts, pipeline = (
        read(folder, name) for name in ("sales_teams", "accounts", "sales_pipeline")
    )
    site = AdminSite()
    add_people(site, agents)
    add_markets(site, accounts, pipeline)
    ruleset = add_rules(site)
    import_past(accounts, pipeline)
    return ruleset


if __name__ == "__main__":
    setup_test_environment()
    made = build(Path(sys.argv[1]))
    maven_tables.show(made, {name: asked(conditions) for name, conditions, _steps in RULES})
