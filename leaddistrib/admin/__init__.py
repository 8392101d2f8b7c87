"""The admin site: configuration, and everything else to look at. Writes go through lifecycle."""

from leaddistrib.admin import (  # noqa: F401 - imported for what they register
    audit,
    dryruns,
    imports,
    leads,
    log,
    markets,
    outbox,
    people,
    pools,
    races,
    rotations,
    rules,
    rulesets,
    teams,
    webhooks,
)
