"""Property tests say what is true, not how fast this machine says it."""

from hypothesis import settings

settings.register_profile("leaddistrib", deadline=None)
settings.load_profile("leaddistrib")
