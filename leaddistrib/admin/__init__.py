"""The admin site: configuration, and everything else to look at. Writes go through lifecycle."""

from leaddistrib.admin import (  # noqa: F401 - imported for what they register
    accounts,
    alerts,
    audit,
    dryruns,
    imports,
    leads,
    log,
    markets,
    organisation,
    outbox,
    people,
    pools,
    races,
    rotations,
    rules,
    rulesets,
    scoring,
    teams,
    templates,
    webhooks,
)
