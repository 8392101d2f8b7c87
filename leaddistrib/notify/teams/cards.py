"""A lead as an Adaptive Card: what a preview shows, and a link to its page.

Text runs take no Markdown: nobody's company name becomes a link.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

Element = dict[str, Any]


def offer(text: str, shown: Mapping[str, Any]) -> Element:
    """The card of a lead that may be claimed, on its page. ``shown`` is ``texts.context``."""
    summary = shown["shown"]
    facts = [(label, value) for label, value in summary.facts if value != summary.company]
    if shown["closes"]:
        facts.append((_("Open until"), shown["closes"]))
    action = {"type": "Action.OpenUrl", "title": _("See and claim"), "url": shown["url"]}
    return card(text, facts, action)


def note(text: list[str], url: str) -> Element:
    """Some lines of text, the first one as heading, and where to see what they are about."""
    action = {"type": "Action.OpenUrl", "title": _("See it"), "url": url}
    return card(text[0], [("", one) for one in text[1:]], action)


def card(
    text: str, facts: list[tuple[str, str]] | None = None, action: Element | None = None
) -> Element:
    """A message with one card: a heading, lines of label and value, a button."""
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _line({"text": text, "weight": "Bolder", "size": "Medium"}),
            *(_line(*_labelled(label), {"text": value}) for label, value in facts or ()),
        ],
        "actions": [action] if action else [],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _labelled(label: str) -> list[Element]:
    return [{"text": f"{label}: ", "weight": "Bolder"}] if label else []


def _line(*runs: Element) -> Element:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs]}
