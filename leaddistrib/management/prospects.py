"""Invents leads: number 17 of seed 7 is the same lead every time, wherever it is asked for.

Addresses are in domains and phone numbers in ranges that are reserved for examples and fiction.
"""

from random import Random
from typing import Any, NamedTuple

from django.utils.text import slugify

from leaddistrib.management.company import FAMILY, GIVEN, TRADE_SHOW

SOURCE_SYSTEM = "demo"


class Place(NamedTuple):
    country: str
    city: str
    subdivision: str
    postal_code: str
    language: str
    phone: str = ""  # "#" stands for a digit; blank where no range is reserved for fiction


PLACES: dict[Place, int] = {
    Place("FR", "Paris", "FR-IDF", "750##", "fr", "+33 1 99 00 ## ##"): 12,
    Place("FR", "Lyon", "FR-ARA", "6900#", "fr", "+33 4 65 71 ## ##"): 7,
    Place("FR", "Nantes", "FR-PDL", "44000", "fr", "+33 2 61 91 ## ##"): 5,
    Place("FR", "Lille", "FR-HDF", "59000", "fr", "+33 3 53 01 ## ##"): 5,
    Place("FR", "Toulouse", "FR-OCC", "31000", "fr", "+33 5 36 49 ## ##"): 5,
    Place("GB", "London", "GB-LND", "EC1A 1BB", "en", "+44 20 7946 0###"): 13,
    Place("GB", "Manchester", "GB-MAN", "M1 1AE", "en", "+44 161 496 0###"): 8,
    Place("GB", "Leeds", "GB-LDS", "LS1 1UR", "en", "+44 113 496 0###"): 5,
    Place("GB", "Bristol", "GB-BST", "BS1 4DJ", "en", "+44 117 496 0###"): 5,
    Place("GB", "Edinburgh", "GB-EDH", "EH1 1YZ", "en", "+44 131 496 0###"): 5,
    Place("IE", "Dublin", "IE-D", "D02 X285", "en"): 3,
    Place("BE", "Brussels", "BE-BRU", "1000", "fr"): 4,
    Place("LU", "Luxembourg", "LU-LU", "L-1855", "fr"): 1,
    Place("NL", "Amsterdam", "NL-NH", "1012 AB", "en"): 3,
    Place("CH", "Geneva", "CH-GE", "1201", "fr"): 3,
    Place("DE", "Berlin", "DE-BE", "10115", "en"): 3,
    Place("ES", "Madrid", "ES-MD", "28001", "en"): 2,
}

INDUSTRIES = {
    "Food and drink": (("Comptoir", "Maison", "Conserverie"), ("Foods", "Bakeries", "Brewing")),
    "Logistics": (("Transports", "Messagerie", "Fret"), ("Logistics", "Haulage", "Couriers")),
    "Health care": (("Clinique", "Laboratoires", "Santé"), ("Health", "Clinics", "Care")),
    "Construction": (("Bâtiments", "Charpentes", "Chantiers"), ("Builders", "Roofing", "Homes")),
    "Retail": (("Boutiques", "Les Halles", "Galerie"), ("Stores", "Outfitters", "Books")),
    "Manufacturing": (("Ateliers", "Fonderie", "Manufacture"), ("Works", "Castings", "Tools")),
    "Energy": (("Énergies", "Solaire", "Chaleur"), ("Energy", "Solar", "Heating")),
    "Education": (("École", "Institut", "Campus"), ("College", "Training", "Learning")),
}
STEMS = {
    "fr": (
        *("Bellerive", "Clairval", "Marsac", "Orsanne", "Verdelais", "Tramont", "Rochebelle"),
        *("Villaubert", "Lescure", "Montferrand", "Sablons", "Aigrefin", "Courtenay", "Peyrolles"),
    ),
    "en": (
        *("Thornbury", "Kestrel", "Aldermoor", "Harrowgate", "Wexcombe", "Fenwick", "Larkhill"),
        *("Stonebridge", "Brackley", "Hollins", "Penrose", "Oakhaven", "Redmarsh", "Winslade"),
    ),
}
TITLES = {
    "fr": (
        *("Directrice générale", "Directeur des opérations", "Responsable logistique"),
        *("Directrice informatique", "Chef de projet", "Assistante de direction", "Gérant"),
    ),
    "en": (
        *("Chief Operating Officer", "Operations Manager", "IT Director", "Owner"),
        *("Head of Planning", "Project Manager", "Executive Assistant"),
    ),
}
SOURCES = {
    "Website": 30,
    "Search ads": 20,
    "LinkedIn": 18,
    "Trade show": 10,
    "Newsletter": 8,
    "Referral": 8,
    "Partner": 6,
}
LEAD_TYPES = {  # how many of a hundred, and how keen they are on average
    "demo_request": (32, 68),
    "quote_request": (20, 72),
    "trial": (18, 58),
    "callback": (14, 62),
    "download": (10, 35),
    "webinar": (6, 42),
}
SIZES = {(3, 49): 45, (50, 499): 35, (500, 9_000): 20}
USE_CASES = {
    "Altamer Planning": ("Shift planning", "Production planning"),
    "Altamer Field": ("Field service", "Deliveries"),
    "Altamer Stock": ("Stocktaking", "Replenishment"),
}


def prospect(seed: int, number: int) -> dict[str, Any]:
    """Lead ``number`` of ``seed`` as a form or an API call would send it."""
    random = Random(f"{seed}/{number}")
    place = _weighted(random, PLACES)
    language = place.language
    industry = random.choice(list(INDUSTRIES))
    company = _company(random, industry, language)
    given, family = random.choice(GIVEN[language]), random.choice(FAMILY[language])
    lead_type = _weighted(random, {name: often for name, (often, _) in LEAD_TYPES.items()})
    smallest, largest = _weighted(random, SIZES)
    source = _weighted(random, SOURCES)
    attributes = {"campaign": random.choice(("spring", "autumn", "always on"))}
    if source == "Trade show":
        attributes["event"] = TRADE_SHOW
    domain = f"{slugify(company)}.example.{'org' if language == 'fr' else 'com'}"
    return {
        "source": source,
        "source_system": SOURCE_SYSTEM,
        "external_id": f"{number:06}",
        "lead_type": lead_type,
        "company": company,
        "contact": {
            "name": f"{given} {family}",
            "title": random.choice(TITLES[language]),
            "email": f"{slugify(given)}.{slugify(family)}@{domain}",
            "phone": _digits(random, place.phone),
        },
        "country": place.country,
        "subdivision": place.subdivision,
        "city": place.city,
        "postal_code": _digits(random, place.postal_code),
        "industry": industry,
        "employees": round(smallest * (largest / smallest) ** random.random()),
        "product": (product := random.choice(list(USE_CASES))),
        "score": min(100, max(1, round(random.gauss(LEAD_TYPES[lead_type][1], 15)))),
        "language": language,
        "attributes": {**attributes, "use_case": random.choice(USE_CASES[product])},
    }


def _company(random: Random, industry: str, language: str) -> str:
    french, english = INDUSTRIES[industry]
    stem = random.choice(STEMS[language])
    if language == "fr":
        return f"{random.choice(french)} {stem}"
    return f"{stem} {random.choice(english)}"


def _weighted(random: Random, weights: dict[Any, int]) -> Any:
    return random.choices(list(weights), list(weights.values()))[0]


def _digits(random: Random, pattern: str) -> str:
    return "".join(str(random.randint(1, 9)) if sign == "#" else sign for sign in pattern)
