"""A believable company to look at: Altamer, which sells planning software in two languages.

Everything here is invented. Who works there, where they sell, and what they write;
``company_rules`` has the rules by which leads find them, ``prospects`` invents the leads,
``seeding`` puts it all into the database.
"""

from typing import NamedTuple


class TeamPlan(NamedTuple):
    """A team and the language it works in."""

    name: str
    language: str


class TerritoryPlan(NamedTuple):
    """A territory, its team, and its places; of two, the more specific place decides."""

    name: str
    team: str
    countries: tuple[str, ...] = ()
    subdivisions: tuple[str, ...] = ()
    postal_prefixes: tuple[str, ...] = ()


class PoolPlan(NamedTuple):
    """A pool, how it is claimed from, the teams whose reps are its members, and the minutes after
    which its leads are stale, and are pushed on."""

    name: str
    mode: str
    teams: tuple[str, ...]
    stale_minutes: int | None = None
    push_minutes: int | None = None


class Person(NamedTuple):
    """Somebody who signs in."""

    username: str
    given: str
    family: str
    language: str = "en"


PARIS, LYON, NANTES = "Paris Enterprise", "Lyon Mid-market", "Nantes SMB"
LONDON, MANCHESTER, BRUSSELS = "London Enterprise", "Manchester SMB", "Brussels Benelux"

TEAMS = (
    TeamPlan(PARIS, "fr"),
    TeamPlan(MANCHESTER, "en"),
    TeamPlan(LYON, "fr"),
    TeamPlan(LONDON, "en"),
    TeamPlan(NANTES, "fr"),
    TeamPlan(BRUSSELS, "fr"),
)
TERRITORIES = (
    TerritoryPlan("Île-de-France", PARIS, subdivisions=("FR-IDF",)),
    TerritoryPlan("Alps and Switzerland", LYON, ("CH",), subdivisions=("FR-ARA",)),
    TerritoryPlan("France", NANTES, ("FR",)),
    TerritoryPlan("City of London", LONDON, subdivisions=("GB-LND",), postal_prefixes=("GB EC",)),
    TerritoryPlan("United Kingdom and Ireland", MANCHESTER, ("GB", "IE")),
    TerritoryPlan("Benelux", BRUSSELS, ("BE", "LU", "NL")),
)
TRADE_SHOW = "Salon de la planification"
EVERYBODY = tuple(team.name for team in TEAMS)

POOLS = (
    PoolPlan("Hot leads", "race", EVERYBODY),
    PoolPlan("France", "race", (PARIS, LYON, NANTES)),
    PoolPlan("United Kingdom", "race", (LONDON, MANCHESTER)),
    PoolPlan("Downloads and webinars", "queue", (NANTES, MANCHESTER, BRUSSELS), 60, 240),
    PoolPlan("Benelux together", "shared", (BRUSSELS,), 60),
    PoolPlan("Key accounts", "race", (PARIS, LONDON, MANCHESTER), push_minutes=3),
    PoolPlan("Everyone", "race", EVERYBODY),
)
SAFETY_NET = "Everyone"

IMPATIENT = "demo_request"
"""Leads of this type are answered within minutes, or go to somebody else: whoever looks around for
a short while sees it happen."""
REMINDED_AFTER, LATE_AFTER, GOES_ON_AFTER = 2, 3, 4  # minutes

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

TEMPLATES = (
    (
        "First contact",
        "en",
        "Your question about planning at {company}",
        "Hello {contact_name},\n\nthank you for your interest. When may I call you? You can also "
        "choose a time yourself: {booking_link}\n\n{rep_name}",
    ),
    (
        "Premier contact",
        "fr",
        "Votre question sur la planification chez {company}",
        "Bonjour {contact_name},\n\nmerci de votre intérêt. Quand puis-je vous appeler ? Vous "
        "pouvez aussi choisir un créneau : {booking_link}\n\n{rep_name}",
    ),
)
