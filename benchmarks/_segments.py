"""Seeded rules and leads: segments as a company writes them, and what comes in.

Texts are in lower case in rules and leads, and numbers are known, because the reference engines
compare case-sensitively and treat missing numbers differently.
"""

import random
from collections.abc import Sequence
from typing import Any

COUNTRIES = [
    *("fr", "be", "ch", "lu", "de", "at", "nl", "es", "pt", "it", "gb", "ie"),
    *("dk", "se", "no", "fi", "pl", "cz", "us", "ca", "mx", "br", "jp", "au"),
]
INDUSTRIES = [
    *("software", "retail", "banking", "insurance", "energy", "health", "logistics", "media"),
    *("education", "construction", "agriculture", "automotive", "aerospace", "telecom"),
    *("hospitality", "legal", "public", "chemicals"),
]
LEAD_TYPES = ["demo_request", "trial", "download", "webinar", "contact_form", "referral"]
SOURCES = [
    *("website", "google", "linkedin", "partner", "fair", "email", "phone", "referral"),
    *("newsletter", "chat"),
]
PRODUCTS = ["", "crm", "billing", "analytics", "support", "payroll"]
TITLES = ["", "chief executive", "vp sales", "head of it", "director of finance", "buyer", "intern"]
WORDS = ["chief", "vp", "head", "director"]
SIZES_OF_COMPANY = [10, 50, 100, 250, 500, 1000, 5000]

Document = dict[str, Any]


def leaf(field: str, op: str, value: object) -> Document:
    return {"field": field, "op": op, "value": value}


def some(rng: random.Random, words: Sequence[str], most: int) -> list[str]:
    return sorted(rng.sample([word for word in words if word], rng.randint(2, most)))


def one_of(rng: random.Random, field: str, words: Sequence[str], most: int) -> Document:
    if rng.random() < 0.6:
        return leaf(field, "eq", rng.choice([word for word in words if word]))
    return leaf(field, "in", some(rng, words, most))


def rule(rng: random.Random) -> Document:
    """A segment as a company writes it: a place, and two to four things besides."""
    low = rng.randrange(len(SIZES_OF_COMPANY) - 1)
    least, most = SIZES_OF_COMPANY[low], SIZES_OF_COMPANY[low + 1] - 1
    besides: list[tuple[int, Document]] = [
        (5, one_of(rng, "industry", INDUSTRIES, 5)),
        (3, leaf("employees", "gte", least)),
        (3, leaf("employees", "between", [least, most])),
        (3, leaf("score", "gte", rng.randrange(10, 95, 5))),
        (4, one_of(rng, "lead_type", LEAD_TYPES, 3)),
        (3, one_of(rng, "source", SOURCES, 4)),
        (1, leaf("product", "ne", rng.choice(PRODUCTS[1:]))),
        (1, leaf("product", "is_blank", False)),
        (1, leaf("contact.title", "contains", rng.choice(WORDS))),
        (1, leaf("postal_code", "starts_with", f"{rng.randrange(1, 96):02}")),
        (1, {"not": leaf("source", "in", some(rng, SOURCES, 3))}),
        (
            2,
            {
                "any": [
                    leaf("lead_type", "eq", rng.choice(LEAD_TYPES)),
                    leaf("score", "gte", rng.randrange(50, 95, 5)),
                ]
            },
        ),
    ]
    # Weighted, without taking one twice: the heavier, the likelier an early place
    besides.sort(key=lambda pair: rng.random() ** (1 / pair[0]), reverse=True)
    chosen = [document for _, document in besides[: rng.randint(2, 4)]]
    return {"all": [one_of(rng, "country", COUNTRIES, 4), *chosen]}


def lead(rng: random.Random) -> dict[str, object]:
    return {
        "country": rng.choice(COUNTRIES),
        "industry": rng.choice(INDUSTRIES),
        "employees": int(10 ** rng.uniform(0, 4.3)),
        "score": rng.randrange(101),
        "lead_type": rng.choice(LEAD_TYPES),
        "source": rng.choice(SOURCES),
        "product": rng.choice(PRODUCTS),
        "postal_code": f"{rng.randrange(1, 96):02}{rng.randrange(1000):03}",
        "contact.title": rng.choice(TITLES),
        "company": f"company {rng.randrange(10**6)}",
    }
