"""`make screenshots`: the pages on which a team is looked after, and a rep's own hours."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import hand_over
from leaddistrib.models import Lead
from tests.browser.screenshots import language as language
from tests.browser.screenshots import opening
from tests.browser.screenshots import shoot as shoot
from tests.responses import answered, lapsed, started
from tests.tiers import tier_policy


def test_pages_of_a_manager(team, shoot):
    def at(name, *args, **query):
        return opening(reverse(f"leaddistrib:{name}", args=args, query=query))

    waiting = Lead.objects.filter(status="waiting", country="FR").latest("pk")
    owned = team.bruno.leads.all()[0]
    ids = {"lead": str(waiting.public_id)}
    shoot("manage-alerts", team.mireille, at("manage"))
    shoot("manage-reps", team.mireille, at("reps"))
    shoot("manage-leave", team.mireille, at("leave", team.amina.public_id))
    successor = {"successor": str(team.bruno.public_id)}
    shoot("manage-leave-to", team.mireille, at("leave", team.amina.public_id, **successor))
    shoot("manage-assign", team.mireille, at("assign", **ids))
    shoot("manage-credit", team.mireille, at("credit", owned.public_id))
    shoot("manage-lead", team.mireille, at("lead", waiting.public_id))
    shoot("distribution", team.mireille, at("distribution"))
    behind = {"rep": str(team.bruno.public_id)}
    shoot("distribution-leads", team.mireille, at("distribution-leads", **behind))
    began = timezone.now() - timedelta(hours=2)
    for rep, minutes in ((team.bruno, 3), (team.bruno, 14), (team.amina, 95)):
        answered(started(rep, began), timedelta(minutes=minutes))
    lapsed(started(team.amina, began))
    shoot("response", team.mireille, at("response"))
    shoot("response-leads", team.mireille, at("response-leads", by="rep"))
    shoot("claim-speed", team.mireille, at("claim-speed"))
    shoot("give-backs", team.mireille, at("give-backs"))
    tier_policy(team.amina.team)
    shoot("tiers", team.mireille, at("tiers"))
    shoot("me-response", team.bruno, at("me"))
    shoot("rules", team.mireille, at("rules"))
    shoot("rules-rep", team.amina, at("rules"))
    shoot("me-hours", team.amina, at("me"))
    shoot("hours", team.amina, at("hours"))
    done = hand_over(team.amina, actor=team.mireille, reason="Moves to Lyon")
    shoot("manage-handed-over", team.mireille, at("handed-over", team.amina.public_id, done.id))
