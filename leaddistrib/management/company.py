"""A believable company to look at: Altamer, which sells planning software in two languages.

Everything here is invented. Who works there, where they sell, and the rules by which leads find
them; ``prospects`` invents the leads, ``seeding`` puts it all into the database.
"""

from typing import Any, NamedTuple


class TeamPlan(NamedTuple):
    """A team, the language it works in, and the countries of its territory."""

    name: str
    language: str
    countries: tuple[str, ...]


class PoolPlan(NamedTuple):
    """A pool, how it is claimed from, and the teams whose reps are its members."""

    name: str
    mode: str
    teams: tuple[str, ...]


class Person(NamedTuple):
    """Somebody who signs in."""

    username: str
    given: str
    family: str
    language: str = "en"


PARIS, LYON, NANTES = "Paris Enterprise", "Lyon Mid-market", "Nantes SMB"
LONDON, MANCHESTER, BRUSSELS = "London Enterprise", "Manchester SMB", "Brussels Benelux"

TEAMS = (
    TeamPlan(PARIS, "fr", ("FR",)),
    TeamPlan(MANCHESTER, "en", ("GB", "IE")),
    TeamPlan(LYON, "fr", ("FR", "CH")),
    TeamPlan(LONDON, "en", ("GB", "IE")),
    TeamPlan(NANTES, "fr", ("FR",)),
    TeamPlan(BRUSSELS, "fr", ("BE", "LU", "NL")),
)
EVERYBODY = tuple(team.name for team in TEAMS)

POOLS = (
    PoolPlan("Hot leads", "race", EVERYBODY),
    PoolPlan("France", "race", (PARIS, LYON, NANTES)),
    PoolPlan("United Kingdom", "race", (LONDON, MANCHESTER)),
    PoolPlan("Downloads and webinars", "queue", (NANTES, MANCHESTER, BRUSSELS)),
    PoolPlan("Everyone", "race", EVERYBODY),
)
SAFETY_NET = "Everyone"

# The first two reps are for whoever looks around; nobody plays them.
AMINA = Person("amina", "Amina", "Diallo", "en")
CHLOE = Person("chloe", "Chloé", "Laurent", "fr")
PLAYED = {MANCHESTER: AMINA, NANTES: CHLOE}
MANAGER = Person("mireille", "Mireille", "Fontaine", "fr")
MANAGERS = {
    MANAGER: (PARIS, LYON, NANTES),
    Person("harriet", "Harriet", "Whitcombe"): (LONDON, MANCHESTER),
    Person("wouter", "Wouter", "Claes"): (BRUSSELS,),
}
ADMIN = Person("admin", "Iris", "Morel")

GIVEN = {
    "fr": (
        *("Adrien", "Agathe", "Baptiste", "Bruno", "Camille", "Clément", "David", "Élodie"),
        *("Émile", "Fatou", "Gaëlle", "Hugo", "Inès", "Jules", "Karim", "Léa", "Lucie", "Malik"),
        *("Margaux", "Noémie", "Olivier", "Pauline", "Quentin", "Rachid", "Salomé", "Théo"),
        *("Valentin", "Yasmine", "Zoé"),
    ),
    "en": (
        *("Alice", "Arthur", "Beth", "Callum", "Daisy", "Edward", "Ffion", "George", "Hannah"),
        *("Imran", "Jack", "Katie", "Liam", "Megan", "Nadia", "Oliver", "Priya", "Rhys", "Sophie"),
        *("Tom", "Uma", "Vikram", "William", "Yusuf", "Zara"),
    ),
}
FAMILY = {
    "fr": (
        *("Aubert", "Bailly", "Carpentier", "Delmas", "Fabre", "Garnier", "Haddad", "Jacquet"),
        *("Keita", "Lemoine", "Marchand", "Nguyen", "Ollivier", "Perrin", "Quéré", "Rolland"),
        *("Sauvage", "Tessier", "Vasseur", "Weber"),
    ),
    "en": (
        *("Ashworth", "Barlow", "Calloway", "Dunmore", "Ellery", "Fairfax", "Greaves", "Hussain"),
        *("Iveson", "Jarvis", "Kaur", "Langley", "Marlowe", "Norwood", "Okafor", "Pembroke"),
        *("Radcliffe", "Sheldon", "Thorne", "Wakefield"),
    ),
}

RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Referrals from partners",
        "when": {
            "all": [
                {"field": "source", "op": "in", "value": ["Referral", "Partner"]},
                {"field": "country", "op": "in", "value": ["FR", "BE", "CH", "LU"]},
            ]
        },
        "then": {"push": "round_robin", "team": LYON, "fallback": [{"pool": "France"}]},
    },
    {
        "name": "Hot leads go to the fastest",
        "when": {"field": "temperature", "op": "eq", "value": "hot"},
        "then": {"pool": "Hot leads"},
    },
    {
        "name": "Downloads and webinars",
        "when": {"field": "lead_type", "op": "in", "value": ["download", "webinar"]},
        "then": {"pool": "Downloads and webinars"},
    },
    {
        "name": "Enterprise demos in France",
        "when": {
            "all": [
                {"field": "country", "op": "eq", "value": "FR"},
                {"field": "employees", "op": "gte", "value": 500},
                {"field": "lead_type", "op": "eq", "value": "demo_request"},
            ]
        },
        "then": {"push": "round_robin", "team": PARIS, "fallback": [{"pool": "France"}]},
    },
    {
        "name": "Large companies in the United Kingdom and Ireland",
        "when": {
            "all": [
                {"field": "country", "op": "in", "value": ["GB", "IE"]},
                {"field": "size_band", "op": "eq", "value": "enterprise"},
            ]
        },
        "then": {"push": "round_robin", "team": LONDON, "fallback": [{"pool": "United Kingdom"}]},
    },
    {
        "name": "Mid-market in France and Switzerland",
        "when": {
            "all": [
                {"field": "country", "op": "in", "value": ["FR", "CH"]},
                {"field": "employees", "op": "between", "value": [50, 499]},
                {"not": {"field": "contact.title", "op": "contains", "value": "assistant"}},
            ]
        },
        "then": {
            "push": "round_robin",
            "team": LYON,
            "fallback": [{"push": "round_robin", "team": NANTES}, {"pool": "France"}],
        },
    },
    {
        "name": "France, whoever is first",
        "when": {"field": "country", "op": "eq", "value": "FR"},
        "then": {"pool": "France"},
    },
    {
        "name": "United Kingdom and Ireland, whoever is first",
        "when": {"field": "country", "op": "in", "value": ["GB", "IE"]},
        "then": {"pool": "United Kingdom"},
    },
    {
        "name": "Benelux",
        "when": {"field": "country", "op": "in", "value": ["BE", "LU", "NL"]},
        "then": {"push": "round_robin", "team": BRUSSELS, "fallback": [{"pool": "Everyone"}]},
    },
    {"name": "Everything else", "when": {}, "then": {"pool": "Everyone"}},
)
