"""The rules by which the leads of the invented company find their reps, in order."""

from typing import Any

from leaddistrib.management.company import BRUSSELS, LONDON, LYON, MANCHESTER, NANTES, PARIS


def _trials(band: str, seniority: str, op: str, score: int | list[int]) -> dict[str, Any]:
    """A rule for British and Irish trials within a band of the score."""
    return {
        "name": f"Trials in the United Kingdom and Ireland, {band}",
        "when": {
            "all": [
                {"field": "lead_type", "op": "eq", "value": "trial"},
                {"field": "country", "op": "in", "value": ["GB", "IE"]},
                {"field": "score", "op": op, "value": score},
            ]
        },
        "then": {
            "push": "round_robin",
            "team": MANCHESTER,
            "seniority": seniority,
            "fallback": [{"pool": "United Kingdom"}],
        },
    }


RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Customers stay with whoever looks after them",
        "when": {"field": "account_owner", "op": "is_blank", "value": False},
        "then": {
            "push": "account_owner",
            "fallback": [{"push": "territory_owner"}, {"pool": "Everyone"}],
        },
    },
    {
        "name": "Visitors of the trade show",
        "when": {
            "all": [
                {"field": "source", "op": "eq", "value": "Trade show"},
                {"field": "country", "op": "in", "value": ["FR", "BE", "CH", "LU"]},
            ]
        },
        "then": {
            "push": "round_robin",
            "team": LYON,
            "attended": True,
            "fallback": [{"push": "territory_owner"}, {"pool": "France"}],
        },
    },
    {
        "name": "Referrals from partners",
        "when": {
            "all": [
                {"field": "source", "op": "in", "value": ["Referral", "Partner"]},
                {"field": "country", "op": "in", "value": ["FR", "BE", "CH", "LU"]},
            ]
        },
        "then": {
            "push": "round_robin",
            "team": LYON,
            "seniority": "senior",
            "fallback": [{"push": "least_loaded", "team": LYON}, {"pool": "France"}],
        },
    },
    {
        "name": "Paid ads: small companies in the United Kingdom and Ireland",
        "when": {
            "all": [
                {"field": "source", "op": "in", "value": ["Search ads", "LinkedIn"]},
                {"field": "size_band", "op": "eq", "value": "smb"},
                {"field": "country", "op": "in", "value": ["GB", "IE"]},
            ]
        },
        "then": {
            "push": "round_robin",
            "team": MANCHESTER,
            "seniority": "sdr",
            "fallback": [{"pool": "United Kingdom"}],
        },
    },
    _trials("80 points and more", "senior", "gte", 80),
    _trials("40 to 79 points", "standard", "between", [40, 79]),
    _trials("under 40 points", "sdr", "lte", 39),
    {
        "name": "Hot leads of the largest companies",
        "when": {
            "all": [
                {"field": "temperature", "op": "eq", "value": "hot"},
                {"field": "size_band", "op": "eq", "value": "enterprise"},
                {"field": "country", "op": "in", "value": ["FR", "GB"]},
            ]
        },
        "then": {"pool": "Key accounts", "fallback": [{"pool": "Hot leads"}]},
    },
    {
        "name": "Hot leads go to the fastest",
        "when": {"field": "temperature", "op": "eq", "value": "hot"},
        "then": {"pool": "Hot leads"},
    },
    {
        "name": "Downloads and webinars",
        "when": {"field": "lead_type", "op": "in", "value": ["download", "webinar"]},
        "then": {
            "pool": "Downloads and webinars",
            "fallback": [{"push": "least_loaded", "team": NANTES}],
        },
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
        "then": {"push": "weighted", "team": PARIS, "fallback": [{"pool": "France"}]},
    },
    {
        "name": "Large companies in the United Kingdom and Ireland",
        "when": {
            "all": [
                {"field": "country", "op": "in", "value": ["GB", "IE"]},
                {"field": "size_band", "op": "eq", "value": "enterprise"},
            ]
        },
        "then": {"push": "weighted", "team": LONDON, "fallback": [{"pool": "United Kingdom"}]},
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
            "push": "territory_owner",
            "fallback": [{"push": "round_robin", "team": LYON}, {"pool": "France"}],
        },
    },
    {
        "name": "Small companies in the Benelux",
        "when": {
            "all": [
                {"field": "country", "op": "in", "value": ["BE", "LU", "NL"]},
                {"field": "size_band", "op": "eq", "value": "smb"},
            ]
        },
        "then": {"pool": "Benelux together"},
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
    {
        "name": "Field service, where nobody else sells",
        "when": {
            "all": [
                {"field": "attributes.use_case", "op": "eq", "value": "Field service"},
                {"field": "country", "op": "in", "value": ["CH", "DE", "ES"]},
            ]
        },
        "then": {"push": "round_robin", "team": LYON, "fallback": [{"pool": "Everyone"}]},
    },
    {"name": "Everything else", "when": {}, "then": {"pool": "Everyone"}},
)
