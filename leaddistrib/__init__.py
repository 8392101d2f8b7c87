"""Lead distribution for Django: intake, match, route, offer, claim, respond, close, reward."""
