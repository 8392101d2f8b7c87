"""Follows every link that a viewer comes to, so that a page is looked at with all it can show."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client

LINK = re.compile(r'(?:href|action)="([^"#]*)')
MOST = 1_000
"""Pages that a test company has at most: more are a circle of links."""


def crawl(client: Client, begin: Iterable[str], *, under: str) -> dict[str, Any]:
    """The answer of each page from ``begin`` on, by address, as far as links lead ``under`` a
    path."""
    found: dict[str, Any] = {}
    ahead = list(begin)
    while ahead:
        address = ahead.pop()
        if address in found:
            continue
        found[address] = answer = client.get(address)
        assert len(found) <= MOST, sorted(found)[:: MOST // 20]
        links = [answer["Location"]] if 300 <= answer.status_code < 400 else _links(answer)
        ahead += [to for to in (_below(address, link, under) for link in links) if to]
    return found


def _links(answer: Any) -> list[str]:
    if "text/html" not in answer.get("Content-Type", ""):
        return []
    return [unescape(link) for link in LINK.findall(answer.content.decode())]


def _below(address: str, link: str, under: str) -> str:
    parts = urlsplit(urljoin(f"http://testserver{address}", link))
    if parts.netloc != "testserver" or not parts.path.startswith(under):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
