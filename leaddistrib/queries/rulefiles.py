"""A version of the rules as a file, YAML or JSON, for review and version control.

The file is ``{note?, rules: [rule, …]}``, the rules as docs/rules.md has them. What is written is
read back exactly as it was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules

MAX_BYTES = 2_000_000
MAX_NODES = 300_000
"""Values in a file, each counted as often as it is referred to: a few lines of YAML can otherwise
stand for more than fits into memory."""
MAX_NOTE = 200


class _Dumper(yaml.SafeDumper):
    """Plain data, as ``yaml.safe_dump`` writes it, but for one thing: texts with the rarer line
    breaks of Unicode are quoted, because outside quotes they come back as others."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    quoted = '"' if any(sign in text for sign in RARE_BREAKS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=quoted)


RARE_BREAKS = "\x85\u2028\u2029"
_Dumper.add_representer(str, _text)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a file says. ``rules`` are documents that nobody has checked yet."""

    rules: Sequence[object]
    note: str = ""


def dump(rules: Sequence[Mapping[str, object]], note: str = "", *, as_json: bool = False) -> str:
    """The text of a file with these rules."""
    content: dict[str, object] = {"note": note} if note else {}
    content["rules"] = [*rules]
    if as_json:
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    text: str = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


def load(data: bytes, *, as_json: bool = False) -> RuleFile:
    """What a file says.

    YAML may use anchors; tags that make anything but plain data are refused.

    Raises:
        InvalidRules: it is too large, no YAML or JSON, or not of the form above.
    """
    if len(data) > MAX_BYTES:
        raise _wrong("file", _("The file is larger than %(limit)d bytes.") % {"limit": MAX_BYTES})
    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text) if as_json else yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise _wrong("file", _("The file is not in UTF-8.")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        raise _wrong(place, str(error.problem or error)) from error
    except json.JSONDecodeError as error:
        raise _wrong(f"line {error.lineno}, column {error.colno}", error.msg) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Characters that YAML has not; numbers too long to read; brackets without an end.
        raise _wrong("file", str(error).splitlines()[0]) from error
    _refuse_bombs(content)
    return _file(content)


def _file(content: object) -> RuleFile:
    if not isinstance(content, Mapping) or not isinstance(content.get("rules"), list):
        raise _wrong("file", _("Write the rules as a list under “rules:”."))
    for key in content:
        if key not in ("rules", "note"):
            raise _wrong(str(key)[:80], _("Nothing is known by this name here."))
    note = content.get("note", "")
    if not isinstance(note, str) or len(note) > MAX_NOTE or "\0" in note:
        raise _wrong("note", _("Write a text of at most 200 characters."))
    return RuleFile(content["rules"], note)


def _refuse_bombs(content: object) -> None:
    left = [content]
    for _number in range(MAX_NODES):
        if not left:
            return
        node = left.pop()
        if isinstance(node, Mapping):
            left += [*node.keys(), *node.values()]
        elif isinstance(node, list | tuple):
            left += node
    raise _wrong("file", _("The file says too much, or refers to itself."))


def _wrong(place: str, text: str) -> InvalidRules:
    return InvalidRules({place: text})
