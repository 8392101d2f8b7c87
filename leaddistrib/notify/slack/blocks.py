"""A lead in Slack: what a preview shows, and a button to claim it, or to see it.

What comes from the lead stands in plain text, or is escaped: nobody's company name becomes a link
or calls a whole room.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from leaddistrib.models import OutboxMessage

CLAIM = "claim"
TIE = "tie"
"""The names of buttons, by which their presses are recognised."""

Block = dict[str, Any]


def offer(message: OutboxMessage, shown: Mapping[str, Any]) -> list[Block]:
    """The blocks of a lead that may be claimed. ``shown`` is ``texts.context``."""
    lead, summary = message.lead, shown["shown"]
    blocks: list[Block] = [{"type": "header", "text": plain(shown["text"][:150])}]
    facts = [(label, value) for label, value in summary.facts if value != summary.company]
    if facts:
        fields = [plain(f"{label}: {value}") for label, value in facts]
        blocks.append({"type": "section", "fields": fields})
    if closes_at := shown.get("closes_at"):
        until = _("Open until %(closes)s.") % {"closes": clock(closes_at, shown["closes"])}
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": until}]})
    buttons = [_claim(f"{lead.public_id}:{lead.period}"), _see(shown["url"])] if lead else []
    return [*blocks, {"type": "actions", "elements": buttons}]


def sentence(text: str) -> list[Block]:
    """Text that is plain: no part of it becomes a link."""
    return [{"type": "section", "text": plain(text)}]


def note(text: str, url: str) -> list[Block]:
    """Some sentences, and where to see what they are about."""
    return [*sentence(text), {"type": "actions", "elements": [_see(url)]}]


def introduction(text: str) -> list[Block]:
    """Some sentences, and a button by which its readers make themselves known here."""
    button = {"type": "button", "action_id": TIE, "text": plain(_("Tie my account"))}
    return [*sentence(text), {"type": "actions", "elements": [button]}]


def _claim(value: str) -> Block:
    """The button. Slack asks again before it tells us: slips happen."""
    return {
        "type": "button",
        "action_id": CLAIM,
        "value": value,
        "style": "primary",
        "text": plain(pgettext("the button that takes a lead", "Claim")),
        "confirm": {
            "title": plain(_("Claim this lead?")),
            "text": plain(_("It is yours to answer then.")),
            "confirm": plain(pgettext("the button that takes a lead", "Claim")),
            "deny": plain(_("Cancel")),
        },
    }


def _see(url: str) -> Block:
    return {"type": "button", "action_id": "see", "url": url, "text": plain(_("See it"))}


def plain(text: str) -> Block:
    """Text that stays what it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def escaped(text: str) -> str:
    """``text`` with the three characters that mean something to Slack made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(moment: datetime, fallback: str) -> str:
    """A time that Slack shows to each reader in their own zone."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{escaped(fallback)}>"
